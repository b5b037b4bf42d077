// Workers that fall asleep while work comes: all of it is begun, by as many of
// them as it takes, and no more of them are woken.

import { RETURNED } from "../../src/core/core.generated.ts";
import type { Alone, Body, Steps } from "../../loom/src/scenario.ts";
import { FAR, START } from "../clock.ts";
import { type Entry, full, pr } from "../entry.ts";
import { park, unpark } from "../facade.ts";
import { openLoop, parkAsync } from "../loop_facade.ts";
import {
  callOf,
  drain,
  execute,
  flush,
  type Member,
  memberOf,
  outcomeOf,
  sleepInLoop,
  spawn,
  submit,
  submitAll,
  takeNext,
  toBlock,
  waitForAll,
  wakeUp,
  work,
} from "../pool_facade.ts";
import { type PoolPlan, PoolWorld } from "../pool_world.ts";
import { OWN_WORDS, SHIPPED, SHIPPED_HOST } from "../world.ts";

// ==== until all sleep again ====

interface SleepersPlan extends PoolPlan {
  /** Tasks that are submitted. */
  readonly count: number;
  readonly add?: typeof pr;
  /** Times that each thread wakes for no reason. */
  readonly spurious?: number;
  /** How the creator waits. */
  readonly wait?: (member: Member) => Steps<void>;
}

/** Tasks run, their caller gets what they return, and all sleep again. */
function submissions(where: string, plan: SleepersPlan): Entry {
  const { count, add = pr, spurious = 0, wait = waitForAll } = plan;
  const pool = new PoolWorld(plan);
  const workers = Array.from({ length: plan.workers }, (_, worker) => worker);
  const threads: Record<string, Body> = {
    *creator(t) {
      const member = memberOf(pool, t);
      for (let number = 0; number < count; number++) {
        yield* submit(member, number);
      }
      yield* wait(member);
      for (let number = 0; number < count; number++) {
        t.assert(outcomeOf(member, number) === RETURNED, "no outcome");
      }
    },
  };
  for (const worker of workers) {
    threads[nameOf(worker)] = (t) => work(memberOf(pool, t, worker + 1));
  }
  return add({
    name: `${count} submitted to ${where} run, and all sleep again`,
    setup: pool.setup,
    threads,
    daemons: workers.map(nameOf),
    final(alone) {
      pool.checkRuns(alone, Array.from({ length: count }, () => 1));
      pool.checkTasks(alone);
      pool.checkAsleep(alone, workers);
    },
  }, { spurious });
}

const nameOf = (worker: number) => `worker ${worker}`;

/** Waits in the creator's event loop. */
function* waitInLoop(member: Member): Steps<void> {
  const { me, place, pending } = member;
  const loop = yield* openLoop(me, place);
  for (;;) {
    yield* drain(member);
    if (pending.size === 0) return;
    yield* parkAsync(me, loop, place);
  }
}

// ==== tasks that never end ====

interface BusyPlan extends PoolPlan {
  /** Threads beside the workers, or in their places. */
  readonly threads?: (pool: PoolWorld) => Record<string, Body>;
  /** Tasks that there are. */
  readonly count: number;
  readonly prepare?: (alone: Alone, pool: PoolWorld) => void;
  readonly add?: typeof pr;
}

/**
 * Workers that each take one task, and then are busy for ever: with a worker for
 * each, all are begun, though none ever ends.
 */
function busy(where: string, plan: BusyPlan): Entry {
  const { threads, count, prepare, add = pr } = plan;
  const pool = new PoolWorld(plan);
  const all: Record<string, Body> = { ...threads?.(pool) };
  const daemons: string[] = [];
  for (let worker = 0; worker < plan.workers; worker++) {
    const name = nameOf(worker);
    if (name in all) continue;
    daemons.push(name);
    all[name] = (t) => takeOne(memberOf(pool, t, worker + 1));
  }
  return add({
    name: `tasks that never end are all begun: ${where}`,
    setup(alone) {
      pool.setup(alone);
      for (let number = 0; number < pool.plan.before; number++) {
        pool.submit(alone, 0, number);
      }
      prepare?.(alone, pool);
    },
    threads: all,
    daemons,
    final: (alone) =>
      pool.checkRuns(alone, Array.from({ length: count }, () => 1)),
  });
}

/** Takes a task, and ends as if it never did. */
function* takeOne(member: Member): Steps<void> {
  yield* callOf(member, yield* takeNext(member));
}

/** Submits numbered tasks, and leaves them. */
function submits(...numbers: number[]): (pool: PoolWorld) => {
  creator: Body;
} {
  return (pool) => ({
    *creator(t) {
      const member = memberOf(pool, t);
      for (const number of numbers) yield* submit(member, number);
    },
  });
}

/** The first worker spawns, and is busy then. */
function spawns(...numbers: number[]): (pool: PoolWorld) => Record<
  string,
  Body
> {
  return (pool) => ({
    *[nameOf(0)](t) {
      const member = memberOf(pool, t, 1);
      for (const number of numbers) yield* spawn(member, number);
    },
  });
}

/** The first worker sleeps in its event loop, where a task goes on. */
function inLoop(
  meanwhile: (member: Member) => Steps<unknown>,
): (pool: PoolWorld) => Record<string, Body> {
  return (pool) => ({
    *[nameOf(0)](t) {
      const member = memberOf(pool, t, 1);
      yield* t.call("workerPark", 0);
      yield* flush(member);
      yield* sleepInLoop(member, meanwhile(member));
      // Awake, it has what it has spawned, unless somebody has taken it.
      yield* t.call("workerUnpark", 0, 0);
      return yield* t.call("workerIsSearching", 0);
    },
  });
}

/** That task spawns another one. */
function* spawnsInLoop(member: Member): Steps<void> {
  yield* wakeUp(member);
  yield* spawn(member, 0);
}

/** That task waits, blocked, for one that it has spawned. */
function blocksInLoop(where: string, flags: number): Entry {
  const pool = new PoolWorld({ flags, workers: 2, spare: { parkers: 1 } });
  return pr({
    name: `a task that blocks in its event loop gets its result: ${where}`,
    setup(alone) {
      pool.setup(alone);
      pool.spawn(alone, 0, 0);
      pool.take(alone, 1);
      alone.call("parkerClaim", pool.threadOf(0));
    },
    threads: {
      ...inLoop((member) => {
        member.pending.set(pool.task(0), 0);
        return toBlock(member, pool.parkerOf(3), waitForAll);
      })(pool),
      *[nameOf(1)](t) {
        yield* execute(memberOf(pool, t, 2), pool.task(0));
      },
    },
    final(alone) {
      pool.checkRuns(alone, [1]);
      const parked = pool.parked(alone);
      alone.assert(parked.length === 0, `asleep are ${parked}`);
    },
  });
}

// ==== who is woken ====

/** Two that bring work at the same time, to sleepers that do not move. */
function wakesOne(where: string, plan: PoolPlan): Entry {
  const pool = new PoolWorld({ ...plan, workers: 3, asleep: [0, 1] });
  return pr({
    name: `two submissions wake one sleeper: ${where}`,
    setup: pool.setup,
    threads: {
      ...submits(0)(pool),
      *[nameOf(2)](t) {
        yield* submit(memberOf(pool, t, 3), 1);
      },
    },
    final(alone) {
      const woken = pool.searching(alone);
      alone.assert(woken.length === 1, `woken are ${woken}`);
      const asleep = pool.parked(alone);
      alone.assert(asleep.length === 1, `asleep are ${asleep}`);
      const tokens = [0, 1].filter((it) => pool.hasToken(alone, it + 1));
      alone.assert(tokens.join() === woken.join(), `tokens are at ${tokens}`);
    },
  });
}

/** A worker that parks as another is woken. */
function parksBeside(): Entry {
  const pool = new PoolWorld({ workers: 2, asleep: [0] });
  return pr({
    name: "a worker that parks as another is woken is found asleep",
    setup: pool.setup,
    threads: {
      *[nameOf(1)](t) {
        yield* t.call("workerPark", 1);
      },
      ...submits(0)(pool),
    },
    final(alone) {
      const found = [pool.searching(alone), pool.parked(alone)].join(" ");
      alone.assert(found === "0 1", `searching and asleep are ${found}`);
    },
  });
}

/** A worker that is not let search, as half of them do already. */
function throttled(): Entry {
  const pool = new PoolWorld({ workers: 3, searched: [0, 1] });
  return pr({
    name: "a worker does not search while half of them do",
    setup: pool.setup,
    threads: {
      *third(t) {
        const task = yield* t.call("workerNext", 2);
        t.assert(task === 0, "there is a task");
        return yield* t.call("workerIsSearching", 2);
      },
    },
    final(alone, { third }) {
      alone.assert(third === 0, "the third searches");
      const searching = pool.searching(alone).join();
      alone.assert(searching === "0,1", `searching are ${searching}`);
    },
  });
}

/** A worker that finds work, beside one that still searches. */
function found(where: string, plan: PoolPlan): Entry {
  const pool = new PoolWorld({
    ...plan,
    workers: 3,
    asleep: [2],
    searched: [0, 1],
    before: 1,
  });
  const looker = (worker: number): Body =>
    function* (t) {
      return yield* t.call("workerNext", worker);
    };
  return pr({
    name: `whoever finds work wakes the next one, if nobody searches: ${where}`,
    setup(alone) {
      pool.setup(alone);
      pool.submit(alone, 0, 0);
      pool.submit(alone, 0, 1);
    },
    threads: { first: looker(0), second: looker(1) },
    final(alone, { first, second }) {
      alone.assert(first !== 0 && second !== 0, "not all was found");
      const searching = pool.searching(alone).join();
      alone.assert(searching === "2", `searching are ${searching}`);
    },
  });
}

/** A worker that finds work, beside one that goes on searching. */
function foundFirst(where: string, plan: PoolPlan): Entry {
  const pool = new PoolWorld({
    ...plan,
    workers: 3,
    asleep: [1],
    searched: [0, 2],
  });
  return pr({
    name: `whoever finds work leaves the rest to who still searches: ${where}`,
    setup(alone) {
      pool.setup(alone);
      pool.submit(alone, 0, 0);
      pool.submit(alone, 0, 1);
    },
    threads: {
      *first(t) {
        return yield* t.call("workerNext", 0);
      },
    },
    final(alone, { first }) {
      alone.assert(first !== 0, "nothing was found");
      const searching = pool.searching(alone).join();
      alone.assert(searching === "2", `searching are ${searching}`);
    },
  });
}

/** A worker that wakes up, and is not wanted. */
function notWanted(): Entry {
  const pool = new PoolWorld({ workers: 2, asleep: [0, 1] });
  return pr({
    name: "a worker that wakes and is not wanted sleeps again, until it is",
    setup: pool.setup,
    threads: {
      *[nameOf(0)](t) {
        const member = memberOf(pool, t, 1);
        yield* takeOne(member);
      },
      *stranger(t) {
        // An unpark that is not the pool's.
        yield* unpark(pool.local(t, 0), pool.parkerOf(1));
      },
      ...submits(0)(pool),
    },
    final(alone) {
      pool.checkRuns(alone, [1]);
      // Whom the first one woke, since it was the only searcher.
      const searching = pool.searching(alone).join();
      alone.assert(searching === "1", `searching are ${searching}`);
    },
  });
}

/** A worker with a deadline for its idleness. */
function timed(): Entry {
  const pool = new PoolWorld({ workers: 1, searched: [0] });
  return pr({
    name: "a worker whose sleep times out sleeps again, or has work",
    setup: pool.setup,
    threads: {
      *[nameOf(0)](t) {
        const member = memberOf(pool, t, 1);
        const { me, worker, place } = member;
        if (!(yield* t.call("workerPark", worker))) return;
        let deadline = START + 5;
        do {
          const result = yield* park(me, place, deadline);
          if (result === "timed-out") deadline = FAR;
        } while (!(yield* t.call("workerUnpark", worker, 0)));
        const task = yield* t.call("workerNext", worker);
        t.assert(task !== 0, "it is awake, and there is no task");
        yield* callOf(member, task);
      },
      ...submits(0)(pool),
    },
    final(alone) {
      pool.checkRuns(alone, [1]);
      alone.assert(pool.parked(alone).length === 0, "it sleeps");
    },
  });
}

/** A worker's own results wake it, and not as a searcher. */
function ownResult(): Entry {
  const pool = new PoolWorld({ workers: 2 });
  return pr({
    name: "a worker that its own result wakes has not been made a searcher",
    setup(alone) {
      pool.setup(alone);
      pool.spawn(alone, 0, 0);
      pool.take(alone, 1);
      pool.take(alone, 0);
    },
    threads: {
      *[nameOf(0)](t) {
        const member = memberOf(pool, t, 1);
        if (!(yield* t.call("workerPark", 0))) return;
        do yield* park(member.me, member.place); while (
          !(yield* t.call(
            "workerUnpark",
            0,
            yield* t.call("callerHasFinished", 1),
          ))
        );
        return yield* t.call("workerIsSearching", 0);
      },
      *[nameOf(1)](t) {
        yield* t.call("workerFinish", 1, pool.task(0), RETURNED);
      },
    },
    final(alone, results) {
      alone.assert(results[nameOf(0)] === 0, "it searches");
      alone.assert(pool.parked(alone).length === 0, "it sleeps");
    },
  });
}

const ONE = { workers: 1, count: 1 };
const TWO = { workers: 2, count: 2 };

export const scenarios: readonly Entry[] = [
  submissions("a sleeper", { ...ONE, asleep: [0] }),
  submissions("one that falls asleep", ONE),
  submissions("a sleeper by futex", {
    ...ONE,
    asleep: [0],
    flags: SHIPPED_HOST,
  }),
  submissions("one that falls asleep, with a driver for timers", {
    ...ONE,
    flags: SHIPPED,
  }),
  submissions("a sleeper, from an event loop", {
    ...ONE,
    asleep: [0],
    wait: waitInLoop,
  }),
  submissions("one that falls asleep, with spurious wakes", {
    ...ONE,
    searched: [0],
    spurious: 1,
  }),
  submissions("a sleeper", { ...ONE, count: 2, asleep: [0], add: full }),
  submissions("two sleepers", { ...TWO, count: 1, asleep: [0, 1], add: full }),
  submissions("two sleepers in two words", {
    ...TWO,
    count: 1,
    perWord: 1,
    asleep: [0, 1],
    add: full,
  }),
  busy("one about to sleep", { ...ONE, searched: [0], threads: submits(0) }),
  busy("two asleep", { ...TWO, asleep: [0, 1], threads: submits(0, 1) }),
  busy("two asleep, and both tasks come at once", {
    ...TWO,
    asleep: [0, 1],
    threads: (pool) => ({
      creator: (t) => submitAll(memberOf(pool, t), [0, 1]),
    }),
  }),
  busy("one that another caller wakes", {
    ...ONE,
    asleep: [0],
    before: 1,
    threads: () => ({
      *creator(t) {
        yield* t.call("callerWake", 0, 1);
      },
    }),
  }),
  busy("two asleep, in two words", {
    ...TWO,
    asleep: [0, 1],
    perWord: 1,
    threads: submits(0, 1),
  }),
  busy("one about to sleep, one asleep", {
    ...TWO,
    count: 1,
    searched: [0],
    asleep: [1],
    threads: submits(0),
  }),
  busy("one about to sleep, one asleep, in two words", {
    ...TWO,
    count: 1,
    perWord: 1,
    searched: [0],
    asleep: [1],
    threads: submits(0),
  }),
  busy("one asleep, one about to", {
    ...TWO,
    count: 1,
    searched: [1],
    asleep: [0],
    threads: submits(0),
    add: full,
  }),
  busy("one looks once more, one about to sleep", {
    ...TWO,
    searched: [0, 1],
    spinning: [0],
    before: 1,
    threads: submits(1),
    add: full,
  }),
  busy("one that searched has something else to do, one asleep", {
    ...TWO,
    count: 1,
    searched: [0],
    asleep: [1],
    threads: (pool) => ({
      *[nameOf(0)](t) {
        // And is busy for ever.
        yield* t.call("workerEndSearch", 0);
      },
      ...submits(0)(pool),
    }),
  }),
  busy("one that parks in its event loop", {
    ...ONE,
    searched: [0],
    threads: (pool) => ({
      *[nameOf(0)](t) {
        const member = memberOf(pool, t, 1);
        const { me, place } = member;
        const loop = yield* openLoop(me, place);
        let task = 0;
        while (task === 0) {
          if (yield* t.call("workerPark", 0)) {
            do yield* parkAsync(me, loop, place); while (
              !(yield* t.call("workerUnpark", 0, 0))
            );
          }
          task = yield* t.call("workerNext", 0);
        }
        yield* callOf(member, task);
      },
      ...submits(0)(pool),
    }),
  }),
  busy("one spawns in its event loop, one asleep", {
    ...TWO,
    count: 1,
    asleep: [1],
    threads: inLoop(spawnsInLoop),
  }),
  busy("one spawns in its event loop, one about to sleep", {
    ...TWO,
    count: 1,
    searched: [1],
    threads: inLoop(spawnsInLoop),
  }),
  busy("one has work in its event loop beside a submission, one asleep", {
    ...TWO,
    count: 1,
    asleep: [1],
    threads: (pool) => ({
      ...inLoop(wakeUp)(pool),
      ...submits(0)(pool),
    }),
  }),
  busy("one spawns in its event loop, by futex", {
    ...TWO,
    count: 1,
    flags: SHIPPED_HOST,
    asleep: [1],
    threads: inLoop(spawnsInLoop),
  }),
  blocksInLoop("the core wakes", OWN_WORDS),
  blocksInLoop("the host wakes", SHIPPED_HOST),
  busy("one fetches two, one about to sleep", {
    ...TWO,
    searched: [1],
    before: 2,
  }),
  busy("one spawns, one about to sleep", {
    ...TWO,
    count: 1,
    searched: [1],
    threads: spawns(0),
  }),
  busy("one spawns two, two asleep", {
    workers: 3,
    count: 2,
    asleep: [1, 2],
    threads: spawns(0, 1),
    add: full,
  }),
  busy("one ends its LIFO slot's turn, one about to sleep", {
    ...TWO,
    count: 5,
    tasks: 5,
    searched: [1],
    prepare(alone, pool) {
      // Three in a row from the slot; then one is there, and one in the queue.
      for (const number of [0, 1, 2]) {
        pool.spawn(alone, 0, number);
        pool.runOne(alone, 0);
      }
      pool.spawn(alone, 0, 3);
      pool.spawn(alone, 0, 4);
    },
  }),
  wakesOne("in one word", { workers: 3 }),
  wakesOne("in a word each", { workers: 3, perWord: 1 }),
  parksBeside(),
  throttled(),
  found("in one word", { workers: 3 }),
  found("in a word each", { workers: 3, perWord: 1 }),
  foundFirst("in one word", { workers: 3 }),
  foundFirst("in a word each", { workers: 3, perWord: 1 }),
  notWanted(),
  timed(),
  ownResult(),
];
