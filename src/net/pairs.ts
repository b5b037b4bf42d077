// Descriptors that come in twos.

import type { Interest } from "../io/ready.ts";
import { type Source, Watched } from "./watched.ts";

/** Two descriptors to be. */
export interface Pair {
  /** Has C write their numbers. */
  readonly open: (fds: Int32Array<ArrayBuffer>) => number;
  readonly kinds: readonly [string, string];
  readonly interests: readonly [Interest, Interest];
}

/** Opens two descriptors and has the driver watch both, or neither. */
export function takeBoth(
  source: Source,
  action: string,
  syscall: string,
  { open, kinds, interests }: Pair,
): [Watched, Watched] {
  const { system } = source;
  const fds = new Int32Array(new ArrayBuffer(8));
  system.check(action, syscall, open(fds));
  const [first, second] = [fds[0]!, fds[1]!];
  const one = system.orClose(
    second,
    () => Watched.take(source, first, kinds[0], interests[0]),
  );
  try {
    return [one, Watched.take(source, second, kinds[1], interests[1])];
  } catch (error) {
    one.close();
    throw error;
  }
}
