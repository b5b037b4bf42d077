// Workers that fall asleep while work comes: all of it is run, by as many of them
// as it takes, and then they sleep.

import { DROPPED, RETURNED } from "../../src/core/core.generated.ts";
import type { Alone, Body } from "../../loom/src/scenario.ts";
import { type Entry, full, pr } from "../entry.ts";
import { raise, untilRaised } from "../flag.ts";
import {
  callOf,
  join,
  memberOf,
  outcomeOf,
  spawn,
  submit,
  takeNext,
  type TaskBodies,
  waitForAll,
  work,
} from "../pool_facade.ts";
import { type PoolPlan, PoolWorld } from "../pool_world.ts";
import { OWN_WORDS, SHIPPED, SHIPPED_HOST } from "../world.ts";

interface WorkersPlan extends PoolPlan {
  readonly name: string;
  readonly bodies?: (pool: PoolWorld) => TaskBodies;
  /** Tasks that there are. Each is to be run once. */
  readonly count: number;
  readonly prepare?: (alone: Alone, pool: PoolWorld) => void;
  readonly threads?: (pool: PoolWorld) => Record<string, Body>;
  readonly add?: typeof pr;
  readonly spurious?: number;
}

/** A pool whose workers sleep in the end, when all tasks have run. */
function workers(plan: WorkersPlan): Entry {
  const { name, count, threads, prepare, add = pr, spurious = 0 } = plan;
  const pool = new PoolWorld(plan);
  const bodies = plan.bodies?.(pool) ?? {};
  const all = Array.from({ length: plan.workers }, (_, worker) => worker);
  const entries = all.map((worker): [string, Body] => [
    `worker ${worker}`,
    (t) => work(memberOf(pool, t, worker + 1, bodies)),
  ]);
  return add({
    name,
    setup(alone) {
      pool.setup(alone);
      prepare?.(alone, pool);
    },
    threads: { ...threads?.(pool), ...Object.fromEntries(entries) },
    daemons: entries.map(([name]) => name),
    final(alone) {
      pool.checkRuns(alone, Array.from({ length: count }, () => 1));
      pool.checkTasks(alone, [0, ...all.map((worker) => worker + 1)]);
      pool.checkAsleep(alone, all);
    },
  }, { spurious });
}

/** Submits tasks, and waits for them. */
function creator(pool: PoolWorld, count: number): Body {
  return function* (t) {
    const member = memberOf(pool, t);
    for (let number = 0; number < count; number++) {
      yield* submit(member, number);
    }
    yield* waitForAll(member);
    for (let number = 0; number < count; number++) {
      t.assert(outcomeOf(member, number) === RETURNED, "no outcome");
    }
  };
}

/** Submits the tasks from a first one on, and leaves them. */
function submitter(
  pool: PoolWorld,
  caller: number,
  first: number,
  count: number,
): Body {
  return function* (t) {
    const member = memberOf(pool, t, caller);
    for (let number = first; number < first + count; number++) {
      yield* submit(member, number);
    }
  };
}

/** A task that waits for the next one to run, and that one. */
function meeting(pool: PoolWorld): TaskBodies {
  return {
    *0({ me: { t } }) {
      yield* untilRaised(t, pool.scratch(0));
    },
    *1({ me: { t } }) {
      yield* raise(t, pool.scratch(0));
    },
  };
}

// ==== submissions ====

function submissions(
  where: string,
  plan: PoolPlan,
  count: number,
  more: Partial<WorkersPlan> = {},
): Entry {
  return workers({
    name: `${count} submitted to ${where} run, and all sleep again`,
    ...plan,
    count,
    threads: (pool) => ({ creator: creator(pool, count) }),
    ...more,
  });
}

// ==== tasks that never end ====

/** Workers that each take one task, and then are busy for ever. */
function busy(
  where: string,
  plan: PoolPlan,
  submitted: readonly number[],
  add = pr,
): Entry {
  const pool = new PoolWorld(plan);
  const threads: Record<string, Body> = {};
  const before = plan.before ?? 0;
  let count = before;
  submitted.forEach((tasks, caller) => {
    if (tasks === 0) return;
    const first = count;
    threads[`caller ${caller}`] = submitter(pool, caller, first, tasks);
    count += tasks;
  });
  const daemons: string[] = [];
  for (let worker = 0; worker < plan.workers; worker++) {
    if ((submitted[worker + 1] ?? 0) > 0) continue;
    daemons.push(`worker ${worker}`);
    threads[`worker ${worker}`] = function* (t) {
      const member = memberOf(pool, t, worker + 1);
      yield* callOf(member, yield* takeNext(member));
    };
  }
  return add({
    name: `${count} tasks that never end are all begun: ${where}`,
    setup(alone) {
      pool.setup(alone);
      for (let number = 0; number < before; number++) pool.submit(alone, 0, number);
    },
    threads,
    daemons,
    final: (alone) =>
      pool.checkRuns(alone, Array.from({ length: count }, () => 1)),
  });
}

export const scenarios: readonly Entry[] = [
  submissions("a sleeper", { workers: 1, asleep: [0] }, 1),
  submissions("one who falls asleep", { workers: 1 }, 1),
  busy("one asleep", { workers: 1, asleep: [0] }, [1]),
  busy("one about to sleep", { workers: 1, searched: [0] }, [1]),
  busy("two asleep", { workers: 2, asleep: [0, 1] }, [1]),
  busy("two asleep", { workers: 2, asleep: [0, 1] }, [2]),
  busy("two asleep, in two words", { workers: 2, asleep: [0, 1], perWord: 1 }, [2]),
  busy("one asleep, one about to", { workers: 2, asleep: [0], searched: [1] }, [1]),
  busy("one about to, one asleep", { workers: 2, asleep: [1], searched: [0] }, [1]),
  busy("two words, one asleep, one about to", { workers: 2, asleep: [0], searched: [1], perWord: 1 }, [1]),
  busy("two words, one about to, one asleep", { workers: 2, asleep: [1], searched: [0], perWord: 1 }, [1]),
  busy("one searches, one about to", { workers: 2, searched: [0,1], spinning: [0], before: 1 }, [1]),
  busy("one fetches a batch, one about to sleep", { workers: 2, searched: [1], before: 2 }, []),
  busy("one fetches a batch, one asleep", { workers: 2, asleep: [1], before: 2 }, []),
];
void [DROPPED, full, join, spawn, OWN_WORDS, SHIPPED, SHIPPED_HOST, submitter, meeting];
