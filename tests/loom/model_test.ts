// What the checker finds, in small binaries that have one fault each.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  drawFailure,
  loadProgram,
  model,
  type Program,
  replay,
  type Report,
  type Scenario,
  type Steps,
  type ThreadContext,
} from "../../loom/mod.ts";
import { assemble, MEMORY } from "./binaries.ts";
import { NO_CODE } from "./programs.ts";

/** A lock that sleeps, one that spins, and what goes wrong without one. */
const TEXT = `(module ${MEMORY}
  (func $lock (export "lock") (result i32)
    (block $got (loop $again
      (br_if $got (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1))))
      (drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const -1)))
      (br $again)))
    (i32.const 0))
  (func $unlock (export "unlock") (result i32)
    (i32.atomic.store (i32.const 0) (i32.const 0))
    (memory.atomic.notify (i32.const 0) (i32.const 1)))
  (func $unlockSilently (export "unlockSilently") (result i32)
    (i32.atomic.store (i32.const 0) (i32.const 0)) (i32.const 0))
  (func $add (export "add") (result i32)
    (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
    (i32.load (i32.const 64)))
  (func $addAtomic (export "addAtomic") (result i32)
    (i32.atomic.store (i32.const 64)
      (i32.add (i32.atomic.load (i32.const 64)) (i32.const 1))) (i32.const 0))
  (func $spin (export "spin") (result i32)
    (loop $again (br_if $again (i32.eqz (i32.atomic.load (i32.const 128))))) (i32.const 0))
  (func $set (export "set") (result i32)
    (i32.atomic.store (i32.const 128) (i32.const 1)) (i32.const 0))
  (func $trap (export "trap") (result i32)
    (if (i32.eqz (i32.atomic.load (i32.const 128))) (then (unreachable))) (i32.const 0))
)`;

let loaded: Promise<Program> | undefined;

function load(): Promise<Program> {
  return loaded ??= assemble(TEXT, true).then((wasm) => loadProgram(wasm));
}

/** Two threads that call these exports one after the other. */
function callers(first: string[], second: string[]): Scenario {
  const body = (names: string[]): Scenario["threads"][string] =>
    function* (t) {
      let last = 0;
      for (const name of names) last = yield* t.call(name);
      return last;
    };
  return {
    name: `${first.join(", ")} | ${second.join(", ")}`,
    threads: { one: body(first), two: body(second) },
  };
}

/** That all explorers find it, and that it replays. */
async function assertFound(
  scenario: Scenario,
  kind: string,
  message: RegExp,
): Promise<void> {
  const program = await load();
  for (const explorer of ["dpor", "states", "naive"] as const) {
    const report = model(program, scenario, { explorer, maxSteps: 200 });
    const { failure } = report;
    assert.equal(failure?.kind, kind, explorer);
    assert.match(failure!.message, message);
    assert.equal(report.complete, false);
    const again = replay(program, scenario, failure!.schedule, {
      maxSteps: 200,
    });
    assert.deepEqual(again, failure);
    assert.ok(drawFailure(failure!).includes(failure!.schedule));
  }
}

async function assertFine(scenario: Scenario): Promise<Report[]> {
  const program = await load();
  return (["dpor", "states"] as const).map((explorer) => {
    const report = model(program, scenario, { explorer });
    assert.equal(report.failure, undefined);
    assert.ok(report.complete);
    return report;
  });
}

const LOCKED = ["lock", "add", "unlock"];

test("a lock that sleeps and wakes is fine", async () => {
  const [dpor, states] = await assertFine({
    ...callers(LOCKED, LOCKED),
    final: (alone) => alone.assert(alone.read(64) === 2, "an addition is lost"),
  });
  assert.ok(dpor!.executions > 1);
  assert.ok(states!.states > dpor!.executions);
});

test("an unlock that wakes nobody is found as a deadlock", async () => {
  const silent = ["lock", "add", "unlockSilently"];
  const message = /^(one|two) sleeps on \[0\]/;
  await assertFound(callers(silent, LOCKED), "deadlock", message);
});

test("additions without a lock are found as a race", async () => {
  await assertFound(callers(["add"], ["add"]), "race", /access \[64\]/);
});

test("an atomic store does not excuse a plain load", async () => {
  await assertFound(callers(["addAtomic"], ["add"]), "race", /access \[64\]/);
});

test("an addition that is lost is found by what must hold", async () => {
  const scenario: Scenario = {
    ...callers(["addAtomic"], ["addAtomic"]),
    final: (alone) => alone.assert(alone.read(64) === 2, "one is lost"),
  };
  await assertFound(scenario, "assertion", /^one is lost$/);
});

test("a trap is found, and fine where it cannot happen", async () => {
  await assertFound(callers(["set"], ["trap"]), "trap", /unreachable/i);
  await assertFine(callers(["set", "trap"], ["add"]));
});

test("a loop that waits without sleeping is found as a busy loop", async () => {
  await assertFound(callers(["spin"], ["add"]), "busy loop", /must sleep/);
});

test("a thread that is killed under a lock leaves a deadlock", async () => {
  const program = await load();
  const scenario: Scenario = { ...callers(LOCKED, LOCKED), mortal: ["one"] };
  const { failure } = model(program, scenario, { deaths: 1 });
  assert.equal(failure?.kind, "deadlock");
  assert.ok(failure.trace.some(({ text }) => text === "one is killed"));
  assert.equal(model(program, scenario).failure, undefined);
});

/** Stores that are not atomic, of its own and of the recovery's. */
const NOTES: Scenario = {
  name: "notes",
  threads: {
    *writer(t) {
      yield* t.plainStore(128, 1);
      yield* t.plainStore(64, 1);
      yield* t.plainStore(68, 1);
    },
  },
  mortal: ["writer"],
  *recover(t) {
    const [first, second] = [yield* t.plainLoad(64), yield* t.plainLoad(68)];
    yield* t.store(72, first - second);
  },
};

for (const explorer of ["dpor", "states"] as const) {
  test(`a death between two plain stores is found and taken again: ${explorer}`, () => {
    const scenario: Scenario = {
      ...NOTES,
      final: (alone) => alone.assert(alone.read(72) === 0, "half is done"),
    };
    const options = { deaths: 1, explorer };
    const { failure } = model(NO_CODE, scenario, options);
    assert.equal(failure?.message, "half is done");
    const again = replay(NO_CODE, scenario, failure.schedule, options);
    assert.equal(again?.message, "half is done");
    assert.ok(model(NO_CODE, NOTES, options).complete);
  });

  test(`a race of a thread that may be killed is taken again: ${explorer}`, () => {
    const scenario: Scenario = {
      name: "race",
      threads: {
        ...NOTES.threads,
        reader: (t) => t.plainLoad(68),
      },
      mortal: ["writer"],
    };
    const options = { deaths: 1, explorer };
    const { failure } = model(NO_CODE, scenario, options);
    assert.equal(failure?.kind, "race");
    const again = replay(NO_CODE, scenario, failure.schedule, options);
    assert.equal(again?.kind, "race");
  });
}

/** One that sleeps until it is woken, and one that may wake it. */
function sleepers(wakes: boolean): Scenario {
  return {
    name: "sleepers",
    threads: {
      *server(t) {
        yield* t.wait(64, 0);
        return "woken";
      },
      *client(t) {
        yield* t.add(68, 1);
        if (!wakes) return;
        yield* t.store(64, 1);
        yield* t.notify(64);
      },
    },
  };
}

for (const explorer of ["dpor", "states", "naive"] as const) {
  test(`a daemon may sleep for ever, and others may not: ${explorer}`, () => {
    const options = { explorer };
    const explore = (wakes: boolean, more: Partial<Scenario>) =>
      model(NO_CODE, { ...sleepers(wakes), ...more }, options);
    assert.equal(explore(false, {}).failure?.kind, "deadlock");
    let ends = 0;
    const final: Scenario["final"] = (alone, { server }) => {
      ends++;
      alone.assert(alone.read(68) === 1, "the client has not run");
      alone.assert(server === undefined, "it is awake");
    };
    const asleep = explore(false, { daemons: ["server"], final });
    assert.equal(asleep.failure, undefined);
    assert.ok(asleep.complete);
    assert.equal(asleep.truncated, 0);
    assert.ok(ends > 0);
    const woken = explore(true, { daemons: ["server"], final });
    assert.equal(woken.failure?.message, "it is awake");
    const other = explore(false, { daemons: ["client"] });
    assert.equal(other.failure?.kind, "deadlock");
  });
}

/** Locks by its own number, and unlocks. A word names who has the lock. */
function* visit(t: ThreadContext, number: number): Steps<void> {
  for (;;) {
    const holder = yield* t.compareExchange(0, 0, number);
    if (holder === 0) break;
    yield* t.wait(0, holder);
  }
  yield* t.store(0, 0);
  yield* t.notify(0, 1);
}

const VISITS: Scenario = {
  name: "recovery",
  threads: { one: (t) => visit(t, 1), two: (t) => visit(t, 2) },
  mortal: ["one"],
  *recover(t, victim) {
    t.assert(victim === "one", "another was killed");
    yield* t.compareExchange(0, 1, 0);
    // It may have died with a wake that was another's.
    yield* t.notify(0);
  },
  final: (alone) => alone.assert(alone.read(0) === 0, "it is locked"),
};

for (const deadSleepers of ["leaves", "stays"] as const) {
  for (const explorer of ["dpor", "states"] as const) {
    test(`a recovery that frees the lock is enough: ${explorer}, ${deadSleepers}`, () => {
      const options = { deaths: 1, deadSleepers, explorer };
      const { failure, complete } = model(NO_CODE, VISITS, options);
      assert.equal(failure, undefined);
      assert.ok(complete);
    });

    test(`a recovery that wakes nobody is not: ${explorer}, ${deadSleepers}`, () => {
      const options = { deaths: 1, deadSleepers, explorer };
      const silent: Scenario = {
        ...VISITS,
        *recover(t) {
          yield* t.compareExchange(0, 1, 0);
        },
      };
      const { failure } = model(NO_CODE, silent, options);
      assert.equal(failure?.kind, "deadlock");
    });
  }
}

test("a sleep may time out at any moment, so often as is asked for", () => {
  const scenario: Scenario = {
    name: "timeouts",
    threads: {
      *sleeper(t) {
        const results = [];
        for (let sleep = 0; sleep < 2; sleep++) {
          results.push(yield* t.wait(0, 0, true));
        }
        return results.join();
      },
      *waker(t) {
        yield* t.notify(0);
      },
    },
  };
  const seen = new Set<unknown>();
  const noted = (timeouts: number) => {
    seen.clear();
    const final: Scenario["final"] = (_, { sleeper }) => void seen.add(sleeper);
    const report = model(NO_CODE, { ...scenario, final }, { timeouts });
    assert.equal(report.failure, undefined);
    return { report, results: [...seen].sort() };
  };
  assert.deepEqual(noted(2).results, ["0,2", "2,0", "2,2"]);
  const { report, results } = noted(1);
  assert.deepEqual(results, ["0,2", "2,0"]);
  assert.ok(report.truncated > 0);
});

test("a sleeper may wake for no reason, if that is asked for", () => {
  const scenario: Scenario = {
    name: "spurious",
    threads: {
      *sleeper(t) {
        yield* t.wait(0, 0);
        t.assert((yield* t.load(0)) === 1, "woken for nothing");
      },
      *waker(t) {
        yield* t.store(0, 1);
        yield* t.notify(0);
      },
    },
  };
  assert.equal(model(NO_CODE, scenario).failure, undefined);
  const { failure } = model(NO_CODE, scenario, { spurious: 1 });
  assert.equal(failure?.message, "woken for nothing");
});

test("the same exploration counts the same", async () => {
  const program = await load();
  const counts = () => {
    const report = model(program, callers(LOCKED, LOCKED));
    return [report.executions, report.redundant, report.steps, report.depth];
  };
  assert.deepEqual(counts(), counts());
});

test("a bound ends an exploration that is then not complete", async () => {
  const program = await load();
  const scenario = callers([...LOCKED, ...LOCKED], [...LOCKED, ...LOCKED]);
  for (
    const options of [
      { explorer: "dpor", maxExecutions: 5 },
      { explorer: "states", maxStates: 5 },
      { explorer: "dpor", maxSeconds: 0 },
    ] as const
  ) assert.equal(model(program, scenario, options).complete, false);
});

test("coverage counts how instructions came out", async () => {
  const program = await load();
  const { coverage } = model(program, callers(LOCKED, LOCKED));
  const of = (kind: string) =>
    coverage.find(({ site }) => program.sites[site]!.kind === kind)!.outcomes;
  assert.ok(of("cmpxchg")["succeeded"]! > 0 && of("cmpxchg")["failed"]! > 0);
  assert.ok(of("notify")["woke somebody"]! > 0);
  assert.equal(of("wait")["timed out"], 0);
});

test("replay() refuses what is no schedule of the scenario", async () => {
  const program = await load();
  const scenario = callers(["set"], ["trap"]);
  assert.throws(() => replay(program, scenario, "0xx"), SyntaxError);
  assert.throws(() => replay(program, scenario, "7"), RangeError);
  assert.equal(replay(program, scenario, "0 1"), undefined);
});

test("model() refuses more threads than it can name", () => {
  const body = function* () {};
  const threads = Object.fromEntries(
    Array.from({ length: 9 }, (_, index) => [`t${index}`, body]),
  );
  assert.throws(
    () => model(NO_CODE, { name: "many", threads }),
    /9 threads: at most 8/,
  );
});

test("model() refuses options that mean nothing", () => {
  const scenario: Scenario = { name: "none", threads: {}, mortal: ["nobody"] };
  const assertRefused = (options: object, message: RegExp) =>
    assert.throws(() => model(NO_CODE, scenario, options), (error) => {
      assert.ok(error instanceof RangeError);
      assert.match(error.message, message);
      return true;
    });
  assertRefused({ explorer: "dfs" }, /explorer must be one of dpor,/);
  assertRefused({ wakeOrder: "lifo" }, /wakeOrder must be one of fifo, any/);
  assertRefused({ spurious: NaN }, /spurious must be from 0 to 255/);
  assertRefused({ timeouts: -1 }, /timeouts must be from 0/);
  assertRefused({ maxSeconds: "1 s" }, /maxSeconds must be from 0/);
  assertRefused({ deaths: 1 }, /Cannot kill nobody/);
  assert.throws(
    () => model(NO_CODE, { name: "none", threads: {}, daemons: ["nobody"] }),
    /Cannot leave nobody/,
  );
});

test("a set-up that goes on for ever fails", async () => {
  const program = await load();
  const scenario: Scenario = {
    name: "endless",
    setup: (alone) => void alone.call("spin"),
    threads: {},
  };
  assert.throws(() => model(program, scenario), /where it is alone/);
});

test("a call of what is not exported is refused", async () => {
  const program = await load();
  const scenario = callers(["nothing"], ["set"]);
  assert.throws(() => model(program, scenario), /no such export/);
});

test("a body that is not deterministic is found out", () => {
  let runs = 0;
  const scenario: Scenario = {
    name: "a variable",
    threads: {
      *one(t) {
        yield* t.store(0, 1);
        t.assert(runs++ > 0, "it is the first run");
      },
    },
  };
  assert.throws(() => model(NO_CODE, scenario), /is not deterministic/);
});
