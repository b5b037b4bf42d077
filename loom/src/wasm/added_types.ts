// The function types that the rewriter needs and the binary may not have.

import { FUNCTION_TYPE, type Signature } from "./types.ts";
import { Writer } from "./writer.ts";

/** Types added behind those that are there; one for each signature. */
export class AddedTypes {
  readonly #first: number;
  readonly #indices = new Map<string, number>();
  readonly #writer = new Writer();

  constructor(first: number) {
    this.#first = first;
  }

  get count(): number {
    return this.#indices.size;
  }

  get bytes(): readonly number[] {
    return this.#writer.bytes;
  }

  /** The index of the type with a signature; added if it is new. */
  indexOf({ params, results }: Signature): number {
    const key = `${params}>${results}`;
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    const index = this.#first + this.count;
    this.#indices.set(key, index);
    this.#writer.byte(FUNCTION_TYPE).vector(params).vector(results);
    return index;
  }
}
