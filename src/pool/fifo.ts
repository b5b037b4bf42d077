// A queue that gets long: an array moves all that it holds for each that leaves.

/** First in, first out. */
export class Fifo<Item> {
  #items: (Item | undefined)[] = [];
  #first = 0;

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Takes the first one; undefined if there is none. */
  shift(): Item | undefined {
    if (this.#first === this.#items.length) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first++] = undefined;
    if (this.#first >= 1024 && this.#first * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }
}
