// The driver that docs/drivers.md writes: it sleeps on a word that its threads
// share, and serves nothing.

import type { Driver } from "../../src/driver.ts";

const SILENT = 0;
const RUNG = 1;

export class WordDriver implements Driver {
  readonly name = "word";
  readonly blocks = true;
  readonly #word: Int32Array<SharedArrayBuffer>;

  constructor(word: Int32Array<SharedArrayBuffer>) {
    this.#word = word;
  }

  park(timeout: number): number {
    // Nothing happens between a look at the word and the sleep: the wait is
    // one that compares.
    Atomics.wait(this.#word, 0, SILENT, timeout);
    // Heard, whatever has ended the sleep.
    Atomics.store(this.#word, 0, SILENT);
    return 0;
  }

  unpark(): void {
    // Rings that nobody has heard count as one, and cost nothing more.
    if (Atomics.exchange(this.#word, 0, RUNG) === SILENT) {
      Atomics.notify(this.#word, 0);
    }
  }

  shutdown(): void {
    this.unpark();
  }
}
