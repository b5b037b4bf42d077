// The objects of a message, by the order in which they were met.

/** Up to so many objects, going through all is faster than a map. */
const FEW = 8;

/** Numbers objects, and finds their numbers again. */
export class References {
  /** By number. Longer than `count`: growing it anew would cost time. */
  #objects: (object | undefined)[] = new Array(FEW).fill(undefined);
  #count = 0;
  /** All of them, once they are many. */
  #numbers: Map<object, number> | undefined;

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** The number of an object; -1 if it is new, and has got one now. */
  find(object: object): number {
    const objects = this.#objects;
    const count = this.#count;
    if (this.#numbers) {
      const number = this.#numbers.get(object);
      if (number !== undefined) return number;
      this.#numbers.set(object, count);
    } else {
      for (let i = 0; i < count; i++) if (objects[i] === object) return i;
      if (count === FEW) this.#index(object);
    }
    objects[count] = object;
    this.#count = count + 1;
    return -1;
  }

  #index(last: object): void {
    const numbers = new Map<object, number>();
    for (let i = 0; i < FEW; i++) numbers.set(this.#objects[i]!, i);
    this.#numbers = numbers.set(last, FEW);
  }

  /** Forgets all but the first so many. */
  rewind(count: number): void {
    for (let i = count; i < this.#count; i++) {
      this.#numbers?.delete(this.#objects[i]!);
    }
    this.#count = count;
  }

  /** Forgets all. */
  clear(): void {
    if (this.#numbers) {
      this.#numbers = undefined;
      this.#objects = new Array(FEW);
    }
    for (let i = 0; i < FEW; i++) this.#objects[i] = undefined;
    this.#count = 0;
  }
}
