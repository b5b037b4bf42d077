// What the programs that measure tell the program that runs them.

/** Exit code of a program whose subject cannot be loaded. */
export const UNAVAILABLE = 3;
