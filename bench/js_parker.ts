// The contender in plain JavaScript: a parker on one word, as a careful author
// would write it. The state machine is that of native/park.c.

const EMPTY = 0;
const PARKED = 1;
const NOTIFIED = 3;

/** Words from one parker to the next, so that no two share a cache line. */
export const JS_PARKER_WORDS = 32;

/** Both ends of a parker. Any thread may unpark; only one may park. */
export class JsParker {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #word: number;

  /**
   * @param words Shared memory, zeroed when it is new.
   * @param place Which parker in it: 0, 1, …
   */
  constructor(words: Int32Array<SharedArrayBuffer>, place: number) {
    this.#words = words;
    this.#word = place * JS_PARKER_WORDS;
  }

  /** Makes the token available, and wakes the owner if it is parked. */
  unpark(): void {
    if (Atomics.exchange(this.#words, this.#word, NOTIFIED) === PARKED) {
      Atomics.notify(this.#words, this.#word, 1);
    }
  }

  /** Blocks until the token is there, and takes it. */
  park(): "unparked" {
    if (this.#transition(NOTIFIED, EMPTY)) return "unparked";
    this.#block(Infinity);
    return "unparked";
  }

  /** As `park()`, for `timeout` milliseconds at most. */
  parkTimeout(timeout: number): "unparked" | "timed-out" {
    if (this.#transition(NOTIFIED, EMPTY)) return "unparked";
    return this.#block(performance.now() + timeout) ? "unparked" : "timed-out";
  }

  #block(deadline: number): boolean {
    if (!this.#transition(EMPTY, PARKED)) {
      // An unpark came in between. No store: a second one may follow it.
      Atomics.exchange(this.#words, this.#word, EMPTY);
      return true;
    }
    for (;;) {
      const left = deadline === Infinity
        ? deadline
        : deadline - performance.now();
      if (left <= 0) {
        return Atomics.exchange(this.#words, this.#word, EMPTY) === NOTIFIED;
      }
      Atomics.wait(this.#words, this.#word, PARKED, left);
      if (this.#transition(NOTIFIED, EMPTY)) return true;
    }
  }

  #transition(from: number, to: number): boolean {
    return Atomics.compareExchange(this.#words, this.#word, from, to) === from;
  }
}
