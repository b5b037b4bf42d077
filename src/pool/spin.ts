// Whether a thread looks for work before it sleeps. A wake takes tens of
// microseconds, so what comes sooner is worth a look; but only if it does come.
// Where two threads have one core, the one that looks lets the other have it.
// `bench hot_call` and `bench idle_cpu` show what it buys and what it costs.

import type { Host } from "../host.ts";
import { type CoreYield, openCoreYield } from "./core_yield.ts";

/** So many looks between two at the clock. */
const LOOKS = 16;
/**
 * How long to look before it gives way, in milliseconds: longer than it takes to
 * answer a tiny call on another core.
 */
const ALONE_MS = 0.002;
/**
 * How long a sleep takes whose end was there when it began, in milliseconds, at
 * most: to wake a thread takes that long.
 */
const WAKE_MS = 0.12;
/** How long a sleep takes, at most, that a thread on the same core has ended. */
const BRIEF_MS = 0.03;
/** Searches in vain take one in so many milliseconds, at most. */
const MOST = 128;

/**
 * So often in a row what is looked for has to come when the thread gives way,
 * until it does so at once; but for one time in as many.
 */
const SURE = 16;
/** Searches in vain, before it is seen to how one gives way. */
const PATIENCE = 4;

/** How long to look, in milliseconds: at most twice as long as it has worked. */
export interface LookTimes {
  /** But so long in any case. */
  readonly least: number;
  /** And never longer; 0 if not at all. */
  readonly most: number;
}

/** For a thread that does not look. */
export const NO_LOOK: LookTimes = { least: 0, most: 0 };

/** What a search has of the host. */
export type SpinHost = Pick<Host, "name" | "ffi" | "parallelism">;

/** Learns from one thread's searches and sleeps. */
export class Spin {
  readonly #host: SpinHost;
  readonly #times: LookTimes;
  /** How long to look, this time. */
  #time = 0;
  /** When the thread began to work. */
  #began = 0;
  /** Whether a search might have spared the last sleep. */
  #wasShort = true;
  /** Whether it was too short for a wake from another core. */
  #wasBrief = false;
  /** When the next search may be. */
  #next = 0;
  /** What a search in vain costs: no other one for so many times as long. */
  #penalty = 1;
  #vain = 0;
  #yield: CoreYield | undefined;
  /**
   * How often in a row what was looked for came when this thread had given way,
   * and not before.
   */
  #givenWay = 0;
  #searches = 0;

  constructor(host: SpinHost, times: LookTimes) {
    this.#host = host;
    const isShared = host.parallelism === 1;
    if (isShared) {
      this.#yield = openCoreYield(host);
      this.#givenWay = SURE;
    }
    // To look while the other one waits for this core is in vain.
    this.#times = isShared && !this.#yield ? NO_LOOK : times;
  }

  /**
   * Looks until `look` returns true, or for some time. Returns whether it did.
   *
   * @param isBrief Something else waits for the thread: it looks for the least.
   */
  search(look: () => boolean, isBrief = false): boolean {
    const { least, most } = this.#times;
    if (most === 0) return false;
    let now = performance.now();
    const time = isBrief
      ? least
      : Math.min(Math.max(2 * (now - this.#began), least), most);
    this.#time = time;
    if (!this.#wasShort || now < this.#next) return false;
    const began = now;
    const isSure = this.#isSure();
    const looks = isSure ? 1 : LOOKS;
    let yields = 0;
    for (;;) {
      for (let count = 0; count < looks; count++) {
        if (look()) {
          // What was there already teaches nothing.
          const isLate = count > 0 || now > began;
          if (isLate && !isSure) this.#learn(yields === 1 && count === 0);
          this.#began = now;
          // Later than that, it was others who had the core.
          if (now - began < time) this.#penalty = 1;
          else this.#pause(began, now);
          return true;
        }
        Atomics.pause?.();
      }
      now = performance.now();
      if (now - began >= time) break;
      const isDue = isSure ||
        (this.#wasBrief && yields === 0 && now - began >= ALONE_MS);
      if (this.#yield && isDue) {
        this.#yield();
        yields++;
      }
    }
    this.#pause(began, now);
    if (this.#wasBrief && ++this.#vain === PATIENCE) {
      this.#yield ??= openCoreYield(this.#host);
    }
    return false;
  }

  /** Whether to give way at once. One time in some it tries again what if not. */
  #isSure(): boolean {
    return this.#givenWay >= SURE && ++this.#searches % SURE !== 0;
  }

  /** Whether it was given way once, and not before, that brought something. */
  #learn(isShared: boolean): void {
    this.#givenWay = isShared && this.#yield ? this.#givenWay + 1 : 0;
  }

  #pause(began: number, now: number): void {
    this.#next = now + (now - began) * this.#penalty;
    this.#penalty = Math.min(2 * this.#penalty, MOST);
  }

  /** The thread slept, from one time to the other, in milliseconds. */
  slept(from: number, to: number): void {
    this.#wasShort = to - from < this.#time + WAKE_MS;
    this.#wasBrief = to - from < BRIEF_MS;
    this.#began = to;
  }
}
