// Everything at once, with a seed: each call is settled, with what it should be,
// and nothing hangs.
//
//   LAYBY_SEED=n    repeats the choices of a run
//   LAYBY_STRESS=n  does n times as much

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import type { Pool, PoolOptions, RunOptions } from "../../mod.ts";
import { Random } from "../stress/random.ts";
import { assertCounted, settled, start, type Tasks } from "./pools.ts";

const SCALE = Number(process.env["LAYBY_STRESS"] ?? 1);

/** Calls of one run. */
const CALLS = 600 * SCALE;
/** Calls that are on their way at the same time. */
const IN_FLIGHT = 40;

/** What may come of a call beside its answer. */
const ENDS = ["AbortError", "TimedOutError", "WorkerCrashedError"];

/** And of one whose task spawns another, which returns much. */
const FULL = "ExhaustedError";

const FIB = [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55];

function newSeed(): number {
  const seed = process.env["LAYBY_SEED"];
  return seed === undefined
    ? crypto.getRandomValues(new Int32Array(1))[0]!
    : Number(seed) | 0;
}

/** One run: a pool, and calls of it at random. */
class Run {
  readonly #pool: Pool<Tasks>;
  readonly #random: Random;
  /** How often each end came. */
  readonly ends: Record<string, number> = { answered: 0 };

  constructor(pool: Pool<Tasks>, seed: number) {
    this.#pool = pool;
    this.#random = new Random(seed);
  }

  /** Makes calls, one after the other, beside others that do. */
  async callers(): Promise<void> {
    let left = CALLS;
    const caller = async () => {
      while (left-- > 0) await this.#step();
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
  }

  async #step(): Promise<void> {
    const random = this.#random;
    switch (random.index(80)) {
      case 0:
        return await this.#pool.resize(1 + random.index(4));
      case 1:
        return await this.#pool.resize({
          minWorkers: random.index(2),
          maxWorkers: 1 + random.index(4),
        });
      case 2:
        return await this.#end(this.#pool.run("exit", [1]), "nothing");
      case 3:
        return this.#block();
      case 4:
        return await this.#map();
    }
    const [call, wanted] = this.#call();
    await this.#end(call, wanted);
  }

  #call(): [Promise<unknown>, unknown] {
    const random = this.#random;
    const controller = new AbortController();
    const signal = random.oneIn(5) ? controller.signal : undefined;
    const options = {
      signal,
      timeout: random.oneIn(8) ? random.below(5) : Infinity,
      priority: random.pick(["high", "normal", "low"] as const),
      ...(random.oneIn(6) ? { transfer: [] } : {}),
    };
    if (signal) this.#later(() => controller.abort());
    const n = random.index(11);
    switch (random.index(6)) {
      case 0:
        return [this.#pool.run("fib", [n], options), FIB[n]];
      case 1: {
        const text = "t".repeat(random.index(200_000));
        return [this.#pool.run("sizeOf", [text], options), text.length];
      }
      case 2:
        return [this.#pool.run("waitAndEcho", [n / 4], options), n / 4];
      case 3:
        return [this.#pool.run("fanLater", [n], options), (n * n - n) / 2];
      case 4:
        return [this.#nested(n * 9000, options), n * 9000];
    }
    return [this.#pool.run("add", [n, 1], options), n + 1];
  }

  /** A task whose child's result may find no place, which says so. */
  async #nested(length: number, options: RunOptions): Promise<number> {
    try {
      return await this.#pool.run("sizeOfBytes", [length], options);
    } catch (error) {
      if ((error as Error).name !== FULL) throw error;
      return length;
    }
  }

  /** Does something after some microtasks, or some time. */
  #later(action: () => void): void {
    const random = this.#random;
    if (random.oneIn(2)) {
      setTimeout(action, random.below(4));
      return;
    }
    let turns = random.index(30);
    const turn = () => turns-- > 0 ? queueMicrotask(turn) : action();
    turn();
  }

  #block(): void {
    const n = this.#random.index(11);
    const timeout = this.#random.oneIn(3) ? this.#random.below(5) : Infinity;
    try {
      assert.equal(this.#pool.runSync("fib", [n], { timeout }), FIB[n]);
      this.ends["answered"]!++;
    } catch (error) {
      this.#count(error);
    }
  }

  async #map(): Promise<void> {
    const wanted = this.#random.index(30);
    let seen = 0;
    try {
      for await (const n of this.#pool.map("echo", FIB.keys())) {
        assert.equal(n, seen++);
        if (seen > wanted) break;
      }
      this.ends["answered"]!++;
    } catch (error) {
      this.#count(error);
    }
  }

  async #end(call: Promise<unknown>, wanted: unknown): Promise<void> {
    let value: unknown;
    try {
      value = await call;
    } catch (error) {
      return this.#count(error);
    }
    assert.equal(value, wanted);
    this.ends["answered"]!++;
  }

  #count(error: unknown): void {
    const { name } = error as Error;
    if (!ENDS.includes(name)) throw error;
    this.ends[name] = (this.ends[name] ?? 0) + 1;
  }
}

const POOLS: Record<string, PoolOptions> = {
  "a pool": { workers: 2 },
  "a small pool": { workers: 2, tasks: 16, memory: 1 },
  "a pool that comes and goes": {
    minWorkers: 0,
    maxWorkers: 3,
    idleTimeout: 1,
    grace: 5,
  },
};

for (const [name, options] of Object.entries(POOLS)) {
  test(`${name} under stress settles each call`, async () => {
    const seed = newSeed();
    console.log(`${name}: LAYBY_SEED=${seed}`);
    const { pool } = await start({ maxCrashes: 1_000_000, ...options });
    const run = new Run(pool, seed);
    try {
      await settled(run.callers());
      await settled(pool.drain());
      assertCounted(pool);
      const { pending, crashes } = pool.metrics();
      assert.equal(pending, 0);
      assert.ok(crashes > 0 && run.ends["answered"]! > CALLS / 3);
      await pool.resize(2);
      assert.equal(await settled(pool.run("fib", [10])), 55);
      await settled(pool.shutdown());
    } catch (error) {
      void pool.shutdown({ timeout: 0 });
      const counts = JSON.stringify({ ...pool.metrics(), latency: 0 });
      throw new Error(`LAYBY_SEED=${seed}: ${error} ${counts}`, {
        cause: error,
      });
    }
  });
}
