// What a program that measures a subject tells the program that runs it.

/** Exit code of a program whose subject is not there. */
export const UNAVAILABLE = 3;

/** Why a subject is not there. No failure. */
export class Unavailable extends Error {
  override name = "Unavailable";
}
