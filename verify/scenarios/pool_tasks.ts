// The record of a task, from its claim to its collection: who runs it, who takes
// it back, who gets what came of it.

import { DROPPED, RETURNED } from "../../src/core/core.generated.ts";
import type { Alone, Body, Steps } from "../../loom/src/scenario.ts";
import { type Entry, expectResults, full, pr } from "../entry.ts";
import {
  drain,
  execute,
  join,
  joinOn,
  type Member,
  memberOf,
  runBurst,
  spawn,
  submit,
  submitAll,
  type TaskBodies,
  waitForAll,
} from "../pool_facade.ts";
import { type PoolPlan, PoolWorld } from "../pool_world.ts";
import { SHIPPED_HOST } from "../world.ts";

interface TasksPlan extends PoolPlan {
  readonly name: string;
  readonly prepare?: (alone: Alone, pool: PoolWorld) => void;
  readonly bodies?: TaskBodies;
  readonly threads: (
    pool: PoolWorld,
    bodies: TaskBodies,
  ) => Record<string, Body>;
  readonly results?: Readonly<Record<string, readonly unknown[]>>;
  /** How often each task is run. */
  readonly runs: readonly number[] | undefined;
  readonly add?: typeof pr;
}

/** Threads that are awake, and tasks that are all free in the end. */
function tasks(plan: TasksPlan): Entry {
  const { name, prepare, bodies = {}, results = {}, runs, add = pr } = plan;
  const pool = new PoolWorld(plan);
  return add({
    name,
    setup(alone) {
      pool.setup(alone);
      for (let number = 0; number < (plan.before ?? 0); number++) {
        pool.submit(alone, 0, number);
      }
      prepare?.(alone, pool);
    },
    threads: plan.threads(pool, bodies),
    final(alone, found) {
      expectResults(alone, found, results);
      pool.checkEntries(alone);
      pool.runRest(alone, pool.workers);
      for (const caller of pool.callers) pool.settle(alone, caller, new Map());
      if (runs) pool.checkRuns(alone, runs);
      pool.checkQueues(alone);
      pool.checkTasks(alone, pool.callers);
    },
  });
}

/** A caller that waits for tasks that were submitted already. */
function waiter(pool: PoolWorld, caller: number, ...numbers: number[]): Body {
  return function* (t) {
    const member = memberOf(pool, t, caller);
    for (const number of numbers) member.pending.set(pool.task(number), number);
    yield* waitForAll(member);
    return [...member.outcomes.values()].join();
  };
}

/** A worker that takes a task, if there is one, and runs it. */
function runner(
  pool: PoolWorld,
  worker: number,
  bodies: TaskBodies = {},
): Body {
  return function* (t) {
    const member = memberOf(pool, t, worker + 1, bodies);
    const task = yield* t.call("workerNext", worker);
    if (task !== 0) yield* execute(member, task);
  };
}

/** A worker that has taken the task already. */
function finisher(pool: PoolWorld, worker: number, number: number): Body {
  return (t) => execute(memberOf(pool, t, worker + 1), pool.task(number));
}

const OK = `${RETURNED}`;

/** Two workers that bring their results to one caller. */
function brings(where: string, plan: Partial<TasksPlan> = {}): Entry {
  return tasks({
    name: `two results come to a caller that waits for both: ${where}`,
    workers: 2,
    before: 2,
    prepare(alone, pool) {
      pool.take(alone, 0);
      pool.take(alone, 1);
    },
    threads: (pool) => ({
      creator: waiter(pool, 0, 0, 1),
      worker: finisher(pool, 0, 0),
      other: finisher(pool, 1, 1),
    }),
    results: { creator: [`${OK},${OK}`] },
    runs: [1, 1],
    ...plan,
  });
}

const cancels = tasks({
  name: "a task that is cancelled is dropped, or has been taken",
  workers: 2,
  before: 1,
  threads: (pool) => ({
    *creator(t) {
      const isCancelled = yield* t.call("taskCancel", pool.task(0));
      const outcome = yield* waiter(pool, 0, 0)(t);
      const expected = isCancelled ? DROPPED : RETURNED;
      t.assert(outcome === `${expected}`, `the outcome is ${outcome}`);
      const runs = yield* t.load(pool.runs(0));
      t.assert(runs === (isCancelled ? 0 : 1), `it was run ${runs} times`);
    },
    worker: runner(pool, 0),
    *other(t) {
      const member = memberOf(pool, t, 2);
      yield* runBurst(member);
    },
  }),
  runs: undefined,
});

const claims = tasks({
  name: "two callers claim two tasks, and the third is refused",
  workers: 2,
  tasks: 2,
  threads: () => ({
    *creator(t) {
      return yield* t.call("taskClaim", 0);
    },
    *worker(t) {
      const first = yield* t.call("taskClaim", 1);
      const second = yield* t.call("taskClaim", 1);
      t.assert(first !== 0 || second === 0, "the first was refused");
      return [first, second].join();
    },
  }),
  runs: [],
});

const listed = tasks({
  name: "a task that an entry names is not claimed again",
  workers: 3,
  tasks: 2,
  prepare(alone, pool) {
    pool.spawn(alone, 0, 0);
    pool.spawn(alone, 0, 1);
  },
  threads: (pool) => ({
    *owner(t) {
      // In its queue, behind the LIFO slot's.
      const task = pool.task(0);
      if (!(yield* t.call("workerTakeBack", 0, task))) return;
      yield* t.add(pool.runs(0), 1);
      if (!(yield* t.call("taskCollect", task))) {
        yield* t.call("taskFree", task);
        return;
      }
      // The thief has removed the entry.
      yield* t.plainStore(task + 20, 3);
      yield* t.call("taskSubmit", 1, task, 0);
    },
    *other(t) {
      const task = yield* t.call("taskClaim", 3);
      if (task === 0) return;
      // The thief may have its old entry, and must find nothing there.
      yield* t.plainStore(task + 20, 2);
      yield* t.call("taskSubmit", 3, task, 0);
    },
    thief: runner(pool, 1),
  }),
  runs: undefined,
});

/** A worker that joins tasks that it has spawned already. */
function joiner(pool: PoolWorld, ...numbers: number[]): Body {
  return function* (t) {
    const member = memberOf(pool, t, 1);
    for (const number of numbers) member.pending.set(pool.task(number), number);
    for (const number of numbers) yield* join(member, pool.task(number));
    return [...member.outcomes.values()].join();
  };
}

function joins(where: string, numbers: readonly number[], add = pr): Entry {
  return tasks({
    name: `a task joins what it has spawned, ${where}, beside a thief`,
    workers: 2,
    prepare(alone, pool) {
      for (const number of numbers.toSorted()) pool.spawn(alone, 0, number);
    },
    threads: (pool) => ({
      owner: joiner(pool, ...numbers),
      thief: runner(pool, 1),
    }),
    results: { owner: [numbers.map(() => OK).join()] },
    runs: numbers.map(() => 1),
    add,
  });
}

/** A task that spawns two, and waits for them. */
const nested: TaskBodies = {
  *0(worker) {
    const first = yield* spawn(worker, 1);
    const second = yield* spawn(worker, 2);
    yield* join(worker, second);
    yield* join(worker, first);
    worker.me.t.assert(worker.outcomes.size === 2, "a join has no outcome");
  },
};

const nestedJoins = tasks({
  name: "a task runs what it cannot spawn, and joins what it can",
  workers: 2,
  tasks: 2,
  before: 1,
  bodies: nested,
  threads: (pool, bodies) => ({
    worker: runner(pool, 0, bodies),
    thief: runner(pool, 1, bodies),
  }),
  runs: [1, 1, 1],
  add: full,
});

const joinsCancelled = tasks({
  name: "a task that was spawned and cancelled comes back as dropped",
  workers: 2,
  prepare(alone, pool) {
    pool.spawn(alone, 0, 0);
  },
  threads: (pool) => ({
    *owner(t) {
      const isCancelled = yield* t.call("taskCancel", pool.task(0));
      const outcome = yield* joiner(pool, 0)(t);
      return outcome === `${isCancelled ? DROPPED : RETURNED}`;
    },
    thief: runner(pool, 1),
  }),
  results: { owner: [true] },
  runs: undefined,
});

/** Each has taken what the other one waits for, and must not run it. */
const joinsAsync = tasks({
  name: "two tasks wait for asynchronous ones, and no event loop is free",
  workers: 2,
  prepare(alone, pool) {
    pool.submit(alone, 2, 0);
    pool.submit(alone, 1, 1);
    pool.take(alone, 0);
    pool.take(alone, 1);
  },
  threads: (pool) => ({
    one: asyncJoiner(pool, 0, 1),
    other: asyncJoiner(pool, 1, 0),
  }),
  results: { one: [OK], other: [OK] },
  runs: [1, 1],
});

/** A worker that waits for a task, and has taken another one meanwhile. */
function asyncJoiner(pool: PoolWorld, worker: number, number: number): Body {
  return function* (t) {
    const member = memberOf(pool, t, worker + 1);
    const task = pool.task(number);
    member.pending.set(task, number);
    yield* joinOn(member, task, pool.task(1 - number));
    return [...member.outcomes.values()].join();
  };
}

/** One that pushes reads the tail, and then others go round the whole queue. */
function lateBy(who: string, push: (slow: Member) => Steps<unknown>): Entry {
  const last = 3;
  const slow = who === "a worker" ? 2 : 0;
  return tasks({
    name: `what ${who} pushes late replaces nothing of the next lap`,
    workers: 2,
    tasks: 2,
    prepare: (alone, pool) => pool.setSlots(alone, 2),
    threads: (pool) => ({
      *slow(t) {
        yield* push(memberOf(pool, t, slow));
      },
      *others(t) {
        const caller = memberOf(pool, t, slow === 0 ? 2 : 0);
        const worker = memberOf(pool, t, 1);
        for (let number = 1; number <= last; number++) {
          yield* submit(caller, number);
          if (number === last) return;
          yield* runBurst(worker);
          yield* drain(caller);
        }
      },
    }),
    runs: Array.from({ length: last + 1 }, () => 1),
  });
}

/** The pool's creator pushes many, and a worker one between. */
const batchBeside = tasks({
  name: "a batch is pushed beside another task, and no entry is lost",
  workers: 2,
  threads: (pool) => ({
    *creator(t) {
      yield* submitAll(memberOf(pool, t), [0, 1, 2]);
    },
    *worker(t) {
      yield* submit(memberOf(pool, t, 2), 3);
    },
  }),
  runs: [1, 1, 1, 1],
});

/** A task is in another list, by its link, as soon as it is done. */
const batchTaken = tasks({
  name: "a batch is pushed while a worker takes from it",
  workers: 1,
  threads: (pool) => ({
    *creator(t) {
      yield* submitAll(memberOf(pool, t), [0, 1]);
    },
    *worker(t) {
      yield* runBurst(memberOf(pool, t, 1));
    },
  }),
  runs: [1, 1],
});

export const scenarios: readonly Entry[] = [
  brings("by futex"),
  brings("and wakes itself", { flags: SHIPPED_HOST }),
  cancels,
  claims,
  listed,
  joins("one", [0]),
  joins("the last first", [1, 0], full),
  joinsCancelled,
  lateBy("a worker", (slow) => submit(slow, 0)),
  lateBy("the creator", (slow) => submitAll(slow, [0])),
  batchBeside,
  batchTaken,
  joinsAsync,
  nestedJoins,
];
