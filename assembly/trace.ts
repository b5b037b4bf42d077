// Counts transitions of the state word, in the build that tests use to assert
// that T1 to T14 happen and no others. In the release build this is nothing.

const TRACE_OFFSET: usize = 192;

/** Counts `before -> after` in the parker's matrix of 4 x 4 counters. */
export function trace(parker: usize, before: i32, after: i32): void {
  if (isDefined(TRACE)) {
    const cell = <usize> ((before & 3) * 4 + (after & 3));
    // Relaxed: a count, read when all is over.
    atomic.add<i32>(parker + TRACE_OFFSET + cell * 4, 1);
  }
}
