// Which registration the owner of a parker is to look at, when a token has come.

import { Parker } from "./parker";

/** None. */
const NONE: i32 = 0;
/** More than one: it looks at all for which it waits. */
const ALL: i32 = -1;

/** The hint of a parker: a registration's index + 1, `NONE` or `ALL`. */
export class Hint {
  private static word(parker: usize): usize {
    return parker + offsetof<Parker>("hinted");
  }

  /** Tells the owner, before a token comes. */
  static give(parker: usize, registration: i32): void {
    // None -> this one.
    // Release. Pairs with the exchange in `take()` [N2].
    const seen = atomic.cmpxchg<i32>(Hint.word(parker), NONE, registration);
    if (seen == NONE || seen == registration) return;
    // Another one -> all. Nothing is lost if the owner has taken that meanwhile:
    // it then looks at all for one.
    // Release. Pairs with the exchange in `take()` [N2].
    atomic.store<i32>(Hint.word(parker), ALL);
  }

  /** What the owner is to look at. */
  static take(parker: usize): i32 {
    // Reads first, since mostly there is nothing.
    // Relaxed: the token that comes with it orders what was told before.
    if (atomic.load<i32>(Hint.word(parker)) == NONE) return NONE;
    // Some -> none. Acquire. Pairs with the writes in `give()` [N2].
    return atomic.xchg<i32>(Hint.word(parker), NONE);
  }
}
