// Calls for the items of a source, several at a time, answered in order.

/** Calls for each item. Yields the answers in the order of the items. */
export async function* mapOrdered(
  source: Iterable<unknown> | AsyncIterable<unknown>,
  call: (item: unknown, signal: AbortSignal) => Promise<unknown>,
  inFlight: number,
  outer: AbortSignal | undefined,
): AsyncGenerator<unknown, void, void> {
  const controller = new AbortController();
  const signal = outer
    ? AbortSignal.any([outer, controller.signal])
    : controller.signal;
  const items = iterate(source);
  const calls: Promise<unknown>[] = [];
  let isOver = false;
  try {
    while (true) {
      while (!isOver && calls.length < inFlight) {
        const next = await items.next();
        if (next.done) {
          isOver = true;
          break;
        }
        const answer = call(next.value, signal);
        // It is awaited in its turn, and may reject before.
        answer.catch(() => {});
        calls.push(answer);
      }
      const first = calls.shift();
      if (!first) return;
      yield await first;
    }
  } finally {
    controller.abort();
    if (!isOver) await items.return?.();
  }
}

function iterate(
  source: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncIterator<unknown> | Iterator<unknown> {
  return Symbol.asyncIterator in source
    ? source[Symbol.asyncIterator]()
    : source[Symbol.iterator]();
}
