// The objects of a message, by the order in which they were met.

/** Up to so many objects, going through all is faster than a map. */
const FEW = 8;

/** Numbers objects, and finds their numbers again. */
export class References {
  readonly #objects: object[] = [];
  /** All of them, once they are many. */
  #numbers: Map<object, number> | undefined;

  /** How many there are. */
  get count(): number {
    return this.#objects.length;
  }

  /** The number of an object; -1 if it is new, and has got one now. */
  find(object: object): number {
    const objects = this.#objects;
    const { length } = objects;
    if (this.#numbers) {
      const number = this.#numbers.get(object);
      if (number !== undefined) return number;
      this.#numbers.set(object, length);
    } else {
      for (let i = 0; i < length; i++) if (objects[i] === object) return i;
      if (length >= FEW) this.#index(object);
    }
    objects.push(object);
    return -1;
  }

  #index(last: object): void {
    const numbers = new Map<object, number>();
    this.#objects.forEach((object, number) => numbers.set(object, number));
    this.#numbers = numbers.set(last, this.#objects.length);
  }

  /** Forgets all but the first so many. */
  rewind(count: number): void {
    const objects = this.#objects;
    for (let i = count; i < objects.length; i++) {
      this.#numbers?.delete(objects[i]!);
    }
    objects.length = count;
  }

  /** Forgets all. */
  clear(): void {
    if (this.#objects.length === 0) return;
    this.#objects.length = 0;
    this.#numbers = undefined;
  }
}
