// Run queues and injection queues: whoever pushes, pops, steals or overflows,
// every task is taken once, and nobody waits for anybody.

import type { Alone, Body, Steps } from "../../loom/src/scenario.ts";
import { type Entry, full, pr } from "../entry.ts";
import {
  callOf,
  type Member,
  memberOf,
  spawn,
  submit,
} from "../pool_facade.ts";
import { type PoolPlan, PoolWorld } from "../pool_world.ts";

/** Where counters of 16 bits are about to wrap around. */
const LATE = 0xffff;
/** And positions of 32 bits. */
const LAST = -1;

interface QueuePlan extends PoolPlan {
  readonly name: string;
  /** Which worker spawns each of the first tasks, before the threads begin. */
  readonly spawned?: readonly number[];
  /** Which caller submits each of the next. */
  readonly submitted?: readonly number[];
  /** Tasks that the threads add. */
  readonly more?: number;
  /** What the run queues' counters begin with. */
  readonly counters?: number;
  /** What the injection queues' positions begin with. */
  readonly positions?: number;
  readonly prepare?: (alone: Alone, pool: PoolWorld) => void;
  readonly threads: (pool: PoolWorld) => Record<string, Body>;
  /** Whether there are entries that name nothing. */
  readonly isStale?: boolean;
  readonly check?: (alone: Alone, pool: PoolWorld) => void;
  readonly add?: typeof pr;
}

/** Workers that are all awake, and tasks that are queued already. */
function queues(plan: QueuePlan): Entry {
  const { name, spawned = [], submitted = [], more = 0 } = plan;
  const { threads, add = pr } = plan;
  const tasks = spawned.length + submitted.length + more;
  const pool = new PoolWorld({ tasks, ...plan });
  return add({
    name,
    setup(alone) {
      pool.setup(alone);
      pool.setCounters(alone, plan.counters ?? 0);
      pool.setPositions(alone, plan.positions ?? 0);
      spawned.forEach((worker, number) => pool.spawn(alone, worker, number));
      submitted.forEach((caller, place) =>
        pool.submit(alone, caller, spawned.length + place)
      );
      plan.prepare?.(alone, pool);
    },
    threads: threads(pool),
    final(alone) {
      plan.check?.(alone, pool);
      if (!plan.isStale) pool.checkEntries(alone);
      checkAll(alone, pool, tasks);
    },
  });
}

/** Has what is left be taken, and checks that all tasks were, once. */
function checkAll(
  alone: Alone,
  pool: PoolWorld,
  tasks: number,
): void {
  pool.runRest(alone, pool.workers);
  pool.checkRuns(alone, Array.from({ length: tasks }, () => 1));
  pool.checkQueues(alone);
}

/** Looks for tasks so many times. Returns how many it took. */
function* take(member: Member, times = 1): Steps {
  let taken = 0;
  for (let time = 0; time < times; time++) {
    const task = yield* member.me.t.call("workerNext", member.worker);
    if (task === 0) continue;
    yield* callOf(member, task);
    taken++;
  }
  return taken;
}

/** A worker that takes. */
function taker(pool: PoolWorld, worker: number, times = 1): Body {
  return (t) => take(memberOf(pool, t, worker + 1), times);
}

/** A worker that spawns the tasks with these numbers. */
function spawner(pool: PoolWorld, ...numbers: number[]): Body {
  return function* (t) {
    const member = memberOf(pool, t, 1);
    for (const number of numbers) yield* spawn(member, number);
  };
}

/** A caller that submits them. */
function submitter(
  pool: PoolWorld,
  caller: number,
  ...numbers: number[]
): Body {
  return function* (t) {
    const member = memberOf(pool, t, caller);
    for (const number of numbers) yield* submit(member, number);
  };
}

// ==== one thread ====

const halves = queues({
  name: "a full queue sends half of itself away",
  workers: 1,
  more: 6,
  threads: (pool) => ({ owner: spawner(pool, 0, 1, 2, 3, 4, 5) }),
  check(alone, pool) {
    const injected = alone.call("injectLength", 1);
    alone.assert(injected === 2, `${injected} are injected`);
    const lengths = [pool.entries(alone, 0), pool.entries(alone, 0, "lifo")];
    alone.assert(lengths.join() === "3,1", `${lengths} are left`);
  },
});

const stealsHalf = queues({
  name: "a thief takes half, rounded up, and runs one of it",
  workers: 2,
  spawned: [0, 0, 0, 0],
  threads: (pool) => ({ thief: taker(pool, 1) }),
  check(alone, pool) {
    const lengths = [pool.entries(alone, 0), pool.entries(alone, 1)];
    alone.assert(lengths.join() === "1,1", `${lengths} are left`);
  },
});

const batchStays = queues({
  name: "what was fetched in a batch is not sent away again",
  workers: 1,
  ring: 8,
  submitted: [0, 0, 0, 0],
  more: 7,
  threads: (pool) => ({
    *owner(t) {
      const member = memberOf(pool, t, 1);
      yield* take(member);
      for (let number = 4; number < 11; number++) yield* spawn(member, number);
      // The last one spawned, and then the batch.
      yield* take(member, 4);
      for (const number of [10, 1, 2, 3]) {
        const runs = yield* t.load(pool.runs(number));
        t.assert(runs === 1, `task ${number} has not run yet`);
      }
    },
  }),
});

const priorities = queues({
  name: "each priority has its turn, whatever else there is",
  workers: 1,
  tasks: 5,
  spawned: [0, 0],
  more: 3,
  prepare(alone, pool) {
    pool.submit(alone, 0, 2, 0);
    pool.submit(alone, 0, 3, 1);
    pool.submit(alone, 0, 4, 2);
    pool.setTick(alone, 0, 60);
  },
  threads: (pool) => ({
    *owner(t) {
      const member = memberOf(pool, t, 1);
      // The lowest, since one in so many is; the highest; the worker's own.
      for (const number of [4, 2, 1, 0, 3]) {
        yield* take(member);
        const runs = yield* t.load(pool.runs(number));
        t.assert(runs === 1, `task ${number} has not run yet`);
      }
    },
  }),
});

// ==== owner and thieves ====

const ownerAndThief = queues({
  name: "an owner and a thief take every entry once",
  workers: 2,
  spawned: [0, 0, 0, 0],
  counters: LATE,
  threads: (pool) => ({ owner: taker(pool, 0, 3), thief: taker(pool, 1) }),
});

const twoThieves = queues({
  name: "two thieves take every entry once",
  workers: 3,
  spawned: [0, 0, 0, 0],
  counters: LATE,
  threads: (pool) => ({ thief: taker(pool, 1), other: taker(pool, 2) }),
});

const thievesAndOwner = queues({
  name: "two thieves and an owner take every entry once",
  workers: 3,
  spawned: [0, 0, 0],
  counters: LATE,
  threads: (pool) => ({
    owner: taker(pool, 0),
    thief: taker(pool, 1),
    other: taker(pool, 2),
  }),
  add: full,
});

const overflow = queues({
  name: "an overflow beside a thief loses nothing and doubles nothing",
  workers: 2,
  ring: 2,
  spawned: [0, 0, 0],
  more: 2,
  counters: LATE,
  threads: (pool) => ({ owner: spawner(pool, 3, 4), thief: taker(pool, 1) }),
});

const emptied = queues({
  name: "thieves empty a queue that its owner has found full",
  workers: 2,
  ring: 2,
  spawned: [0, 0, 0],
  more: 2,
  counters: LATE,
  threads: (pool) => ({ owner: spawner(pool, 3, 4), thief: taker(pool, 1, 2) }),
});

const spawnAndPop = queues({
  name: "an owner spawns and pops beside a thief",
  workers: 2,
  ring: 2,
  spawned: [0, 0],
  more: 1,
  counters: LATE,
  threads: (pool) => ({
    *owner(t) {
      const member = memberOf(pool, t, 1);
      yield* spawn(member, 2);
      yield* take(member);
    },
    thief: taker(pool, 1),
  }),
});

const lifoLimit = queues({
  name: "the LIFO slot's turn ends beside a thief",
  workers: 2,
  spawned: [0],
  more: 3,
  prepare(alone, pool) {
    // Three in a row from the slot.
    for (const number of [1, 2, 3]) {
      pool.runOne(alone, 0);
      pool.spawn(alone, 0, number);
    }
  },
  threads: (pool) => ({ owner: taker(pool, 0, 2), thief: taker(pool, 1) }),
});

// ==== taking back ====

/** The owner takes back a task that it spawned, beside a thief. */
function takesBack(where: string, number: number): Entry {
  return queues({
    name: `a worker takes back what it has spawned beside a thief: ${where}`,
    workers: 2,
    spawned: [0, 0, 0],
    counters: LATE,
    threads: (pool) => ({
      *owner(t) {
        const member = memberOf(pool, t, 1);
        const task = pool.task(number);
        if (yield* t.call("workerTakeBack", 0, task)) {
          yield* callOf(member, task);
        }
        yield* take(member);
      },
      thief: taker(pool, 1),
    }),
  });
}

const cancelled = queues({
  name: "a task is cancelled, stolen or taken back, and one of these only",
  workers: 2,
  spawned: [0],
  threads: (pool) => ({
    *owner(t) {
      const member = memberOf(pool, t, 1);
      const task = pool.task(0);
      const isCancelled = yield* t.call("taskCancel", task);
      const isBack = yield* t.call("workerTakeBack", 0, task);
      t.assert(!(isCancelled && isBack), "a cancelled task is taken back");
      if (isBack) yield* callOf(member, task);
      yield* t.store(pool.scratch(0), isCancelled);
    },
    thief: taker(pool, 1),
  }),
  check(alone, pool) {
    // So that it has one end, whichever.
    const isCancelled = alone.read(pool.scratch(0));
    alone.write(pool.runs(0), alone.read(pool.runs(0)) + isCancelled);
  },
});

// ==== injection queues ====

const producers = queues({
  name: "two producers of an injection queue, and a consumer",
  workers: 2,
  more: 2,
  positions: LAST,
  threads: (pool) => ({
    creator: submitter(pool, 0, 0),
    producer: submitter(pool, 2, 1),
    consumer: taker(pool, 0),
  }),
});

const consumers = queues({
  name: "two consumers of an injection queue, and a producer",
  workers: 3,
  submitted: [0],
  more: 1,
  positions: LAST,
  threads: (pool) => ({
    creator: submitter(pool, 0, 1),
    consumer: taker(pool, 0),
    other: taker(pool, 1),
  }),
});

const batches = queues({
  name: "two consumers fetch batches from an injection queue",
  workers: 2,
  submitted: [0, 0, 0],
  positions: LAST,
  threads: (pool) => ({ consumer: taker(pool, 0), other: taker(pool, 1) }),
});

const fullOfStale = queues({
  name: "a queue that is full of old entries sends work to another one",
  workers: 2,
  tasks: 2,
  more: 1,
  isStale: true,
  prepare: (alone, pool) => pool.fill(alone, 1),
  threads: (pool) => ({
    creator: submitter(pool, 0, 0),
    consumer: taker(pool, 0),
  }),
});

export const scenarios: readonly Entry[] = [
  halves,
  stealsHalf,
  batchStays,
  priorities,
  ownerAndThief,
  twoThieves,
  thievesAndOwner,
  overflow,
  emptied,
  spawnAndPop,
  lifoLimit,
  takesBack("in the LIFO slot", 2),
  takesBack("at the back of its queue", 1),
  takesBack("deeper in its queue", 0),
  cancelled,
  producers,
  consumers,
  batches,
  fullOfStale,
];
