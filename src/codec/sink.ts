// What those who write one kind of object need of the encoder.

import type { Obstacle, Step } from "./obstacle.ts";
import type { Writer } from "./writer.ts";

/**
 * Takes the parts of an object: `enter()`, then `step()` and `value()` for each,
 * then `leave()`. There is room for a tag and a number when it calls.
 */
export interface Sink {
  /** For bytes. */
  readonly writer: Writer;
  /** How many objects the next value is in. */
  readonly depth: number;
  /** Writes a value. */
  value(value: unknown): void;
  /**
   * Refers to an object if it is written already, and returns whether it is.
   * If not, it has got its number now, and is to be written.
   */
  reference(object: object): boolean;
  /** Begins an object. Its parts come next. */
  enter(): void;
  /** Tells which part of the object comes next. */
  step(step: Step): void;
  /** Ends an object. */
  leave(): void;
  /** Tells that a value cannot be written. */
  refuse(obstacle: Obstacle): void;
  /** Writes something; if that fails, a description of it in its place. */
  attempt(write: () => void, describe: () => string): void;
}
