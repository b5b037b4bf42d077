// The end of a runtime with a pool, and of a worker: whoever sleeps or is about to
// ends, and what it leaves is found.

import type { Body, Steps } from "../../loom/src/scenario.ts";
import { type Entry, full, pr } from "../entry.ts";
import { shutdown } from "../facade.ts";
import {
  begin,
  callOf,
  flush,
  type Member,
  memberOf,
  open,
  submit,
  takeNext,
  work,
} from "../pool_facade.ts";
import { type PoolPlan, PoolWorld } from "../pool_world.ts";
import { SHIPPED_HOST } from "../world.ts";

/** The creator, which ends it all. */
function closer(pool: PoolWorld): Body {
  return (t) => shutdown(pool.local(t, 0));
}

/** Workers that end, wherever they are. */
function ends(where: string, plan: PoolPlan, more?: {
  threads?: (pool: PoolWorld) => Record<string, Body>;
  /** Whether workers end as soon as they are awake. */
  isShort?: boolean;
  add?: typeof pr;
}): Entry {
  const pool = new PoolWorld(plan);
  const { threads, isShort = false, add = pr } = more ?? {};
  const all: Record<string, Body> = {
    closer: closer(pool),
    ...threads?.(pool),
  };
  for (let worker = 0; worker < plan.workers; worker++) {
    if (`worker ${worker}` in all) continue;
    const body = isShort ? wakeAndClose : work;
    all[`worker ${worker}`] = (t) => body(memberOf(pool, t, worker + 1));
  }
  return add({
    name: `a shutdown ends all workers: ${where}`,
    setup(alone) {
      pool.setup(alone);
      for (let number = 0; number < pool.plan.before; number++) {
        pool.submit(alone, 0, number);
      }
    },
    threads: all,
    final(alone) {
      alone.assert(pool.parked(alone).length === 0, "a worker still sleeps");
      alone.assert(pool.searching(alone).length === 0, "one still searches");
      const count = pool.countWorkers(alone);
      alone.assert(count === 0, `${count} workers are still counted`);
      for (let number = 0; number < pool.plan.tasks; number++) {
        const runs = alone.read(pool.runs(number));
        alone.assert(runs <= 1, `task ${number} was run ${runs} times`);
      }
    },
  });
}

/** A worker that ends when it wakes up. */
function* wakeAndClose(member: Member): Steps<void> {
  yield* begin(member);
  yield* member.me.t.call("workerClose", member.worker);
  yield* flush(member);
}

/** A worker that submits, as a task of it does. */
function submitting(pool: PoolWorld, worker: number): Body {
  return function* (t) {
    const member = memberOf(pool, t, worker + 1);
    const task = yield* submit(member, 0);
    const isOver = yield* t.call("shutdownBegun");
    t.assert(task !== 0 || isOver === 1, "a task is refused before the end");
    yield* t.call("workerClose", worker);
    yield* flush(member);
  };
}

/** A worker that ends on its own, as work comes. */
function retires(where: string, plan: PoolPlan, add = pr): Entry {
  const pool = new PoolWorld(plan);
  return add({
    name: `a worker that ends leaves no work to itself: ${where}`,
    setup(alone) {
      pool.setup(alone);
      for (let number = 0; number < pool.plan.before; number++) {
        pool.submit(alone, 0, number);
      }
    },
    threads: {
      *leaver(t) {
        const member = memberOf(pool, t, 1);
        if (plan.asleep?.includes(0)) yield* begin(member);
        yield* t.call("workerClose", 0);
        yield* flush(member);
      },
      *worker(t) {
        const member = memberOf(pool, t, 2);
        yield* callOf(member, yield* takeNext(member));
      },
      *creator(t) {
        if (pool.plan.before === 0) yield* submit(memberOf(pool, t), 0);
      },
    },
    daemons: ["worker"],
    final: (alone) => pool.checkRuns(alone, [1]),
  });
}

/** Two workers that begin at the same time, as work comes. */
function begins(): Entry {
  const pool = new PoolWorld({ workers: 2, perWord: 1, closed: [0, 1] });
  const opener = (worker: number): Body =>
    function* (t) {
      yield* open(memberOf(pool, t, worker + 1));
    };
  return pr({
    name: "two workers begin at the same time, and both count",
    setup: pool.setup,
    threads: { first: opener(0), second: opener(1) },
    final(alone) {
      const count = pool.countWorkers(alone);
      alone.assert(count === 2, `${count} workers are counted`);
      // Both are looked at: each can be woken.
      pool.park(alone, [0, 1]);
      pool.submit(alone, 0, 0);
      pool.submit(alone, 0, 1);
      pool.checkTokens(alone, [1]);
      pool.runOne(alone, 0);
      // Its caller's, and that of whom it woke.
      pool.checkTokens(alone, [0, 1, 2]);
    },
  });
}

export const scenarios: readonly Entry[] = [
  begins(),
  ends("one asleep", { workers: 1, asleep: [0] }),
  ends("two asleep", { workers: 2, asleep: [0, 1] }, { isShort: true }),
  ends("two asleep, which look once more", { workers: 2, asleep: [0, 1] }, {
    add: full,
  }),
  ends("one about to sleep", { workers: 1, searched: [0] }),
  ends("one awake", { workers: 1 }),
  ends("one asleep, one about to", {
    workers: 2,
    asleep: [0],
    searched: [1],
  }, { isShort: true }),
  ends("one asleep, and a task for it", { workers: 1, asleep: [0], before: 1 }),
  ends("one that submits, one about to sleep", {
    workers: 2,
    searched: [1],
  }, {
    threads: (pool) => ({ "worker 0": submitting(pool, 0) }),
    isShort: true,
    add: full,
  }),
  ends("one asleep, by futex", {
    workers: 1,
    asleep: [0],
    flags: SHIPPED_HOST,
  }),
  retires("as it searches", { workers: 2, searched: [0], asleep: [1] }),
  retires("as it is woken", { workers: 2, asleep: [0, 1], before: 1 }),
];
