// Which words only one thread has ever touched. What it does there no other can
// notice, so it is no point at which another could go first.

/** Nobody has touched the word yet. */
const NOBODY = -1;
/** Two threads have. */
const SHARED = -2;

/** The owners of all words, over all executions. */
export class Owners {
  /**
   * Two threads touch a word that was taken for one's own: what was explored
   * so far does not count.
   */
  hasNewlyShared = false;
  readonly #owners: Int8Array;

  /** @param words How many the memory has. */
  constructor(words: number) {
    this.#owners = new Int8Array(words).fill(NOBODY);
  }

  /**
   * Notes that a thread touches words. Returns whether they are its own.
   *
   * @param isQueue Whether it may sleep there, or wake who does: then they are
   * nobody's own.
   */
  touch(
    thread: number,
    address: number,
    bytes: number,
    isQueue: boolean,
  ): boolean {
    const end = (address + bytes - 1) >> 2;
    let isOwn = true;
    for (let word = address >> 2; word <= end; word++) {
      if (!this.#touchWord(thread, word, isQueue)) isOwn = false;
    }
    return isOwn;
  }

  #touchWord(thread: number, word: number, isQueue: boolean): boolean {
    const owner = this.#owners[word]!;
    if (owner === SHARED) return false;
    if (owner === thread && !isQueue) return true;
    if (owner === NOBODY && !isQueue) {
      this.#owners[word] = thread;
      return true;
    }
    this.#owners[word] = SHARED;
    // What its owner did there so far was done unseen.
    if (owner !== NOBODY) this.hasNewlyShared = true;
    return false;
  }
}
