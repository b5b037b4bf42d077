// What users do with file descriptors, on one thread of a runtime or a pool.

import { checkInteger } from "../arguments.ts";
import { checkHandle, type RegistrationHandle } from "../core/handle.ts";
import { checkInterest, type Interest } from "./ready.ts";
import { Registration } from "./registration.ts";
import type { Watch } from "./watch.ts";

/** The highest number that a descriptor can have. */
const MAX_FD = 0x7fffffff;

/** File descriptors, for one thread of a runtime. */
export class Io {
  readonly #watch: Watch;

  /**
   * Constructs it. Use `Runtime.io` instead.
   *
   * @param watch How this thread waits.
   */
  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** How its thread waits. */
  static watchOf(io: Io): Watch {
    return io.#watch;
  }

  /**
   * Has the driver watch a file descriptor: see `Runtime.register()`.
   *
   * @param fd Its number. Deregister before you close it.
   * @param interest What is to be known of it.
   * @throws {LaybyError} As `Runtime.register()`.
   */
  register(fd: number, interest: Interest): Registration {
    const action = "register a file descriptor";
    checkInteger(action, "fd", fd, 0, MAX_FD);
    const bits = checkInterest(action, interest);
    const place = this.#watch.register(fd, bits);
    const runtime = this.#watch.local.id;
    return new Registration(this.#watch, {
      kind: "registration",
      runtime,
      ...place,
    });
  }

  /**
   * A registration that another thread has made.
   *
   * @throws {LaybyError} As `Runtime.attachRegistration()`.
   */
  attach(handle: RegistrationHandle): Registration {
    const checked = checkHandle(this.#watch.local, "registration", handle);
    return new Registration(this.#watch, checked);
  }
}
