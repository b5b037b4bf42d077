// Calls for the items of a source, several at a time, answered in order.

type Items = AsyncIterator<unknown> | Iterator<unknown>;

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
  const feed = new Feed(
    iterate(source),
    (item) => call(item, signal),
    inFlight,
  );
  signal.addEventListener("abort", () => feed.rouse(), { once: true });
  let hasFailed = false;
  try {
    void feed.run();
    while (true) {
      signal.throwIfAborted();
      const { first } = feed;
      if (first) {
        yield await first;
        feed.shift();
      } else if (feed.isOver) {
        return;
      } else {
        await feed.news;
      }
    }
  } catch (error) {
    hasFailed = true;
    throw error;
  } finally {
    controller.abort();
    const closed = feed.close();
    // A source that still works on an item is told when it has done that; an
    // error does not wait for it.
    if (hasFailed) closed.catch(() => {});
    else await closed;
  }
}

function iterate(
  source: Iterable<unknown> | AsyncIterable<unknown>,
): Items {
  // A string is a source, too, and has no `in`.
  const { [Symbol.asyncIterator]: later } = source as AsyncIterable<unknown>;
  return later
    ? later.call(source)
    : (source as Iterable<unknown>)[Symbol.iterator]();
}

/**
 * Takes items while there is room, and calls: neither an item that is long in
 * coming nor whoever is busy with an answer keeps the other waiting.
 */
class Feed {
  readonly #items: Items;
  readonly #call: (item: unknown) => Promise<unknown>;
  readonly #inFlight: number;
  /** In the order of the items. */
  readonly #answers: Promise<unknown>[] = [];
  #room = Promise.withResolvers<void>();
  #news = Promise.withResolvers<void>();
  #isOver = false;
  #isClosed = false;

  constructor(
    items: Items,
    call: (item: unknown) => Promise<unknown>,
    inFlight: number,
  ) {
    this.#items = items;
    this.#call = call;
    this.#inFlight = inFlight;
  }

  /** The first answer. It takes room until it is shifted. */
  get first(): Promise<unknown> | undefined {
    return this.#answers[0];
  }

  /** Whether there are no more items. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves when there is an answer, or no more items, or after `rouse()`. */
  get news(): Promise<void> {
    this.#news = Promise.withResolvers();
    return this.#news.promise;
  }

  /** Makes whoever waits for news look. */
  rouse(): void {
    this.#news.resolve();
  }

  /** Removes the first answer. */
  shift(): void {
    this.#answers.shift();
    this.#room.resolve();
  }

  /** Takes items until there are none, or it is closed. */
  async run(): Promise<void> {
    try {
      while (await this.#take());
    } catch (error) {
      // It comes in its turn, as all answers do.
      this.#add(Promise.reject(error));
    }
    this.#isOver = true;
    this.rouse();
  }

  async #take(): Promise<boolean> {
    while (this.#answers.length >= this.#inFlight) {
      this.#room = Promise.withResolvers();
      await this.#room.promise;
    }
    if (this.#isClosed) return false;
    const { done, value } = await this.#items.next();
    if (done || this.#isClosed) return false;
    this.#add(this.#call(value));
    return true;
  }

  #add(answer: Promise<unknown>): void {
    // It is awaited in its turn, and may reject before.
    answer.catch(() => {});
    this.#answers.push(answer);
    this.rouse();
  }

  /** Takes no more items, and tells the source. Resolves when it has heard. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (!this.#isOver) await this.#items.return?.();
  }
}
