// A pool whose workers sleep in the operating system's selector.

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  Pool,
  type PoolOptions,
  UnixStream,
  type WorkerMetrics,
} from "../../mod.ts";
import { settled, sharedWords, until } from "../threads.ts";
import type * as tasks from "./pool_tasks.ts";
import { SELECTORS } from "./selectors.ts";
import {
  closeAll,
  NEEDS,
  openFds,
  readNow,
  socketPair,
  writeNow,
} from "./sockets.ts";

const TASKS = new URL("./pool_tasks.ts", import.meta.url);

async function startOn(options: PoolOptions) {
  const words = sharedWords(64);
  const pool = await settled(
    Pool.start<typeof tasks>(TASKS, {
      workers: 2,
      data: { words },
      ...options,
    }),
  );
  return {
    pool,
    words,
    async [Symbol.asyncDispose]() {
      await settled(pool.shutdown({ timeout: 2000 }));
    },
  };
}

type Start = (options?: PoolOptions) => ReturnType<typeof startOn>;

/** Registers a test for each selector that workers can sleep in. */
function testPool(what: string, check: (start: Start) => Promise<void>): void {
  for (const { driver, skip } of SELECTORS) {
    test(`${driver}: ${what}`, { skip: NEEDS || skip }, async () => {
      await check((options) => startOn({ driver, ...options }));
    });
  }
}

/** Sends bytes one after the other, and waits for each to come back. */
async function exchange(
  pool: Pool<typeof tasks>,
  fd: number,
  rounds: number,
): Promise<void> {
  using watch = pool.io.register(fd, { read: true });
  for (let round = 0; round < rounds; round++) {
    writeNow(fd, round & 0xff);
    for (;;) {
      const ready = await settled(watch.readable());
      const bytes = readNow(fd);
      if (bytes) {
        assert.deepEqual([...bytes], [round & 0xff]);
        break;
      }
      watch.clear(ready);
    }
  }
}

for (const name of ["echo", "echoSync"] as const) {
  for (const workers of [1, 2]) {
    testPool(
      `a task waits for a socket: ${name}, ${workers} workers`,
      async (start) => {
        await using crew = await start({ workers });
        const [mine, theirs] = socketPair();
        const call = crew.pool.run(name, [theirs]);
        await exchange(crew.pool, mine, 300);
        closeAll(mine);
        assert.equal(await settled(call), 300);
        closeAll(theirs);
        assert.equal(await crew.pool.run("add", [1, 2]), 3);
      },
    );
  }
}

testPool("many tasks wait on few workers, which run others", async (start) => {
  await using crew = await start({ registrations: 500 });
  const { pool } = crew;
  const pairs = Array.from({ length: 200 }, socketPair);
  const calls = pairs.map(([, theirs]) => pool.run("echo", [theirs]));
  assert.equal(await settled(pool.run("add", [1, 2])), 3);
  await settled(
    Promise.all(pairs.map(([mine]) => exchange(pool, mine, 5))),
  );
  assert.equal(await settled(pool.run("add", [3, 4])), 7);
  closeAll(...pairs.map(([mine]) => mine));
  for (const call of calls) assert.equal(await settled(call), 5);
  closeAll(...pairs.map(([, theirs]) => theirs));
});

testPool("who waits for descriptors sleeps in the driver", async (start) => {
  await using crew = await start({ workers: 1 });
  const { pool } = crew;
  const [mine, theirs] = socketPair();
  const call = pool.run("echo", [theirs]);
  for (let round = 0; round < 50; round++) {
    writeNow(mine, 1);
    await until(() => readNow(mine) !== undefined);
  }
  // A turn is over when an event has ended it.
  const [{ turns }] = pool.metrics().workers as [WorkerMetrics];
  assert.ok(turns > 40, `${turns} turns`);
  closeAll(mine);
  await settled(call);
  closeAll(theirs);
});

testPool(
  "a task waits for a socket, and then in its event loop",
  async (start) => {
    await using crew = await start({ workers: 1 });
    const [mine, theirs] = socketPair();
    const call = crew.pool.run("readThenWait", [theirs, 5]);
    await sleep(20);
    writeNow(mine, 1, 3);
    assert.equal(await settled(call), "read and waited 3");
    closeAll(mine, theirs);
  },
);

// One of its waits must not have the worker block while the other goes on.
testPool("two waits of one task go on by themselves", async (start) => {
  await using crew = await start({ workers: 1 });
  for (let round = 0; round < 20; round++) {
    const [mine, theirs] = socketPair();
    const [mine2, theirs2] = socketPair();
    const call = crew.pool.run("readBoth", [theirs, theirs2]);
    await sleep(round % 3);
    writeNow(mine, 1, 2);
    if (round % 2) await sleep(1);
    writeNow(mine2, 1, 3);
    assert.equal(await settled(call), 5);
    closeAll(mine, theirs, mine2, theirs2);
  }
});

testPool(
  "a worker that stays in its event loop is told by another",
  async (start) => {
    await using crew = await start({ workers: 1 });
    for (let round = 0; round < 5; round++) {
      const [mine, theirs] = socketPair();
      const call = crew.pool.run("readInLoop", [theirs]);
      // By then a thread drives that does nothing else.
      await sleep(round === 0 ? 100 : 5);
      writeNow(mine, 1, 4);
      assert.equal(await settled(call), 4);
      closeAll(mine, theirs);
    }
  },
);

testPool(
  "a task blocks in the event loop, where others wait",
  async (start) => {
    await using crew = await start({ workers: 1 });
    for (let round = 0; round < 10; round++) {
      const [mine, theirs] = socketPair();
      const [mine2, theirs2] = socketPair();
      const call = crew.pool.run("bothSleeps", [theirs, theirs2]);
      await sleep(10);
      if (round % 2) writeNow(mine, 1, 2);
      writeNow(mine2, 1, 3);
      await sleep(5);
      if (round % 2 === 0) writeNow(mine, 1, 2);
      assert.equal(await settled(call), 5);
      closeAll(mine, theirs, mine2, theirs2);
    }
  },
);

testPool("a task is joined that waits for a socket", async (start) => {
  await using crew = await start();
  const [mine, theirs] = socketPair();
  const call = crew.pool.run("joinReader", [theirs]);
  await exchange(crew.pool, mine, 20);
  closeAll(mine);
  assert.equal(await settled(call), 20);
  closeAll(theirs);
});

testPool("on() runs a task for each event, until the end", async (start) => {
  await using crew = await start();
  const { pool, words } = crew;
  const [mine, theirs] = socketPair();
  using watch = pool.io.register(theirs, { read: true });
  const end = pool.on(watch, "take", [theirs, 0]);
  for (let round = 1; round <= 30; round++) {
    writeNow(mine, 7, 10);
    if (round % 3 === 0) await until(() => words[0] === round * 10);
  }
  await until(() => words[0] === 300);
  closeAll(mine);
  await settled(end);
  closeAll(theirs);
});

testPool("on() is refused, or ends, with a reason", async (start) => {
  await using crew = await start();
  const { pool } = crew;
  const [mine, theirs] = socketPair();
  const watch = pool.io.register(theirs, { read: true });
  const none = watch as never;
  await assert.rejects(pool.on({} as never, "take", [1, 0]), {
    code: "invalid-type",
  });
  await assert.rejects(pool.on(none, "nothing" as never, [] as never), {
    code: "unknown-task",
  });
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = pool.on(watch, "take", [theirs, 0], { signal });
  controller.abort();
  await assert.rejects(settled(aborted), { name: "AbortError" });
  const ended = pool.on(watch, "take", [theirs, 0]);
  watch.deregister();
  await assert.rejects(settled(ended), { code: "released" });
  closeAll(mine, theirs);
});

test("a pool without such a driver says what to start it with", async () => {
  await using crew = await startOn({ driver: "time" });
  assert.throws(() => crew.pool.io.register(0, { read: true }), {
    code: "unsupported",
    message: /driver: "epoll"/,
  });
});

testPool("a caller that blocks drives for a worker", async (start) => {
  const crew = await start({ workers: 1 });
  const { pool } = crew;
  const [mine, theirs] = socketPair();
  const write = pool.run("writeLater", [mine, 50]);
  assert.equal(pool.runSync("readInLoop", [theirs]), 1);
  // The worker has asked for a thread to drive, and is not heard before.
  const end = pool.shutdown({ timeout: 2000 });
  await settled(write);
  await settled(end);
  closeAll(mine, theirs);
});

// ==== ends ====

testPool(
  "a task that blocks on a socket ends when it is cancelled",
  async (start) => {
    await using crew = await start({ workers: 1 });
    const { pool, words } = crew;
    const [mine, theirs] = socketPair();
    const call = pool.run("blockFor", [theirs, 1], { timeout: 50 });
    await assert.rejects(settled(call), { code: "timed-out" });
    assert.equal(words[1], 1);
    assert.equal(await settled(pool.run("add", [1, 2])), 3);
    assert.equal(pool.metrics().crashes, 0);
    closeAll(mine, theirs);
  },
);

testPool("shutdown() ends those that wait for sockets", async (start) => {
  const crew = await start();
  const { pool, words } = crew;
  const pairs = Array.from({ length: 4 }, socketPair);
  const calls = pairs.map(([, theirs], place) =>
    place === 0 ? pool.run("blockFor", [theirs, 2]) : pool.run("echo", [theirs])
  );
  const ends = Promise.allSettled(calls);
  await until(() => words[2] === 1);
  await settled(pool.shutdown({ timeout: 20 }));
  for (const { status } of await settled(ends)) {
    assert.equal(status, "rejected");
  }
  for (const pair of pairs) closeAll(...pair);
});

testPool(
  "a worker that dies in or beside the driver loses nobody's events",
  async (start) => {
    await using crew = await start({ workers: 2, maxCrashes: 100 });
    const { pool } = crew;
    for (let round = 0; round < 6; round++) {
      const [mine, theirs] = socketPair();
      const [kill, killed] = socketPair();
      const call = pool.run("echo", [theirs]);
      const lost = pool.run("exitOnRead", [killed]);
      const end = Promise.allSettled([call, lost]);
      await exchange(pool, mine, 3);
      writeNow(kill, 1);
      writeNow(mine, 9);
      await assert.rejects(settled(lost), { code: "worker-crashed" });
      // The echo was on the same worker, or is not; no event is lost.
      const [echoed] = await Promise.all([
        Promise.race([call.catch((error) => error.code), sleep(30)]),
        sleep(1),
      ]);
      if (echoed !== "worker-crashed") {
        await until(() => readNow(mine) !== undefined);
        await exchange(pool, mine, 3);
        closeAll(mine);
        assert.equal(await settled(call), 7);
      } else closeAll(mine);
      await end;
      closeAll(theirs, kill, killed);
    }
    assert.equal(await settled(pool.run("add", [1, 2])), 3);
  },
);

testPool("a stream of a worker that dies is closed", async (start) => {
  await using crew = await start({ workers: 1 });
  const { pool } = crew;
  for (let round = 0; round < 3; round++) {
    const [mine, theirs] = UnixStream.pair(pool.io);
    const call = pool.run("exitWithStream", [theirs.detach()]);
    await mine.writeAll(new Uint8Array(8));
    await assert.rejects(settled(call), { code: "worker-crashed" });
    assert.equal(await settled(mine.read(new Uint8Array(8))), null);
    mine.close();
  }
  const [mine, theirs] = UnixStream.pair(pool.io);
  const call = pool.run("echoStream", [theirs.detach()]);
  const bytes = new Uint8Array(8);
  for (let round = 0; round < 100; round++) {
    await mine.writeAll(bytes.fill(round));
    assert.equal(await settled(mine.read(bytes)), 8);
  }
  mine.close();
  assert.equal(await settled(call), 800);
});

testPool("no descriptor is left behind", async (start) => {
  await (await start())[Symbol.asyncDispose]();
  const before = openFds();
  for (let round = 0; round < 5; round++) {
    const crew = await start();
    const [mine, theirs] = socketPair();
    const call = crew.pool.run("echo", [theirs]);
    await exchange(crew.pool, mine, 5);
    closeAll(mine);
    await settled(call);
    closeAll(theirs);
    await crew[Symbol.asyncDispose]();
  }
  // Threads that end do so a little later, and so do what they have open.
  await until(() => openFds() <= before + (process.versions.bun ? 2 : 0));
});
