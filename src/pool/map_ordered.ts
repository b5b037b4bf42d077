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
  const aborted = abortOf(signal);
  const items = iterate(source);
  const calls: Promise<unknown>[] = [];
  /** What the source was asked for and has not given. */
  let asked: Promise<IteratorResult<unknown>> | undefined;
  let isOver = false;
  try {
    while (true) {
      while (!isOver && calls.length < inFlight) {
        const next = asked ?? items.next();
        if ("then" in next) {
          asked = next;
          // An answer does not wait for an item that may take long to come.
          if (await isAnsweredFirst(calls[0], asked, aborted)) break;
        }
        const { done, value } = await next;
        asked = undefined;
        if (done) {
          isOver = true;
          break;
        }
        const answer = call(value, signal);
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
    if (!isOver) await close(items, asked);
  }
}

function iterate(
  source: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncIterator<unknown> | Iterator<unknown> {
  return Symbol.asyncIterator in source
    ? source[Symbol.asyncIterator]()
    : source[Symbol.iterator]();
}

/** Rejects when a signal aborts. */
function abortOf(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
  // Nobody may wait for an item then.
  aborted.catch(() => {});
  return aborted;
}

/** Whether an answer is there before an item is. */
function isAnsweredFirst(
  answer: Promise<unknown> | undefined,
  item: Promise<unknown>,
  aborted: Promise<never>,
): Promise<boolean> {
  const yes = () => true;
  const no = () => false;
  const ends = [aborted, item.then(no, no)];
  if (answer) ends.push(answer.then(yes, yes));
  return Promise.race(ends);
}

/** Tells a source that no more is wanted of it. */
async function close(
  items: AsyncIterator<unknown> | Iterator<unknown>,
  asked: Promise<unknown> | undefined,
): Promise<void> {
  const closed = items.return?.();
  if (!asked) return void await closed;
  // It still works on an item, for as long as that takes.
  asked.catch(() => {});
  Promise.resolve(closed).catch(() => {});
}
