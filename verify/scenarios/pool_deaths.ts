// Workers that are terminated, at any point: what they had queued is run, what
// they ran has crashed, and the pool goes on as before.
//
// A host that says that a thread has ended has taken it out of its queues of
// sleepers: so a dead sleeper does not stay there, as elsewhere.

import {
  CRASHED,
  DROPPED,
  QUEUED,
  RETURNED,
  RUNNING,
} from "../../src/core/core.generated.ts";
import type {
  Alone,
  Body,
  Steps,
  ThreadContext,
} from "../../loom/src/scenario.ts";
import { type Entry, expectResults, full, pr } from "../entry.ts";
import {
  callOf,
  drain,
  execute,
  join,
  memberOf,
  open,
  recover as recoverWorker,
  spawn,
  submit,
  takeNext,
  waitForAll,
} from "../pool_facade.ts";
import { type PoolPlan, PoolWorld } from "../pool_world.ts";
import { type Place, SHIPPED, SHIPPED_HOST } from "../world.ts";

/** A thread of a plan. */
type Role = (pool: PoolWorld) => Body;

interface DeathPlan extends PoolPlan {
  readonly name: string;
  readonly prepare?: (alone: Alone, pool: PoolWorld) => void;
  /** The first worker, which may die; if there is none, it is dead already. */
  readonly mortal?: Role;
  readonly others?: Readonly<Record<string, Role>>;
  readonly daemons?: readonly string[];
  /** By their numbers, the callers of the tasks. */
  readonly callers: readonly number[];
  /** Whether it is repaired when all threads have ended, or sleep. */
  readonly isLate?: boolean;
  /** Whether all tasks have been begun then, or somebody was woken for them. */
  readonly areBegun?: boolean;
  readonly add?: typeof pr;
}

/** Where it is noted that the first worker is dead. */
const DEAD = 0;
/** And what the workers have taken, from here on. */
const TAKEN = 1;

/** A pool whose first worker may die, and is then repaired. */
function deaths(plan: DeathPlan): Entry {
  const { name, prepare, mortal, others = {}, daemons = [], add = pr } = plan;
  const pool = new PoolWorld(plan);
  const threads = Object.entries(others)
    .map(([name, role]): [string, Body] => [name, role(pool)]);
  const recover: Body = function* (t) {
    yield* t.store(pool.scratch(DEAD), 1);
    if (plan.isLate) return;
    yield* recoverWorker(memberOf(pool, t), 0);
  };
  return add({
    name: `a worker that dies ${name}`,
    setup(alone) {
      pool.setup(alone);
      for (let number = 0; number < pool.plan.before; number++) {
        pool.submit(alone, 0, number);
      }
      prepare?.(alone, pool);
    },
    threads: {
      ...(mortal ? { mortal: mortal(pool) } : { supervisor: recover }),
      ...Object.fromEntries(threads),
    },
    mortal: mortal ? ["mortal"] : [],
    daemons,
    recover,
    final: (alone, results) => checkAll(alone, pool, plan, results),
  }, { deaths: 1, deadSleepers: "leaves" });
}

function checkAll(
  alone: Alone,
  pool: PoolWorld,
  { callers, isLate = false, areBegun = false }: DeathPlan,
  results: Readonly<Record<string, unknown>>,
): void {
  const isDead = alone.read(pool.scratch(DEAD)) === 1;
  if (isDead && isLate) alone.call("workerRecover", 0, 0);
  if (areBegun) checkBegun(alone, pool, callers.length);
  if (isDead) {
    pool.reopen(alone, 0);
    alone.write(pool.scratch(TAKEN), 0);
  }
  const outcomes = new Map(
    Object.values(results).flatMap((it) => it instanceof Map ? [...it] : []),
  );
  finishAll(alone, pool, outcomes);
  callers.forEach((caller, number) => {
    const isMissing = outcomes.get(number) === undefined;
    if (isDead && caller === 1 && isMissing) return;
    checkOne(alone, pool, number, outcomes.get(number), isDead);
  });
  pool.checkQueues(alone);
  pool.checkTasks(alone, pool.callers);
  checkGoesOn(alone, pool);
}

/** Checks that no task is left to nobody. */
function checkBegun(alone: Alone, pool: PoolWorld, tasks: number): void {
  const isAnyWoken = pool.searching(alone)
    .some((worker) => pool.hasToken(alone, worker + 1));
  for (let number = 0; number < tasks; number++) {
    const isBegun = pool.state(alone, number) !== QUEUED;
    alone.assert(
      isBegun || isAnyWoken,
      `task ${number} was not begun, and nobody was woken for it`,
    );
  }
}

/** Has what is left be run, and all outcomes be collected. */
function finishAll(
  alone: Alone,
  pool: PoolWorld,
  outcomes: Map<number, number>,
): void {
  for (const worker of pool.workers) {
    const task = alone.read(pool.scratch(TAKEN + worker));
    if (task === 0) continue;
    alone.write(pool.scratch(TAKEN + worker), 0);
    alone.call("workerFinish", worker, task, RETURNED);
  }
  pool.runRest(alone, pool.workers);
  for (const caller of pool.callers) pool.settle(alone, caller, outcomes);
}

/** Checks that the outcome of a task is what it can be. */
function checkOne(
  alone: Alone,
  pool: PoolWorld,
  number: number,
  outcome: number | undefined,
  isDead: boolean,
): void {
  const runs = alone.read(pool.runs(number));
  const isRight = outcome === RETURNED && runs === 1 ||
    outcome === DROPPED && runs === 0 ||
    outcome === CRASHED && runs <= 1 && isDead;
  alone.assert(
    isRight,
    `task ${number} was run ${runs} times and ended with ${outcome}`,
  );
}

/** Checks that the pool still runs a task. */
function checkGoesOn(alone: Alone, pool: PoolWorld): void {
  const number = 20;
  pool.submit(alone, 0, number);
  const outcomes = new Map<number, number>();
  finishAll(alone, pool, outcomes);
  alone.assert(outcomes.get(number) === RETURNED, "the pool runs nothing more");
}

// ==== roles ====

/** A worker that looks for tasks so many times, and runs them. */
function runner(worker: number, times = 1): Role {
  return (pool) =>
    function* (t) {
      const member = memberOf(pool, t, worker + 1);
      for (let time = 0; time < times; time++) {
        const task = yield* t.call("workerNext", worker);
        if (task !== 0) yield* execute(member, task);
      }
    };
}

/** One that takes a task and never ends it. */
function taker(worker: number): Role {
  return (pool) =>
    function* (t) {
      const member = memberOf(pool, t, worker + 1);
      const task = yield* t.call("workerNext", worker);
      if (task === 0) return;
      yield* callOf(member, task);
      yield* t.store(pool.scratch(TAKEN + worker), task);
    };
}

/** The same, and sleeps until there is one. */
function sleeper(worker: number): Role {
  return (pool) =>
    function* (t) {
      const member = memberOf(pool, t, worker + 1);
      const task = yield* takeNext(member);
      yield* callOf(member, task);
      yield* t.store(pool.scratch(TAKEN + worker), task);
    };
}

/** A worker that runs tasks which it has taken already. */
function finisher(worker: number, ...numbers: number[]): Role {
  return (pool) =>
    function* (t) {
      const member = memberOf(pool, t, worker + 1);
      for (const number of numbers) {
        const task = pool.task(number);
        if (((yield* t.load(task)) & 7) === RUNNING) {
          yield* execute(member, task);
        }
      }
    };
}

/** A caller that waits for tasks that were submitted already. */
function waiter(caller: number, ...numbers: number[]): Role {
  return (pool) =>
    function* (t) {
      const member = memberOf(pool, t, caller);
      for (const number of numbers) {
        member.pending.set(pool.task(number), number);
      }
      yield* waitForAll(member);
      return member.outcomes;
    };
}

/** The first worker, which spawns. */
function spawner(...numbers: number[]): Role {
  return (pool) =>
    function* (t) {
      const member = memberOf(pool, t, 1);
      for (const number of numbers) yield* spawn(member, number);
    };
}

/** A worker that spawns tasks before the threads begin. */
function spawned(worker: number, ...numbers: number[]) {
  return (alone: Alone, pool: PoolWorld): void => {
    for (const number of numbers) pool.spawn(alone, worker, number);
  };
}

// ==== two deaths ====

/**
 * Two workers that died when their tasks were done and not delivered, one
 * repaired after the other, while the caller waits.
 */
function twoDeaths(where: string, isDelivered: boolean, add = pr): Entry {
  const pool = new PoolWorld({ workers: 2 });
  return add({
    name: `results of two dead workers come to their caller: ${where}`,
    setup(alone) {
      pool.setup(alone);
      for (const number of [0, 1]) {
        pool.submit(alone, 0, number);
        const task = pool.take(alone, number);
        if (isDelivered && number === 0) pool.finish(alone, 0, task);
        else pool.finishHalf(alone, task);
      }
    },
    threads: {
      *supervisor(t) {
        yield* t.call("workerRecover", 0, 0);
        yield* t.call("workerRecover", 1, 0);
      },
      *creator(t) {
        const outcomes = yield* waiter(0, 0, 1)(pool)(t);
        return [...(outcomes as Map<number, number>).values()].join();
      },
    },
    final(alone, results) {
      const both = `${RETURNED},${RETURNED}`;
      expectResults(alone, results, { creator: [both] });
      pool.settle(alone, 0, new Map());
      pool.checkTasks(alone);
    },
  });
}

/**
 * A task whose owner has died, and then its worker, before it could free it; and
 * another thread may be in the owner's place.
 */
function orphan(where: string, isReopened: boolean): Entry {
  const pool = new PoolWorld({ workers: 2 });
  return pr({
    name: `a dead owner's task is freed, whose worker has died: ${where}`,
    setup(alone) {
      pool.setup(alone);
      pool.spawn(alone, 0, 0);
      const task = pool.take(alone, 1);
      alone.call("workerRecover", 0, 0);
      if (isReopened) pool.reopen(alone, 0);
      pool.finishHalf(alone, task);
    },
    threads: {
      *supervisor(t) {
        yield* t.call("workerRecover", 1, 0);
      },
      *owner(t) {
        if (isReopened) yield* drain(memberOf(pool, t, 1));
      },
    },
    final(alone) {
      if (isReopened) pool.settle(alone, 1, new Map());
      pool.checkTasks(alone);
    },
  });
}

/** Claims a parker. */
function* claim(t: ThreadContext): Steps<Place> {
  const address = yield* t.call("parkerClaim", 9);
  return { address, claim: yield* t.call("parkerBase", address) };
}

/** A result that comes as its worker dies, when its caller has begun to look. */
function lastWord(): Entry {
  const pool = new PoolWorld({ workers: 2 });
  return pr({
    name: "a dead worker's last result comes to its caller once",
    setup(alone) {
      pool.setup(alone);
      for (const number of [0, 1]) {
        pool.submit(alone, 0, number);
        pool.take(alone, number);
      }
      pool.finish(alone, 1, pool.task(1));
    },
    threads: {
      *supervisor(t) {
        yield* execute(memberOf(pool, t, 1), pool.task(0));
        yield* t.call("workerRecover", 0, 0);
      },
      *creator(t) {
        const outcomes = yield* waiter(0, 0, 1)(pool)(t);
        return (outcomes as Map<number, number>).size;
      },
    },
    final(alone, results) {
      expectResults(alone, results, { creator: [2] });
      pool.settle(alone, 0, new Map());
      pool.checkTasks(alone);
    },
  });
}

/** A dead worker's list, whose tasks are in use again as soon as they are free. */
function reused(): Entry {
  const pool = new PoolWorld({ workers: 2, tasks: 1 });
  return pr({
    name: "what is in a dead worker's list is freed once",
    setup(alone) {
      pool.setup(alone);
      pool.spawn(alone, 0, 0);
      pool.runOne(alone, 0);
    },
    threads: {
      *supervisor(t) {
        yield* t.call("workerRecover", 0, 0);
      },
      *other(t) {
        const task = yield* t.call("taskClaim", 2);
        if (task === 0) return;
        yield* t.plainStore(task + 20, 1);
        yield* t.call("taskSubmit", 2, task, 1);
        yield* t.add(pool.runs(1), -1);
      },
    },
    final(alone) {
      // Submitted, and run: or neither.
      pool.runRest(alone, [1]);
      pool.checkRuns(alone, [1, 0]);
      pool.settle(alone, 2, new Map());
      pool.checkTasks(alone);
    },
  });
}

/** The driver is free again, though the dead worker slept in it. */
function inDriver(): Entry {
  const pool = new PoolWorld({ workers: 2, tasks: 1 });
  const parker = pool.parkerOf(1).address;
  return pr({
    name: "a worker that died in the driver leaves it to others",
    setup(alone) {
      pool.setup(alone);
      alone.call("driverTake", parker);
    },
    threads: {
      *supervisor(t) {
        yield* t.call("workerRecover", 0, 0);
        return yield* t.call("driverTake", pool.parkerOf(2).address);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { supervisor: [1] });
      pool.checkTasks(alone);
    },
  });
}

/** An orphan that is delivered when another thread is in its owner's place. */
function successor(): Entry {
  const pool = new PoolWorld({ workers: 2 });
  return pr({
    name: "a successor discards what comes for its predecessor",
    setup(alone) {
      pool.setup(alone);
      pool.spawn(alone, 0, 0);
      pool.take(alone, 1);
    },
    threads: {
      *supervisor(t) {
        yield* t.call("workerRecover", 0, 0);
        const member = memberOf(pool, t, 1);
        yield* open({ ...member, place: yield* claim(t) });
        // It has none of its own: so it sees to what is there, and that is all.
        yield* waitForAll(member);
      },
      finisher: finisher(1, 0)(pool),
    },
    final(alone) {
      pool.settle(alone, 1, new Map());
      pool.checkRuns(alone, [1]);
      pool.checkTasks(alone);
    },
  });
}

export const scenarios: readonly Entry[] = [
  // In the queues.
  deaths({
    name: "alone, with tasks of another",
    workers: 1,
    callers: [0, 0],
    before: 2,
    mortal: runner(0, 2),
  }),
  deaths({
    name: "alone, with tasks of its own",
    workers: 1,
    callers: [1, 1],
    prepare: spawned(0, 0, 1),
    mortal: runner(0, 2),
  }),
  deaths({
    name: "alone, with a task that was cancelled",
    workers: 1,
    callers: [0, 0],
    before: 2,
    prepare: (alone, pool) => void alone.call("taskCancel", pool.task(0)),
    mortal: runner(0),
  }),
  deaths({
    name: "beside one that takes from the same queue",
    workers: 2,
    callers: [0],
    before: 1,
    isLate: true,
    mortal: runner(0),
    others: { other: runner(1) },
  }),
  deaths({
    name: "and steals",
    workers: 2,
    callers: [2, 2, 2],
    prepare: spawned(1, 0, 1, 2),
    mortal: runner(0),
    others: { owner: runner(1) },
  }),
  deaths({
    name: "and steals from the LIFO slot",
    workers: 2,
    callers: [2],
    prepare: spawned(1, 0),
    mortal: runner(0),
    others: { owner: runner(1) },
  }),
  deaths({
    name: "and is stolen from",
    workers: 2,
    callers: [1, 1, 1],
    prepare: spawned(0, 0, 1, 2),
    isLate: true,
    mortal: runner(0),
    others: { thief: taker(1) },
  }),
  deaths({
    name: "and is stolen from as it is repaired",
    workers: 2,
    callers: [1, 1],
    prepare: spawned(0, 0, 1),
    others: { thief: taker(1) },
  }),
  deaths({
    name: "in a task whose entry is found as it is repaired",
    workers: 2,
    callers: [1],
    prepare(alone, pool) {
      pool.submit(alone, 1, 0, 0);
      // The entry stays where it is.
      alone.call("workerTakeBack", 0, pool.task(0));
    },
    others: { thief: taker(1) },
  }),
  deaths({
    name: "as it spawns more than its queue holds",
    workers: 2,
    ring: 2,
    callers: [1, 1, 1, 1],
    prepare: spawned(0, 0, 1, 2),
    isLate: true,
    mortal: spawner(3),
    others: { thief: taker(1) },
  }),
  deaths({
    name: "as it ends its LIFO slot's turn",
    workers: 1,
    tasks: 6,
    callers: [1, 1, 1, 1, 1],
    prepare(alone, pool) {
      for (const number of [0, 1, 2]) {
        pool.spawn(alone, 0, number);
        pool.runOne(alone, 0);
      }
      spawned(0, 3, 4)(alone, pool);
    },
    mortal: runner(0),
  }),
  deaths({
    name: "as it gives back a task that it has taken",
    workers: 2,
    callers: [0],
    before: 1,
    isLate: true,
    mortal: () =>
      function* (t) {
        const task = yield* t.call("workerNext", 0);
        if (task === 0) return;
        // One that it cannot run, as a join blocks its event loop.
        yield* t.call("workerGiveBack", 0, task);
      },
    others: { other: runner(1) },
  }),
  // Between two sleeps.
  deaths({
    name: "when it is about to sleep",
    workers: 2,
    searched: [0],
    asleep: [1],
    callers: [0],
    before: 1,
    isLate: true,
    areBegun: true,
    mortal: sleeper(0),
    others: { other: sleeper(1) },
    daemons: ["mortal", "other"],
  }),
  deaths({
    name: "asleep",
    workers: 2,
    asleep: [0, 1],
    callers: [0],
    before: 1,
    isLate: true,
    areBegun: true,
    mortal: sleeper(0),
    others: { other: sleeper(1) },
    daemons: ["mortal", "other"],
  }),
  deaths({
    name: "asleep, with a driver for timers",
    flags: SHIPPED,
    workers: 1,
    asleep: [0],
    callers: [],
    mortal: sleeper(0),
    daemons: ["mortal"],
  }),
  deaths({
    name: "as it is to wake another",
    workers: 2,
    asleep: [1],
    callers: [1],
    areBegun: true,
    mortal: (pool) =>
      function* (t) {
        yield* submit(memberOf(pool, t, 1), 0);
      },
    others: { other: sleeper(1) },
    daemons: ["other"],
  }),
  deaths({
    name: "as it spawns, and is to wake another",
    workers: 2,
    asleep: [1],
    callers: [1],
    isLate: true,
    areBegun: true,
    mortal: spawner(0),
    others: { other: sleeper(1) },
    daemons: ["other"],
  }),
  // As it begins, and as it ends.
  deaths({
    name: "as it begins",
    workers: 1,
    closed: [0],
    callers: [],
    prepare(alone, pool) {
      const { address, claim } = pool.parkerOf(1);
      alone.call("callerOpen", 1, address, claim);
    },
    mortal: () =>
      function* (t) {
        yield* t.call("workerOpen", 0, 2);
      },
  }),
  deaths({
    name: "as it ends",
    workers: 2,
    searched: [0],
    asleep: [1],
    callers: [0],
    before: 1,
    isLate: true,
    areBegun: true,
    mortal: () =>
      function* (t) {
        yield* t.call("workerClose", 0);
      },
    others: { other: sleeper(1) },
    daemons: ["other"],
  }),
  // With results.
  deaths({
    name: "as it finishes a task that its caller waits for",
    workers: 1,
    callers: [0],
    before: 1,
    prepare: (alone, pool) => void pool.take(alone, 0),
    mortal: finisher(0, 0),
    others: { creator: waiter(0, 0) },
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
    mortal: finisher(0, 0, 1),
    others: { creator: waiter(0, 0, 1) },
    add: full,
  }),
  deaths({
    name: "as it finishes a task that another worker waits for",
    workers: 2,
    callers: [2],
    prepare(alone, pool) {
      pool.spawn(alone, 1, 0);
      pool.take(alone, 0);
    },
    mortal: finisher(0, 0),
    others: { waiter: waiter(2, 0) },
  }),
  deaths({
    name: "as it finishes a task that another worker waits for by futex",
    flags: SHIPPED_HOST,
    workers: 2,
    callers: [2],
    prepare(alone, pool) {
      pool.spawn(alone, 1, 0);
      pool.take(alone, 0);
    },
    mortal: finisher(0, 0),
    others: { waiter: waiter(2, 0) },
  }),
  deaths({
    name: "as it finishes a task that another worker joins",
    workers: 2,
    callers: [2],
    prepare(alone, pool) {
      pool.spawn(alone, 1, 0);
      pool.take(alone, 0);
    },
    mortal: finisher(0, 0),
    others: {
      joiner: (pool) =>
        function* (t) {
          const member = memberOf(pool, t, 2);
          member.pending.set(pool.task(0), 0);
          yield* join(member, pool.task(0));
          return member.outcomes;
        },
    },
    add: full,
  }),
  deaths({
    name: "while another runs its task",
    workers: 2,
    callers: [1],
    prepare: spawned(0, 0),
    others: { other: runner(1) },
  }),
  deaths({
    name: "as it collects its own tasks",
    workers: 2,
    callers: [1, 1, 1],
    prepare(alone, pool) {
      spawned(0, 0, 1, 2)(alone, pool);
      pool.runOne(alone, 1);
      pool.runOne(alone, 1);
      pool.take(alone, 1);
    },
    isLate: true,
    mortal: waiter(1, 0, 1, 2),
    others: { other: finisher(1, 0, 1, 2) },
    daemons: ["mortal"],
  }),
  twoDeaths("both were not delivered", false),
  twoDeaths("one was delivered", true),
  orphan("nobody is in the owner's place", false),
  orphan("another thread is in the owner's place", true),
  lastWord(),
  reused(),
  inDriver(),
  successor(),
];
