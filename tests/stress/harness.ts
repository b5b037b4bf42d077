// Runs a stress test: on each driver and each way to wait, with a seed that is
// printed, and with a watchdog, since a lost wake-up is a hang.
//
//   LAYBY_SEED=n    repeats the choices of a run
//   LAYBY_STRESS=n  does n times as much

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import {
  type DriverName,
  type ParkerHandle,
  Runtime,
  type Thread,
  type WaitName,
} from "../../mod.ts";
import { addressOf, regionsOf } from "../../src/core/layout.ts";
import { readCounters } from "../../src/park/counters.ts";
import { bellOf, coreOf, createDriven, doorbellOf, TRACED } from "../cores.ts";
import { WAITS } from "../park/sleeps.ts";
import { run, sharedWords } from "../threads.ts";
import { checkTrace, stateName } from "../trace_checker.ts";
import { Random, seedOf } from "./random.ts";

/** What a runtime under stress is made of. */
export interface Variant {
  readonly driver: DriverName;
  /** Whether the driver has work without timers. */
  readonly isDriven?: true;
  readonly wait: WaitName;
}

/** Every kind of runtime that this host has. */
export const VARIANTS: readonly Variant[] = WAITS.flatMap((wait) => [
  { driver: "time", wait, isDriven: true },
  { driver: "time", wait },
  // Where a driver blocks nobody, the way to wait is only that of the state
  // word, which the other driver has too.
  ...(wait === "wasm" ? [{ driver: "event-loop", wait } as const] : []),
]);

/** How many times as much to do. */
export const SCALE: number = Number(process.env["LAYBY_STRESS"] ?? 1);

const SEED = process.env["LAYBY_SEED"];

/** Milliseconds without progress after which something has been lost. */
const STALL_MS = 30_000;
const POLL_MS = 100;
/** What a test may take beside its stalls: long runs are long. */
const TIMEOUT = 2 * STALL_MS + 60_000 * Math.max(SCALE, 1);
const PARKERS = 64;
const LOCKS = 16;
const TIMERS = 64;

/** The word of the driver's lock, as assembly/layout.ts places it. */
const DRIVER_LOCK = 384 >> 2;

/** The bit of a state word that says how its owner is woken. */
const HOW = 4;

/** What every thread under stress is told. */
export interface Orders {
  /** Its number, from 0. */
  readonly thread: number;
  /** The seed of this thread's choices. */
  readonly seed: number;
  /** A word for each thread, which it counts up as it gets on. */
  readonly progress: Int32Array<SharedArrayBuffer>;
}

/** One run of a test, on one kind of runtime. */
export class Run {
  readonly runtime: Runtime;
  readonly variant: Variant;
  readonly random: Random;
  readonly seed: number;
  readonly #module: URL;
  readonly #stallMs: number;
  readonly #progress = sharedWords(PARKERS);
  readonly #runtimes: Runtime[] = [];
  readonly #checked = new Set<Runtime>();
  readonly #threads: Thread[] = [];
  readonly #failure = Promise.withResolvers<never>();

  constructor(module: URL, variant: Variant, seed: number, stallMs: number) {
    this.variant = variant;
    this.runtime = this.another();
    this.seed = seed;
    this.random = new Random(seed);
    this.#module = module;
    this.#stallMs = stallMs;
    this.#failure.promise.catch(() => {});
  }

  /** One more runtime of the same kind. */
  another(): Runtime {
    const { driver, wait, isDriven } = this.variant;
    const create = isDriven ? createDriven : Runtime.create;
    const runtime = create({
      driver,
      wait,
      parkers: PARKERS,
      locks: LOCKS,
      timers: TIMERS,
      module: TRACED,
    });
    this.#runtimes.push(runtime);
    return runtime;
  }

  /** Parkers for threads to adopt: so everybody knows everybody's handle. */
  parkers(count: number): ParkerHandle[] {
    return Array.from({ length: count }, () => this.runtime.parker().detach());
  }

  /** Starts a thread. */
  spawn(body: string, args: object): void {
    const thread = this.#threads.length;
    const orders: Orders = {
      thread,
      seed: seedOf(this.seed, thread),
      progress: this.#progress,
    };
    const it = run(this.runtime, this.#module, body, { ...args, ...orders });
    it.result.catch((error) => this.#failure.reject(error));
    this.#threads.push(it);
  }

  /** What the threads returned, when all have ended. Fails if they hang. */
  // deno-lint-ignore no-explicit-any
  join(): Promise<any[]> {
    return this.watch(join(this.#threads));
  }

  /** The value of a promise. Fails if a thread fails, or all hang meanwhile. */
  async watch<T>(promise: Promise<T>): Promise<T> {
    let poll: ReturnType<typeof setInterval>;
    const stall = new Promise<never>((_, reject) => {
      let seen = "";
      let since = 0;
      poll = setInterval(() => {
        // Whatever changed it, somebody has got on.
        const done = `${this.#progress}`;
        if (done !== seen) [seen, since] = [done, performance.now()];
        if (performance.now() - since < this.#stallMs) return;
        reject(new Error("Stuck: no thread gets on"));
      }, POLL_MS);
    });
    return await Promise.race([promise, stall, this.#failure.promise])
      .finally(() => clearInterval(poll));
  }

  /** Resolves when the condition holds. */
  async until(condition: () => boolean): Promise<void> {
    let isOver = false;
    const poll = async () => {
      while (!isOver && !condition()) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    await this.watch(poll()).finally(() => isOver = true);
  }

  /** What the state of the runtimes is that threads use still. */
  dump(): string {
    return this.#runtimes.filter((runtime) => !this.#checked.has(runtime))
      .map(dump).join("\n");
  }

  /** Ends what is left of the threads, for a run that failed. */
  async abandon(): Promise<void> {
    for (const runtime of this.#runtimes) runtime.shutdown();
    for (const thread of this.#threads) thread.unref();
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  /** Asserts what holds of every runtime that no thread uses any more. */
  check(runtime: Runtime = this.runtime): void {
    const handles = allParkers(runtime);
    const core = coreOf(runtime);
    checkTrace(runtime, handles);
    for (const handle of handles) {
      const { address } = handle;
      const word = Atomics.load(core.words, address >> 2);
      const name = `parker at ${address}`;
      assert.match(stateName(word), /^(?:EMPTY|NOTIFIED)$/, name);
      assert.equal(word & HOW, 0, `${name} is summoned, or has its own bell`);
      const counters = readCounters(core.exports, address);
      const { parks, unparks, timeouts, events, noops } = counters;
      assert.equal(
        parks,
        unparks + timeouts + events + noops,
        `${name}: ${JSON.stringify(counters)}`,
      );
    }
    assert.equal(
      Atomics.load(core.words, DRIVER_LOCK),
      0,
      "The driver has an owner, and all threads have ended",
    );
    this.#checked.add(runtime);
  }
}

async function join(threads: readonly Thread[]): Promise<unknown[]> {
  const results = await Promise.all(threads.map(({ result }) => result));
  await Promise.all(threads.map(({ exited }) => exited));
  return results;
}

/** Handles, which may be stale, of all parkers that were ever claimed. */
function allParkers(runtime: Runtime): ParkerHandle[] {
  const core = coreOf(runtime);
  const { parkers } = regionsOf(core.header);
  return Array.from({ length: core.exports.parkersUsed() }, (_, index) => ({
    kind: "parker",
    runtime: core.header.id,
    address: addressOf(parkers, index),
    claim: core.exports.parkerBase(addressOf(parkers, index)),
  }));
}

/**
 * Everything that tells who waits for what. A state with a `*` has the bit: the
 * owner is summoned, or sleeps behind its own doorbell.
 */
function dump(runtime: Runtime): string {
  const core = coreOf(runtime);
  const { words, exports } = core;
  const lines = allParkers(runtime).map((handle) => {
    const word = Atomics.load(words, handle.address >> 2);
    const rings = Atomics.load(words, doorbellOf(core, handle));
    return `parker at ${handle.address}: generation ${word >>> 3}, ` +
      `${stateName(word)}${word & HOW ? "*" : ""}, ` +
      `${rings} rings, ` +
      JSON.stringify(readCounters(exports, handle.address));
  });
  const bell = ["SILENT", "ASLEEP", "RUNG"][Atomics.load(words, bellOf(core))];
  return [
    `driver lock ${Atomics.load(words, DRIVER_LOCK)}`,
    `bell ${bell}`,
    `${exports.timersArmed()} timers armed`,
    `shutdown ${runtime.isShutdown}`,
    ...lines,
  ].join("\n");
}

/** The choices of one run: those asked for, or new ones. */
function newSeed(): number {
  return SEED === undefined
    ? crypto.getRandomValues(new Int32Array(1))[0]!
    : Number(SEED) | 0;
}

/** How to run a test otherwise than a stress test is. */
export interface Settings {
  /** Milliseconds without progress that are too many. */
  readonly stallMs?: number;
  /** Where the seed is printed. */
  readonly print?: (line: string) => void;
}

/** Runs a body on one kind of runtime, and checks what holds of every run. */
export async function stressOn(
  name: string,
  variant: Variant,
  module: URL,
  body: (run: Run) => Promise<void>,
  { stallMs = STALL_MS, print = console.log }: Settings = {},
): Promise<void> {
  const seed = newSeed();
  print(`${name}: LAYBY_SEED=${seed}`);
  const it = new Run(module, variant, seed, stallMs);
  try {
    await body(it);
    await it.join();
    it.check();
  } catch (error) {
    const state = it.dump();
    await it.abandon();
    throw new Error(`LAYBY_SEED=${seed}\n${message(error)}\n${state}`, {
      cause: error,
    });
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Registers a stress test for each kind of runtime. */
export function stress(
  name: string,
  module: URL,
  body: (run: Run) => Promise<void>,
  variants: readonly Variant[] = VARIANTS,
): void {
  for (const variant of variants) {
    const driven = variant.isDriven ? ", driven" : "";
    const full =
      `${name}, driver ${variant.driver}${driven}, wait ${variant.wait}`;
    test(full, { timeout: TIMEOUT }, () => {
      return stressOn(full, variant, module, body);
    });
  }
}
