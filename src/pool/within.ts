// A limit to how long one waits.

/** Waits for a promise, for so many milliseconds at most. */
export async function within(
  promise: Promise<unknown>,
  ms: number,
): Promise<void> {
  if (ms === Infinity) return void await promise;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const time = new Promise((resolve) => timer = setTimeout(resolve, ms));
  await Promise.race([promise, time]);
  clearTimeout(timer);
}
