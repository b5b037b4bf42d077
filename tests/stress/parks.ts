// The ways in which an owner can park, picked at random, and what must hold of
// each of them whatever else goes on.

import assert from "node:assert/strict";
import type { Parker, ParkResult, Runtime } from "../../mod.ts";
import type { Random } from "./random.ts";

/** How a park under stress may end: one with a signal may be aborted. */
export type End = ParkResult | "aborted";

/** Which ways are picked from. */
export type Ways =
  /** `park()`: only a token ends it, so that none may be lost. */
  | "park"
  /** `parkDeadline()` of what has passed: a sleep that ends as it begins. */
  | "hurry"
  /** All that block. */
  | "block"
  /** `parkAsync()`: only a token ends it. */
  | "yield"
  /** All that yield to the event loop. */
  | "loop"
  /** All. */
  | "any";

/** What to pick from, where nobody is to be busy while it waits. */
export const WAYS: readonly Ways[] = ["park", "block", "yield", "loop", "any"];

/** The ways of which none yields to the event loop. */
const BLOCKING: readonly Ways[] = ["park", "hurry", "block"];

/** The longest of the timeouts, in milliseconds. */
const LONGEST = 0.3;

/** Parks a parker in this way and that. */
export class Sleeper {
  readonly parker: Parker;
  readonly #runtime: Runtime;
  readonly #random: Random;

  constructor(runtime: Runtime, parker: Parker, random: Random) {
    this.parker = parker;
    this.#runtime = runtime;
    this.#random = random;
  }

  /** Parks once. */
  sleep(ways: Ways): End | Promise<End> {
    switch (ways) {
      case "park":
        return untimed(this.parker.park());
      case "hurry":
        return this.parker.parkDeadline(0);
      case "block":
        return this.#block();
      case "yield":
        return this.parker.parkAsync().then(untimed);
      case "loop":
        return this.#loop();
      case "any":
        return this.#random.oneIn(4) ? this.#loop() : this.#block();
    }
  }

  /**
   * Parks until there is a token, or the runtime is shut down. A promise only if
   * some of the ways yield.
   */
  untilUnparked(ways: Ways): End | Promise<End> {
    if (!BLOCKING.includes(ways)) return this.#untilUnparked(ways);
    for (;;) {
      const end = this.sleep(ways);
      if (isLast(end as End)) return end;
    }
  }

  async #untilUnparked(ways: Ways): Promise<End> {
    for (;;) {
      const end = await this.sleep(ways);
      if (isLast(end)) return end;
    }
  }

  #block(): End {
    const { parker } = this;
    const length = this.#random.below(LONGEST);
    const now = this.#runtime.now();
    switch (this.#random.index(10)) {
      case 0:
        return this.#notBefore(now + length, parker.parkTimeout(length));
      case 1:
        return this.#notBefore(now + length, parker.parkDeadline(now + length));
      case 2:
        return parker.parkDeadline(now - length);
      case 3:
        return tokenless(parker.parkTimeout(0));
      default:
        return untimed(parker.park());
    }
  }

  async #loop(): Promise<End> {
    const { parker } = this;
    const timeout = this.#random.below(LONGEST);
    const now = this.#runtime.now();
    switch (this.#random.index(10)) {
      case 0:
        return this.#notBefore(
          now + timeout,
          await parker.parkAsync({ timeout }),
        );
      case 1:
        return tokenless(await parker.parkAsync({ timeout: 0 }));
      case 2:
        return await this.#abortable(Infinity);
      case 3:
        return await this.#abortable(timeout);
      default:
        return untimed(await parker.parkAsync());
    }
  }

  /** A park that is aborted before, in, or after its sleep. */
  async #abortable(timeout: number): Promise<End> {
    const { signal, abort, clear } = this.#abortSoon();
    try {
      return await this.parker.parkAsync({ timeout, signal });
    } catch (error) {
      if (error === signal.reason) return "aborted";
      throw error;
    } finally {
      clear();
      abort();
    }
  }

  #abortSoon() {
    const controller = new AbortController();
    const { signal } = controller;
    const abort = () => controller.abort(new Error("aborted"));
    let timer: ReturnType<typeof setTimeout> | undefined;
    switch (this.#random.index(8)) {
      case 0:
        abort();
        break;
      case 1:
        queueMicrotask(abort);
        break;
      default:
        timer = setTimeout(abort, 0);
    }
    return { signal, abort, clear: () => clearTimeout(timer) };
  }

  #notBefore(deadline: number, end: End): End {
    if (end !== "timed-out") return end;
    const early = deadline - this.#runtime.now();
    assert.ok(early <= 0, `A park timed out ${early} ms early`);
    return end;
  }
}

function isLast(end: End): boolean {
  return end === "unparked" || end === "shutdown";
}

function untimed(end: End): End {
  assert.notEqual(end, "timed-out", "A park without a timeout timed out");
  return end;
}

function tokenless(end: End): End {
  assert.notEqual(end, "unparked", "A park of no time took the token");
  return end;
}
