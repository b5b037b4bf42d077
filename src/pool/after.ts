// The event loop's timers, for times of any length.

/** The most that `setTimeout()` takes, 24.8 days: what is longer is 1 ms to it. */
const LONGEST_MS = 0x7fffffff;

/** Calls back after so many milliseconds; of many days, after 24. */
export function after(
  ms: number,
  action: () => void,
): ReturnType<typeof setTimeout> {
  return setTimeout(action, Math.ceil(Math.min(ms, LONGEST_MS)));
}
