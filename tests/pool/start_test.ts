// What a pool is started with, what of that is refused, and what it then is.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Pool, type PoolOptions } from "../../mod.ts";
import {
  assertCounted,
  moduleOf,
  settled,
  start,
  TASKS,
  type Tasks,
} from "./pools.ts";

const NO_NUMBERS = [null, "", "1", true, {}, [1], 1n, Symbol("1"), () => 1];
const NO_OBJECTS = [null, 0, "", "{}", true, [], 1n, Symbol("{}"), () => ({})];
const NO_STRINGS = [null, 0, true, {}, [], 1n, Symbol("name"), () => "name"];

/** Asserts that each value is refused as the option of this name. */
async function assertRefused(
  name: keyof PoolOptions,
  values: readonly unknown[],
  expected: { name: string; message?: RegExp },
): Promise<void> {
  for (const value of values) {
    const options = { workers: 1, [name]: value } as PoolOptions;
    await assert.rejects(
      async () => {
        const pool = await settled(Pool.start(moduleOf(""), options));
        await pool.shutdown();
      },
      expected,
      `${name}: ${String(value)}`,
    );
  }
}

// ==== options ====

test("Pool.start() takes options as an object", async () => {
  for (const options of NO_OBJECTS) {
    await assert.rejects(Pool.start(TASKS, options as never), {
      name: "ArgumentTypeError",
      message: /options must be an object: current value is ./,
    });
  }
});

const RANGES = [
  { name: "workers", low: 1, high: 256 },
  { name: "minWorkers", low: 0, high: 256 },
  { name: "maxWorkers", low: 1, high: 256 },
  { name: "maxCrashes", low: 1, high: 1_000_000 },
  { name: "tasks", low: 1, high: 1 << 20 },
  { name: "memory", low: 1, high: 3072 },
] as const;

for (const { name, low, high } of RANGES) {
  test(`Pool.start() takes ${low} to ${high} as ${name}`, async () => {
    await assertRefused(name, NO_NUMBERS, {
      name: "ArgumentTypeError",
      message: new RegExp(`Cannot start a pool as ${name} must be a number`),
    });
    const wrong = [NaN, low - 1, high + 1, low + 0.5, Infinity, -Infinity];
    await assertRefused(name, wrong, {
      name: "ArgumentRangeError",
      message: new RegExp(`Cannot start a pool as ${name} must be a`),
    });
  });
}

for (const name of ["idleTimeout", "grace"] as const) {
  test(`Pool.start() takes 0 ms or more as ${name}`, async () => {
    await assertRefused(name, NO_NUMBERS, { name: "ArgumentTypeError" });
    await assertRefused(name, [NaN, -1, -1e-9, -Infinity], {
      name: "ArgumentRangeError",
      message: new RegExp(`${name} must be`),
    });
  });
}

test("Pool.start() takes a whole number or Infinity as maxQueue", async () => {
  await assertRefused("maxQueue", NO_NUMBERS, { name: "ArgumentTypeError" });
  await assertRefused("maxQueue", [NaN, -1, 0.5, -Infinity, 2 ** 53], {
    name: "ArgumentRangeError",
  });
});

for (const name of ["name", "setup", "teardown"] as const) {
  test(`Pool.start() takes a string as ${name}`, async () => {
    await assertRefused(name, NO_STRINGS, {
      name: "ArgumentTypeError",
      message: new RegExp(`${name} must be a string`),
    });
  });
}

test("Pool.start() takes idle and fallback by their names", async () => {
  for (const name of ["idle", "fallback"] as const) {
    await assertRefused(name, NO_STRINGS, { name: "ArgumentTypeError" });
    await assertRefused(name, ["", "Auto", "inline ", "toString"], {
      name: "ArgumentRangeError",
    });
  }
});

test("Pool.start() takes errors and resourceLimits as objects", async () => {
  for (const name of ["errors", "resourceLimits"] as const) {
    await assertRefused(name, NO_OBJECTS, { name: "ArgumentTypeError" });
  }
  await assertRefused("errors", [{ OwnError: 1 }, { OwnError: {} }], {
    name: "ArgumentTypeError",
    message: /errors\.OwnError must be a function/,
  });
});

test("Pool.start() wants minWorkers <= maxWorkers", async () => {
  for (
    const limits of [
      { minWorkers: 3, maxWorkers: 2 },
      { workers: 3, maxWorkers: 2 },
      { minWorkers: 4, workers: 3 },
    ]
  ) {
    await assert.rejects(Pool.start(TASKS, limits), {
      name: "ArgumentRangeError",
      message: /minWorkers must be <= maxWorkers: current values are/,
    });
  }
});

test("Pool.start() refuses data that cannot be sent", async () => {
  await assert.rejects(
    settled(Pool.start(TASKS, { data: { call: () => {} } })),
    { name: "UncloneableError", message: /data .*its \.call is a function/ },
  );
});

// ==== the module ====

test("Pool.start() takes no path for a module", async () => {
  for (
    const module of [undefined, null, 1, true, "", "./tasks.ts", "/tasks.ts"]
  ) {
    await assert.rejects(Pool.start(module as never), {
      name: "ArgumentTypeError",
      message: /module must be a URL: pass new URL\(path, import\.meta\.url\)/,
    });
  }
  for (const module of [{}, [], { url: TASKS }, { exports: {} }]) {
    await assert.rejects(Pool.start(module as never), {
      name: "ArgumentTypeError",
      message: /Cannot start a pool as module\.(?:exports|url) must be/,
    });
  }
});

test("Pool.start() takes a URL, its text, a query, and a data: URL", async () => {
  const source = "export const one = () => 1, three = () => 3, text = 'no';" +
    "export default () => 4; export async function two() { return 2 }" +
    "export class Thing {}; export const Other = class{};" +
    "export const method = { class() { return 5 } }.class;";
  const withQuery = new URL("?a=b#c", TASKS);
  for (const module of [TASKS, `${TASKS}`, withQuery]) {
    const pool = await settled(Pool.start<Tasks>(module, { workers: 1 }));
    assert.equal(await pool.tasks.add(1, 2), 3);
    await pool.shutdown();
  }
  const pool = await settled(Pool.start(moduleOf(source), { workers: 1 }));
  assert.deepEqual(Object.keys(pool.tasks), ["method", "one", "three", "two"]);
  assert.equal(await pool.run("two", []), 2);
  assert.equal(await pool.run("method", []), 5);
  for (const name of ["default", "Thing", "Other"]) {
    await assert.rejects(pool.run(name, []), { name: "UnknownTaskError" });
  }
  await pool.shutdown();
});

const REFUSED: Record<string, { source: string; options?: PoolOptions }> = {
  "that throws": { source: "throw new SyntaxError('thrown at the top')" },
  "that does not parse": { source: "export function (" },
  "whose import does not exist": { source: "import './nothing.js'" },
  "that lacks the setup": { source: "", options: { setup: "prepare" } },
  "that lacks the teardown": { source: "", options: { teardown: "prepare" } },
  "whose setup is no function": {
    source: "export const prepare = 1",
    options: { setup: "prepare" },
  },
};

for (const [what, { source, options }] of Object.entries(REFUSED)) {
  test(`Pool.start() refuses a module ${what}`, async () => {
    const module = moduleOf(source);
    await assert.rejects(
      settled(Pool.start(module, { workers: 2, ...options })),
      (error: Error) => {
        assert.equal(error.name, "TaskModuleError");
        assert.match(error.message, /^Cannot use the task module data:/);
        if (options) assert.match(error.message, /no function prepare$/);
        else assert.ok(error.cause instanceof Error, `${error.cause}`);
        return true;
      },
    );
  });
}

test("Pool.start() refuses a module that is not there", async () => {
  await assert.rejects(
    settled(Pool.start(new URL("./no_such_tasks.ts", import.meta.url))),
    { name: "TaskModuleError", message: /no_such_tasks\.ts: it fails to load/ },
  );
  await assert.rejects(settled(Pool.start("no-such-scheme:tasks")), {
    name: "TaskModuleError",
  });
});

test("Pool.start() rejects with what the setup throws", async () => {
  const module = moduleOf(
    "export async function prepare() { throw new RangeError('not today') }",
  );
  await assert.rejects(
    settled(Pool.start(module, { workers: 2, setup: "prepare" })),
    { name: "RangeError", message: "not today" },
  );
});

test("Pool.start() rejects if a worker exits meanwhile", async () => {
  for (
    const source of [
      "process.exit(3)",
      "export function prepare() { process.exit(3) }",
    ]
  ) {
    const setup = source.startsWith("export") ? { setup: "prepare" } : {};
    const module = moduleOf(`import process from "node:process";${source}`);
    await assert.rejects(
      settled(Pool.start(module, { workers: 2, ...setup })),
      { name: "TaskModuleError", message: /exited with code 3/ },
    );
  }
});

test("Pool.start() takes a module without tasks", async () => {
  const pool = await settled(Pool.start(moduleOf(""), { workers: 1 }));
  assert.deepEqual(Object.keys(pool.tasks), []);
  await assert.rejects(pool.run("any", []), {
    name: "UnknownTaskError",
    message: /exports no such function: it has none/,
  });
  await pool.shutdown();
});

// ==== names ====

const { pool, ...shared } = await start();
after(() => shared[Symbol.asyncDispose]());

const NO_TASKS: unknown[] = [
  ...["constructor", "__proto__", "toString", "hasOwnProperty", "default"],
  ...["", "ADD", " add", "valueOf", "then", "OwnError.prototype"],
  ...[0, 1, -1, NaN, Symbol("add"), Symbol.iterator, null, undefined, true],
  ...[1n, {}, [], ["add"], () => "add", Object.create(null)],
];

test("a name that is no task's is refused, and nothing is sent", async () => {
  const { submitted } = pool.metrics();
  const expected = { name: "UnknownTaskError", code: "unknown-task" };
  for (const name of NO_TASKS as never[]) {
    await assert.rejects(pool.run(name, [] as never), expected);
    assert.throws(() => pool.runSync(name, [] as never), expected);
    assert.throws(() => pool.map(name, []), expected);
  }
  for (const name of ["constructor", "__proto__", "toString"]) {
    await assert.rejects(pool.run("spawnUnknown", [name]), expected);
  }
  assert.equal(pool.metrics().submitted, submitted + 3);
  assertCounted(pool);
});

test("args that are no array are refused, and nothing is sent", async () => {
  const { submitted } = pool.metrics();
  const expected = {
    name: "ArgumentTypeError",
    message: /args must be an array/,
  };
  for (const args of [undefined, null, 1, "ab", {}, new Set([1])] as never[]) {
    await assert.rejects(pool.run("add", args), expected);
    assert.throws(() => pool.runSync("add", args), expected);
  }
  assert.equal(pool.metrics().submitted, submitted);
});

test("Pool.tasks has the tasks, and nothing else", async () => {
  const { tasks } = pool;
  assert.equal(Object.getPrototypeOf(tasks), null);
  assert.ok(Object.isFrozen(tasks));
  assert.ok(Object.keys(tasks).includes("echo"));
  for (const name of ["constructor", "__proto__", "toString"]) {
    assert.equal(
      (tasks as unknown as Record<string, unknown>)[name],
      undefined,
    );
  }
  const { add } = tasks;
  assert.equal(await add(3, 4), 7);
});

test("a task may have any name that a module can export", async () => {
  const names = ["__proto__", "constructor", "toString", "a b", "0"];
  const source = `const it = () => 5; export { ${
    names.map((name) => `it as ${JSON.stringify(name)}`).join()
  } }`;
  const odd = await settled(Pool.start(moduleOf(source), { workers: 1 }));
  assert.deepEqual(Object.keys(odd.tasks).sort(), names.sort());
  for (const name of names) {
    assert.equal(await odd.run(name, []), 5, name);
    assert.equal(await odd.tasks[name]!(), 5, name);
  }
  await odd.shutdown();
});

test("the options of a call are checked", async () => {
  const type = { name: "ArgumentTypeError" };
  const range = { name: "ArgumentRangeError" };
  const cases: [Record<string, unknown>, { name: string }][] = [
    ...NO_NUMBERS.map((timeout) => [{ timeout }, type] as never),
    ...[NaN, -1, -Infinity].map((timeout) => [{ timeout }, range] as never),
    ...NO_STRINGS.map((priority) => [{ priority }, type] as never),
    [{ priority: "highest" }, range],
    ...[null, 1, "", {}, { throwIfAborted: 1 }, new AbortController()].map((
      signal,
    ) => [{ signal }, type] as never),
    [{ signal: { throwIfAborted() {} } }, type],
    ...[null, 1, "", {}, new Set()].map((transfer) =>
      [{ transfer }, type] as never
    ),
  ];
  const { submitted } = pool.metrics();
  for (const [options, expected] of cases) {
    const what = JSON.stringify(options, (_, value) => String(value));
    await assert.rejects(pool.run("nothing", [], options), expected, what);
    assert.throws(() => pool.map("nothing", [], options), expected, what);
  }
  for (const options of NO_OBJECTS as never[]) {
    await assert.rejects(pool.run("nothing", [], options), type);
    assert.throws(() => pool.map("nothing", [], options), type);
    await assert.rejects(pool.shutdown(options), type);
  }
  for (const inFlight of [0, -1, 0.5, NaN]) {
    assert.throws(() => pool.map("nothing", [], { inFlight }), range);
  }
  assert.equal(pool.metrics().submitted, submitted);
  assert.equal(await pool.run("add", [1, 1]), 2);
});
