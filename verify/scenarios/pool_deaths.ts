// Workers that are terminated, at any point: what they had queued is run, what
// they ran has crashed, and the pool goes on as before.

import { CRASHED, DROPPED, QUEUED, RETURNED, RUNNING } from "../../src/core/core.generated.ts";
import type { Alone, Body } from "../../loom/src/scenario.ts";
import { type Entry, full, pr } from "../entry.ts";
import {
  begin,
  callOf,
  drain,
  execute,
  join,
  memberOf,
  runBurst,
  sleep,
  spawn,
  submit,
  type TaskBodies,
  takeNext,
  waitForAll,
  work,
} from "../pool_facade.ts";
import { type PoolPlan, PoolWorld } from "../pool_world.ts";
import { OWN_WORDS, SHIPPED, SHIPPED_HOST } from "../world.ts";

interface DeathPlan extends PoolPlan {
  readonly name: string;
  readonly prepare?: (alone: Alone, pool: PoolWorld) => void;
  readonly bodies?: (pool: PoolWorld) => TaskBodies;
  /** Worker 0 is the one that dies. */
  readonly mortal: (pool: PoolWorld, bodies: TaskBodies) => Body;
  readonly others?: (pool: PoolWorld, bodies: TaskBodies) => Record<string, Body>;
  readonly daemons?: readonly string[];
  /** Whether it is repaired when all threads have ended, or sleep. */
  readonly isLate?: boolean;
  /** Whether all tasks have been begun then, or somebody was woken for them. */
  readonly areBegun?: boolean;
  /** By their numbers, the callers of the tasks. */
  readonly callers: readonly number[];
  readonly add?: typeof pr;
}

/** A pool whose first worker may die, and is then repaired. */
function deaths(plan: DeathPlan): Entry {
  const { name, prepare, mortal, others, daemons = [], add = pr } = plan;
  const pool = new PoolWorld(plan);
  const bodies = plan.bodies?.(pool) ?? {};
  return add({
    name: `a worker that dies ${name}`,
    setup(alone) {
      pool.setup(alone);
      for (let number = 0; number < (plan.before ?? 0); number++) {
        pool.submit(alone, 0, number);
      }
      prepare?.(alone, pool);
    },
    threads: { mortal: mortal(pool, bodies), ...others?.(pool, bodies) },
    mortal: ["mortal"],
    daemons,
    *recover(t) {
      yield* t.store(pool.scratch(0), 1);
      if (!plan.isLate) yield* t.call("workerRecover", 0, 0);
    },
    final(alone, results) {
      checkAll(alone, pool, plan, results);
    },
  }, { deaths: 1, deadSleepers: "leaves" });
}

function checkAll(
  alone: Alone,
  pool: PoolWorld,
  { callers, workers, isLate = false, areBegun = false }: DeathPlan,
  results: Readonly<Record<string, unknown>>,
): void {
  const isDead = alone.read(pool.scratch(0)) === 1;
  if (isDead && isLate) alone.call("workerRecover", 0, 0);
  if (areBegun) {
    for (let number = 0; number < callers.length; number++) {
      const state = alone.read(pool.task(number)) & 7;
      const isWanted = pool.searching(alone).some((worker) =>
        pool.hasToken(alone, worker + 1)
      );
      alone.assert(
        state !== QUEUED || isWanted,
        `task ${number} was not begun, and nobody was woken for it`,
      );
    }
  }
  if (isDead) pool.reopen(alone, 0);
  const alive = Array.from({ length: workers }, (_, worker) => worker);
  for (const worker of alive) {
    const task = alone.read(pool.scratch(1 + worker));
    if (task !== 0) alone.call("workerFinish", worker, task, RETURNED);
  }
  pool.runRest(alone, alive);
  const outcomes = new Map<number, number>();
  for (const result of Object.values(results)) {
    if (!(result instanceof Map)) continue;
    for (const [number, outcome] of result) outcomes.set(number, outcome);
  }
  for (const caller of [0, ...alive.map((worker) => worker + 1)]) {
    pool.settle(alone, caller, outcomes);
  }
  callers.forEach((caller, number) => {
    const outcome = outcomes.get(number);
    const runs = alone.read(pool.runs(number));
    if (isDead && caller === 1) {
      alone.assert(runs <= 1, `task ${number} was run ${runs} times`);
      return;
    }
    alone.assert(outcome !== undefined, `task ${number} has no outcome`);
    if (outcome === RETURNED) {
      alone.assert(runs === 1, `task ${number} was run ${runs} times`);
    } else if (outcome === CRASHED) {
      alone.assert(isDead && runs <= 1, `task ${number} has crashed`);
    } else alone.assert(false, `task ${number} ended with ${outcome}`);
  });
  pool.checkQueues(alone);
  pool.checkTasks(alone, [0, ...alive.map((worker) => worker + 1)]);
}

/** Another worker that takes a task. The final check has it finish it. */
function taker(worker: number): (pool: PoolWorld) => Record<string, Body> {
  return (pool) => ({
    *other(t) {
      const member = memberOf(pool, t, worker + 1);
      const task = yield* t.call("workerNext", worker);
      if (task === 0) return;
      yield* callOf(member, task);
      yield* t.store(pool.scratch(1 + worker), task);
    },
  });
}

/** A worker that takes one task, sleeping until there is one. */
function busy(worker: number): DeathPlan["mortal"] {
  return (pool) =>
    function* (t) {
      const member = memberOf(pool, t, worker + 1);
      const task = yield* takeNext(member);
      yield* callOf(member, task);
      yield* t.store(pool.scratch(1 + worker), task);
    };
}

/** A caller that waits for tasks that were submitted already. */
function waiter(pool: PoolWorld, caller: number, ...numbers: number[]): Body {
  return function* (t) {
    const member = memberOf(pool, t, caller);
    for (const number of numbers) member.pending.set(pool.task(number), number);
    yield* waitForAll(member);
    return member.outcomes;
  };
}

/** Runs tasks that the worker has taken already. */
function finisher(...numbers: number[]): DeathPlan["mortal"] {
  return (pool) =>
    function* (t) {
      const member = memberOf(pool, t, 1);
      for (const number of numbers) yield* execute(member, pool.task(number));
    };
}

/** Takes tasks, so many. */
function runs(times: number): DeathPlan["mortal"] {
  return (pool) =>
    function* (t) {
      const member = memberOf(pool, t, 1);
      for (let time = 0; time < times; time++) {
        const task = yield* t.call("workerNext", 0);
        if (task !== 0) yield* execute(member, task);
      }
    };
}

function other(worker: number, times = 1): (pool: PoolWorld) => Record<string, Body> {
  return (pool) => ({
    *other(t) {
      const member = memberOf(pool, t, worker + 1);
      for (let time = 0; time < times; time++) {
        const task = yield* t.call("workerNext", worker);
        if (task !== 0) yield* execute(member, task);
      }
    },
  });
}

export const scenarios: readonly Entry[] = [
  deaths({
    name: "alone, with tasks of another",
    workers: 1,
    callers: [0, 0],
    prepare(alone, pool) {
      pool.submit(alone, 0, 0);
      pool.submit(alone, 0, 1);
    },
    mortal: runs(2),
  }),
  deaths({
    name: "alone, with tasks of its own",
    workers: 1,
    callers: [1, 1],
    prepare(alone, pool) {
      pool.spawn(alone, 0, 0);
      pool.spawn(alone, 0, 1);
    },
    mortal: runs(2),
  }),
  deaths({
    name: "beside one that takes from the same queue",
    workers: 2,
    callers: [0],
    prepare(alone, pool) {
      pool.submit(alone, 0, 0);
    },
    mortal: runs(1),
    others: other(1),
  }),
  deaths({
    name: "and steals",
    workers: 2,
    callers: [2, 2, 2],
    prepare(alone, pool) {
      for (const number of [0, 1, 2]) pool.spawn(alone, 1, number);
    },
    mortal: runs(1),
    others: other(1),
  }),
  deaths({
    name: "and is stolen from",
    workers: 2,
    callers: [1, 1],
    prepare(alone, pool) {
      for (const number of [0, 1]) pool.spawn(alone, 0, number);
    },
    mortal: runs(1),
    others: taker(1),
  }),
  deaths({
    name: "while another runs its task",
    workers: 2,
    callers: [1],
    prepare(alone, pool) {
      pool.spawn(alone, 0, 0);
    },
    mortal: () => function* () {},
    others: other(1),
  }),
  deaths({
    name: "when it is about to sleep",
    workers: 2,
    searched: [0],
    asleep: [1],
    callers: [0],
    areBegun: true,
    mortal: busy(0),
    before: 1,
    isLate: true,
    others: (pool) => ({ other: busy(1)(pool, {}) }),
    daemons: ["mortal", "other"],
  }),
  deaths({
    name: "asleep",
    workers: 2,
    asleep: [0, 1],
    callers: [0],
    areBegun: true,
    mortal: busy(0),
    before: 1,
    isLate: true,
    others: (pool) => ({ other: busy(1)(pool, {}) }),
    daemons: ["mortal", "other"],
  }),
  deaths({
    name: "as it is to wake another",
    workers: 2,
    asleep: [1],
    callers: [1],
    areBegun: true,
    mortal: (pool) =>
      function* (t) {
        const member = memberOf(pool, t, 1);
        yield* submit(member, 0);
      },
    others: (pool) => ({ other: busy(1)(pool, {}) }),
    daemons: ["other"],
  }),
  deaths({
    name: "as it finishes a task that its caller waits for",
    workers: 1,
    callers: [0],
    before: 1,
    prepare: (alone, pool) => void pool.take(alone, 0),
    mortal: finisher(0),
    others: (pool) => ({ creator: waiter(pool, 0, 0) }),
  }),
  deaths({
    name: "as it finishes two tasks of a caller that waits",
    workers: 1,
    callers: [0, 0],
    before: 2,
    prepare(alone, pool) {
      pool.take(alone, 0);
      pool.take(alone, 0);
    },
    mortal: finisher(0, 1),
    others: (pool) => ({ creator: waiter(pool, 0, 0, 1) }),
  }),
  deaths({
    name: "as it finishes a task that another worker waits for",
    workers: 2,
    callers: [2],
    prepare(alone, pool) {
      pool.spawn(alone, 1, 0);
      pool.take(alone, 0);
    },
    mortal: finisher(0),
    others: (pool) => ({ waiter: waiter(pool, 2, 0) }),
  }),
  deaths({
    name: "as it finishes a task that another worker joins",
    workers: 2,
    callers: [2],
    prepare(alone, pool) {
      pool.spawn(alone, 1, 0);
      pool.take(alone, 0);
    },
    mortal: finisher(0),
    others: (pool) => ({
      *joiner(t) {
        const member = memberOf(pool, t, 2);
        member.pending.set(pool.task(0), 0);
        yield* join(member, pool.task(0));
        return member.outcomes;
      },
    }),
    add: full,
  }),
  deaths({
    name: "as it collects its own tasks",
    workers: 2,
    callers: [1, 1, 1],
    prepare(alone, pool) {
      for (const number of [0, 1, 2]) pool.spawn(alone, 0, number);
      pool.runOne(alone, 1);
      pool.runOne(alone, 1);
      pool.take(alone, 1);
    },
    isLate: true,
    mortal: (pool) => waiter(pool, 1, 0, 1, 2),
    daemons: ["mortal"],
    others: (pool) => ({
      *other(t) {
        for (const number of [0, 1, 2]) {
          const task = pool.task(number);
          if (((yield* t.load(task)) & 7) !== RUNNING) continue;
          yield* execute(memberOf(pool, t, 2), task);
        }
      },
    }),
  }),
  deaths({
    name: "as it spawns more than its queue holds",
    workers: 2,
    ring: 2,
    callers: [1, 1, 1, 1],
    isLate: true,
    prepare(alone, pool) {
      for (const number of [0, 1, 2]) pool.spawn(alone, 0, number);
    },
    mortal: (pool) =>
      function* (t) {
        yield* spawn(memberOf(pool, t, 1), 3);
      },
    others: taker(1),
  }),
];
void [begin, drain, join, runBurst, sleep, spawn, submit, takeNext, waitForAll, work, OWN_WORDS, SHIPPED, SHIPPED_HOST, full, DROPPED];
