// A thousand sockets on eight workers, beside other calls, cancels and deaths: no
// byte is lost, and no descriptor stays open.
//
//   LAYBY_SEED=n    repeats the choices of a run
//   LAYBY_STRESS=n  does n times as much

import assert from "node:assert/strict";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "../../mod.ts";
import { Random } from "../stress/random.ts";
import { settled, sharedWords, until } from "../threads.ts";
import type * as tasks from "./pool_tasks.ts";
import { type SelectorName, SELECTORS } from "./selectors.ts";
import {
  closeAll,
  NEEDS,
  openFds,
  readNow,
  socketPair,
  writeNow,
} from "./sockets.ts";

const SCALE = Number(process.env["LAYBY_STRESS"] ?? 1);
const SOCKETS = 1000;
/** Bytes that each of them sends, one after the other. */
const ROUNDS = 4 * SCALE;
const DEATHS = 6 * SCALE;
const TASKS = new URL("./pool_tasks.ts", import.meta.url);

function newSeed(): number {
  const seed = process.env["LAYBY_SEED"];
  return seed === undefined
    ? crypto.getRandomValues(new Int32Array(1))[0]!
    : Number(seed) | 0;
}

/** One run: a pool, and sockets that its tasks echo. */
class Run {
  readonly #pool: Pool<typeof tasks>;
  readonly #random: Random;
  /** Whether a descriptor is refused that a task still has registered. */
  readonly #cancels: boolean;
  isOver = false;
  again = 0;

  constructor(pool: Pool<typeof tasks>, seed: number, driver: SelectorName) {
    this.#pool = pool;
    this.#cancels = driver !== "kqueue";
    this.#random = new Random(seed);
  }

  /** Has a socket echoed until its end, whatever becomes of the task. */
  async #serve(fd: number): Promise<void> {
    for (;;) {
      const controller = new AbortController();
      const { signal } = controller;
      const call = this.#pool.run("echo", [fd], { signal });
      if (this.#cancels && this.#random.oneIn(20)) {
        setTimeout(() => controller.abort(), this.#random.below(100));
      }
      try {
        await call;
        return;
      } catch (error) {
        const { name } = error as Error;
        // A task that is told to stop still has the descriptor registered.
        if (name === "SystemError" || name === "AbortError") await sleep(1);
        else if (name !== "WorkerCrashedError") throw error;
        this.again++;
      }
    }
  }

  /** Sends bytes through a socket, and awaits each of them. */
  async exchange(): Promise<void> {
    const [mine, theirs] = socketPair();
    const served = this.#serve(theirs);
    const watch = this.#pool.io.register(mine, { read: true });
    for (let round = 0; round < ROUNDS; round++) {
      if (this.#random.oneIn(3)) await sleep(this.#random.below(20));
      writeNow(mine, round);
      for (;;) {
        const ready = await settled(watch.readable());
        const bytes = readNow(mine);
        if (bytes) {
          assert.deepEqual([...bytes], [round]);
          break;
        }
        watch.clear(ready);
      }
    }
    watch.deregister();
    closeAll(mine);
    await settled(served);
    closeAll(theirs);
  }

  /** Calls that have nothing to do with sockets. */
  async calls(): Promise<void> {
    while (!this.isOver) {
      const n = this.#random.index(1000);
      try {
        assert.equal(await this.#pool.run("add", [n, 1]), n + 1);
      } catch (error) {
        assert.equal((error as Error).name, "WorkerCrashedError");
      }
      await sleep(this.#random.below(3));
    }
  }

  /** Workers that die in the middle of it. */
  async deaths(): Promise<void> {
    for (let death = 0; death < DEATHS && !this.isOver; death++) {
      await sleep(this.#random.below(60));
      const [mine, theirs] = socketPair();
      const call = this.#pool.run("exitOnRead", [theirs]);
      writeNow(mine, 0);
      await assert.rejects(settled(call), { code: "worker-crashed" });
      closeAll(mine, theirs);
    }
  }
}

async function stress(driver: SelectorName, context: TestContext) {
  const before = openFds();
  const seed = newSeed();
  const pool = await settled(
    Pool.start<typeof tasks>(TASKS, {
      workers: 8,
      driver,
      registrations: 2 * SOCKETS + 100,
      maxCrashes: 1000,
      data: { words: sharedWords(8) },
    }),
  );
  const run = new Run(pool, seed, driver);
  try {
    const calls = run.calls();
    const deaths = run.deaths();
    await Promise.all(Array.from({ length: SOCKETS }, () => run.exchange()));
    run.isOver = true;
    await settled(Promise.all([calls, deaths]));
  } catch (error) {
    throw new Error(`With LAYBY_SEED=${seed}`, { cause: error });
  } finally {
    await settled(pool.shutdown({ timeout: 2000 }));
  }
  context.diagnostic?.(`${run.again} calls were made again`);
  // What the runtime opens for itself, beside: its own selectors and pipes.
  await until(() => openFds() <= before + 24);
}

for (const { driver, skip } of SELECTORS) {
  test(
    `${driver}: a thousand sockets, eight workers`,
    { skip: NEEDS || skip },
    async (context) => await stress(driver, context),
  );
}
