// Which threads have accessed a word, and how: of two accesses, not both atomic
// and not both reads, one must come before the other.
//
// That an access needs only its place among the steps of its thread, and not a
// clock of its own, is FastTrack's idea (Flanagan and Freund, PLDI 2009).

/** Plain and atomic, reads and writes. */
const KINDS = 4;
const SLOTS = 64;

/** The accesses of one execution. */
export class Accesses {
  /** A word that was taken for one with atomic accesses only is not. */
  hasNewlyPlain = false;
  readonly #width: number;
  /** By word: its slot, from 1; 0 if all its accesses are atomic so far. */
  readonly #slots: Int32Array;
  #used = 0;
  /** By slot, kind and thread: the step at which, or before which, it was. */
  #epochs: Int32Array;
  /** By slot: in which execution. */
  #stamps: Int32Array = new Int32Array(SLOTS).fill(-1);
  #execution = 0;
  #watchesAll = false;

  /**
   * @param width How many processes there are.
   * @param words How many words the memory has.
   */
  constructor(width: number, words: number) {
    this.#width = width;
    this.#slots = new Int32Array(words);
    this.#epochs = new Int32Array(SLOTS * KINDS * width);
  }

  /** Forgets an execution, but not which words are accessed plainly. */
  reset(): void {
    this.#execution++;
    this.hasNewlyPlain = false;
  }

  /** Takes every word for one that is accessed plainly. */
  watchAll(): void {
    this.#watchesAll = true;
  }

  /**
   * Notes an access. Returns a thread whose access conflicts and does not come
   * before it, or -1.
   *
   * @param kind 1 for a write, and 2 for a plain one.
   * @param at Where the clock of the thread's last step is; negative if none.
   */
  note(
    word: number,
    thread: number,
    kind: number,
    epoch: number,
    clocks: Int32Array,
    at: number,
  ): number {
    let slot = this.#slots[word]! - 1;
    if (slot < 0) {
      if ((kind & 2) === 0 && !this.#watchesAll) return -1;
      // Atomic accesses of it went by unseen: the search begins anew.
      this.hasNewlyPlain = true;
      slot = this.#newSlot(word);
    }
    this.#refresh(slot);
    const first = slot * KINDS * this.#width;
    const other = this.#conflict(first, thread, kind, clocks, at);
    this.#epochs[first + kind * this.#width + thread] = epoch;
    return other;
  }

  #conflict(
    first: number,
    thread: number,
    kind: number,
    clocks: Int32Array,
    at: number,
  ): number {
    const width = this.#width;
    for (let before = 0; before < KINDS; before++) {
      // One must write, and one be plain.
      if ((kind | before) !== 3) continue;
      const from = first + before * width;
      for (let other = 0; other < width; other++) {
        const epoch = this.#epochs[from + other]!;
        if (epoch === 0 || other === thread) continue;
        const seen = at < 0 ? 0 : clocks[at + other]!;
        if (seen < epoch) return other;
      }
    }
    return -1;
  }

  #newSlot(word: number): number {
    const slot = this.#used++;
    this.#slots[word] = slot + 1;
    if (slot >= this.#stamps.length) {
      const stamps = new Int32Array(2 * this.#stamps.length).fill(-1);
      stamps.set(this.#stamps);
      this.#stamps = stamps;
      const epochs = new Int32Array(2 * this.#epochs.length);
      epochs.set(this.#epochs);
      this.#epochs = epochs;
    }
    return slot;
  }

  #refresh(slot: number): void {
    if (this.#stamps[slot] === this.#execution) return;
    this.#stamps[slot] = this.#execution;
    const size = KINDS * this.#width;
    const first = slot * size;
    for (let index = first; index < first + size; index++) {
      this.#epochs[index] = 0;
    }
  }
}
