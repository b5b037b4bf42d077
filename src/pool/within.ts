// A limit to how long one waits.

import { after } from "./after.ts";

/** Waits for a promise, for so many milliseconds at most. */
export async function within(
  promise: Promise<unknown>,
  ms: number,
): Promise<void> {
  if (ms === Infinity) return void await promise;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const time = new Promise<void>((resolve) => timer = after(ms, resolve));
  await Promise.race([promise, time]);
  clearTimeout(timer);
}
