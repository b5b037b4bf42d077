// Thread bodies for ffi_test.ts. Each runs on a thread of its own.

import { bodies, publish, waitWhile } from "../threads.ts";
import { EFD_NONBLOCK, eight, openLibc } from "./libc.ts";

/** How a thread of `fail` fails. */
export interface Failing {
  error: "EBADF" | "EAGAIN";
  times: number;
  /** How many threads have begun. */
  begun: Int32Array<SharedArrayBuffer>;
}

export default bodies({
  /** Reads from a blocking eventfd, and returns what it was. */
  read: (_, { fd, words }: {
    fd: number;
    words: Int32Array<SharedArrayBuffer>;
  }) => {
    const { call } = openLibc();
    const value = eight(0);
    publish(words, 0, 1);
    const length = call.read(fd, value, 8);
    return [length, Number(value[0]), Atomics.load(words, 1)];
  },

  /** Fails while another thread does, and returns the errnos it has seen. */
  fail: (_, { error, times, begun }: Failing) => {
    const libc = openLibc();
    const fd = error === "EBADF" ? -1 : libc.call.eventfd(0, EFD_NONBLOCK);
    const value = eight(0);
    if (Atomics.add(begun, 0, 1) === 0) waitWhile(begun, 0, 1);
    else Atomics.notify(begun, 0);
    const seen = new Set<number>();
    for (let time = 0; time < times; time++) {
      if (libc.call.read(fd, value, 8) < 0) seen.add(libc.errno());
    }
    if (fd >= 0) libc.call.close(fd);
    return [...seen];
  },
});
