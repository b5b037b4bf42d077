// Whether a thread that looks for work lets others have its core. If who brings
// the work waits for that very core, to look keeps it away. `bench hot_call` shows
// what it buys.

import type { Host } from "../host.ts";
import { type CoreYield, openCoreYield } from "./core_yield.ts";

/** So many looks at a time. */
const LOOKS = 16;
/**
 * How long to look before a trial, in milliseconds: longer than it takes to answer
 * a tiny call on another core.
 */
const ALONE_MS = 0.002;
/** How long a sleep takes, at most, that a thread on the same core has ended. */
const BRIEF_MS = 0.03;
/**
 * So often in a row it has to help to give way, until a thread does so at once;
 * but for one search in as many, which is a trial again.
 */
const SURE = 16;
/** Searches in vain between brief sleeps, before C is asked for what it takes. */
const PATIENCE = 4;

/** What it has of the host. */
export type SharingHost = Pick<Host, "name" | "ffi" | "parallelism">;

/** Learns from one thread's searches and sleeps. */
export class Sharing {
  readonly #host: SharingHost;
  #yield: CoreYield | undefined;
  /** How often in a row something came when this had given way, and not before. */
  #helped = 0;
  #searches = 0;
  #vain = 0;
  #wasBrief = false;
  /** Whether it gives way at once, in this search. */
  #isSure = false;
  /** How often it has, in this search. */
  #yields = 0;

  constructor(host: SharingHost) {
    this.#host = host;
  }

  /**
   * For a thread that is to look. Returns whether that can help: not if there is
   * one core, and no way to let others have it.
   */
  prepare(): boolean {
    if (this.#host.parallelism > 1) return true;
    this.#yield = openCoreYield(this.#host);
    this.#helped = SURE;
    return this.#yield !== undefined;
  }

  /** A search begins. Returns how many looks there are to be at a time. */
  begin(): number {
    this.#yields = 0;
    this.#isSure = this.#helped >= SURE && ++this.#searches % SURE !== 0;
    return this.#isSure ? 1 : LOOKS;
  }

  /** Lets others have the core if that may help, after so many milliseconds. */
  giveWay(passed: number): void {
    if (this.#yield && (this.#isSure || this.#isTrial(passed))) {
      this.#yields++;
      this.#yield();
    }
  }

  #isTrial(passed: number): boolean {
    return this.#yields === 0 && passed >= ALONE_MS &&
      (this.#wasBrief || this.#helped >= SURE);
  }

  /** The search has found something, in this look since it last gave way. */
  found(look: number, passed: number): void {
    // What was there already teaches nothing.
    if (this.#isSure || (look === 0 && passed === 0)) return;
    const hasHelped = this.#yields === 1 && look === 0;
    this.#helped = hasHelped ? this.#helped + 1 : 0;
  }

  /** The search was in vain. */
  missed(): void {
    if (!this.#wasBrief || ++this.#vain !== PATIENCE) return;
    this.#yield ??= openCoreYield(this.#host);
  }

  /** The thread slept for so many milliseconds. */
  slept(ms: number): void {
    this.#wasBrief = ms < BRIEF_MS;
  }
}
