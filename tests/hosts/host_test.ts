import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import process from "node:process";
import { setImmediate } from "node:timers";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { Runtime } from "../../mod.ts";
import { run } from "../../scripts/processes.ts";
import { RUNTIMES } from "../../scripts/runtimes.ts";
import { currentHost } from "../../src/compose.ts";
import type { Host } from "../../src/host.ts";
import { browserHost } from "../../src/hosts/browser.ts";
import { bunHost } from "../../src/hosts/bun.ts";
import { denoHost } from "../../src/hosts/deno.ts";
import { fallbackHost } from "../../src/hosts/fallback.ts";
import { nodeHost } from "../../src/hosts/node.ts";
import { settled } from "../threads.ts";

const SCRIPT = fileURLToPath(new URL("./host_script.ts", import.meta.url));
const MINUTE = 60_000;

const { host } = Runtime.create();

/** The arguments with which this runtime runs a script. */
const { scriptArgs } = RUNTIMES.find(({ name }) => name === host)!;

/** Runs the script on this runtime. Returns what it printed last. */
async function runScript(
  command: string,
  args: readonly string[] = scriptArgs,
): Promise<unknown> {
  const { code, output } = await run(
    process.execPath,
    [...args, SCRIPT, command],
    { timeout: MINUTE },
  );
  assert.equal(code, 0, output);
  return JSON.parse(output.trim().split("\n").at(-1)!);
}

/** What host_script.ts prints for `park`, after the name of the host. */
const PARKED = [
  ...["unparked", "timed-out", "timed-out", "timed-out"],
  ...["unparked", "unparked", "shutdown"],
];

// ==== what a host answers ====

test("Runtime.host is the runtime that runs the tests", () => {
  const version = process.versions;
  const expected = version.deno ? "deno" : version.bun ? "bun" : "node";
  assert.equal(host, expected);
  assert.equal(currentHost().name, expected);
});

// The three have the same built-in modules, and so answer on each of them.
const HOSTS: Record<string, Host> = {
  deno: denoHost,
  bun: bunHost,
  node: nodeHost,
  fallback: fallbackHost,
};

test("Host.parallelism is what the runtime says", () => {
  assert.equal(currentHost().parallelism, availableParallelism());
});

for (const [name, it] of Object.entries(HOSTS)) {
  test(`the ${name} host answers`, async () => {
    assert.equal(it.name, name);
    assert.ok(Number.isInteger(it.parallelism) && it.parallelism >= 1);
    assert.equal(it.mayBlock, true);
    assert.equal(it.self(), undefined);
    it.keepAlive.hold();
    it.keepAlive.drop();
    await settled(it.turn());
  });

  test(`the ${name} host's clock never goes back`, () => {
    let last = performance.timeOrigin + performance.now();
    for (let reads = 0; reads < 10_000; reads++) {
      const now = it.now();
      assert.ok(now >= last, `${last}, ${now}`);
      last = now;
    }
    assert.ok(last <= performance.timeOrigin + performance.now());
  });

  test(`the ${name} host's turn is one of the event loop`, async () => {
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await it.turn();
    isOver = true;
    assert.ok(turns > 0);
  });
}

test("a host has a futex, or says what it needs for one", () => {
  const { buffer } = new Int32Array(new SharedArrayBuffer(128));
  assert.match(`${denoHost.futex(buffer)}`, /^Bun: on Deno .+ as fast$/);
  assert.match(`${nodeHost.futex(buffer)}`, /^Bun: on Node .+ as fast$/);
  assert.match(`${fallbackHost.futex(buffer)}`, /^Bun on Linux/);
  if (host !== "bun") return;
  const futex = bunHost.futex(buffer);
  if (typeof futex === "string") return assert.match(futex, /Linux|bun:ffi/);
  // No sleep: the word is another one, or the time is short.
  assert.equal(futex.wait(64, 1, Infinity), false);
  assert.equal(futex.wait(64, 0, 1), true);
  futex.wake(64);
});

test("a host says what is missing for threads", () => {
  for (const it of [denoHost, bunHost, nodeHost]) {
    assert.deepEqual([it.hasThreads, it.missing], [true, ""]);
  }
  for (const it of [fallbackHost, browserHost]) {
    assert.equal(it.hasThreads, false);
  }
  assert.match(fallbackHost.missing, /neither Deno, Bun, Node nor a browser/);
  assert.match(browserHost.missing, /Cross-Origin-Opener-Policy: same-origin/);
  const entry = { module: import.meta.url, name: "" };
  assert.throws(() => browserHost.spawn(entry, undefined), {
    code: "unsupported",
    message: /needs threads that share memory: serve the page with the headers/,
  });
});

test("the fallback host says how to start a thread without it", () => {
  assert.throws(
    () => fallbackHost.spawn({ module: import.meta.url, name: "" }, undefined),
    {
      name: "UnsupportedError",
      code: "unsupported",
      message: /start the worker yourself and post it runtime\.handle/,
    },
  );
});

// ==== programs of their own ====

test("importing mod.ts keeps no process alive", async () => {
  assert.equal(await runScript("import"), true);
});

test("mod.ts parks in a program of its own", async () => {
  assert.deepEqual(await runScript("park"), [host, ...PARKED]);
});

/** Flags with which a script may do nothing but compute. */
const RESTRICTED: Record<string, string[] | undefined> = {
  // Without a flag about permissions, Deno's `node:child_process` adds `-A`.
  deno: ["run", "--no-prompt", "--deny-net"],
  // Node asks to read the scripts, too.
  node: ["--permission", "--allow-fs-read=*"],
};

const restricted = RESTRICTED[host];
if (restricted) {
  test("mod.ts imports and parks without any permission", async () => {
    assert.equal(await runScript("import", restricted), true);
    assert.deepEqual(await runScript("park", restricted), [host, ...PARKED]);
  });
}

// Bun cannot be made to look like another host.
if (host !== "bun") {
  test("mod.ts parks on a host that it does not know", async () => {
    assert.deepEqual(await runScript("fallback"), [
      "fallback",
      ...PARKED,
      "unsupported",
    ]);
  });
}

test("mod.ts says so where no memory can be shared", async () => {
  const [parallelism, mayBlock, ...codes] = await runScript("bare") as [
    number,
    boolean,
    ...string[],
  ];
  assert.deepEqual([parallelism, mayBlock], [1, false]);
  assert.deepEqual(codes, ["unsupported", "unsupported"]);
});

test("mod.ts says so where nothing can be compiled", async () => {
  assert.equal(await runScript("uncompiled"), "unsupported");
});

test("parkAsync() says so where no event loop can wait", async () => {
  assert.deepEqual(await runScript("unwaiting"), [
    "unsupported: Cannot park in the event loop as it needs " +
    "Atomics.waitAsync: this host has none",
    "timed-out",
  ]);
});

test("mod.ts says so where there is no WebAssembly", async () => {
  assert.equal(await runScript("interpreted"), "unsupported");
});

test("a host keeps the process alive until the last drop()", async () => {
  assert.equal(await runScript("hold"), "held");
});

test("a thread keeps the process alive until it has ended", async () => {
  assert.equal(await runScript("thread"), "timed-out");
});

test("Thread.unref() lets the process end while the thread is parked", async () => {
  assert.equal(await runScript("unref"), "gone");
});
