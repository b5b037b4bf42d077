import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Runtime } from "../../mod.ts";
import { run as runProgram } from "../../scripts/processes.ts";
import { RUNTIMES } from "../../scripts/runtimes.ts";
import { currentHost } from "../../src/compose.ts";
import type { CFunctions } from "../../src/ffi.ts";
import { browserHost } from "../../src/hosts/browser.ts";
import { fallbackHost } from "../../src/hosts/fallback.ts";
import { outcome, publish, run, sharedWords, until } from "../threads.ts";
import type { Failing } from "./ffi_bodies.ts";
import {
  EAGAIN,
  EBADF,
  EFD_NONBLOCK,
  eight,
  EINVAL,
  EPOLL_CTL_ADD,
  EPOLLIN,
  LIBC,
  openLibc,
} from "./libc.ts";

const BODIES = new URL("./ffi_bodies.ts", import.meta.url);
const SCRIPT = fileURLToPath(new URL("./ffi_script.ts", import.meta.url));
const MINUTE = 60_000;

const host = currentHost();
const ffi = host.ffi();
const needs = typeof ffi === "string"
  ? `needs ${ffi}`
  : process.platform !== "linux" && "only on Linux";
const WITH_LIBC = { skip: needs };

/** An event as epoll has it: packed on x64. */
const EVENT = process.arch === "x64"
  ? { bytes: 12, tag: 4 }
  : { bytes: 16, tag: 8 };

/** Opens functions of libraries. */
function open(libraries: readonly string[], functions: CFunctions): unknown {
  assert.ok(typeof ffi !== "string");
  return ffi.open(libraries, functions);
}

// ==== calls ====

test("Ffi calls functions of every type", WITH_LIBC, () => {
  const { call } = openLibc();
  assert.equal(call.abs(-(2 ** 31 - 1)), 2 ** 31 - 1);
  // It fits nobody's i32.
  assert.equal(call.htonl(0xff), 0xff000000);
  assert.equal(call.htonl(0xff000000), 0xff);
  for (const value of [0, 1, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 1]) {
    assert.equal(call.labs(value), value);
    assert.equal(call.labs(-value), value);
  }
  call.free(0);
});

test("Ffi maps memory, and copies to its address", WITH_LIBC, () => {
  const libc = openLibc();
  const [bytes, readWrite, anonymous] = [4096, 3, 0x22];
  const address = libc.call.mmap(0, bytes, readWrite, anonymous, -1, 0);
  assert.ok(Number.isSafeInteger(address) && address > 0);
  assert.equal(libc.call.memcpy(address, eight(7), 8), address);
  const copy = eight(0);
  assert.equal(libc.addressOf(copy), libc.addressOf(copy));
  const from = new Uint8Array([1, 2, 3]);
  libc.call.memcpy(libc.addressOf(copy), from, 3);
  assert.equal(copy[0], 0x030201n);
  assert.equal(libc.call.munmap(address, bytes), 0);
  // MAP_FAILED is `(void *) -1`.
  assert.equal(libc.call.mmap(0, 0, readWrite, anonymous, -1, 0), -1);
  assert.equal(libc.errno(), EINVAL);
});

test("an address holds when the buffer is asked for", WITH_LIBC, () => {
  const libc = openLibc();
  const view = new Uint8Array(8);
  const address = libc.addressOf(view);
  assert.equal(view.buffer.byteLength, 8);
  libc.call.memcpy(address, Uint8Array.of(5), 1);
  assert.equal(view[0], 5);
});

test("an eventfd is written and read", WITH_LIBC, () => {
  const { call } = openLibc();
  const fd = call.eventfd(0, EFD_NONBLOCK);
  assert.ok(fd >= 0);
  assert.equal(call.write(fd, eight(3), 8), 8);
  assert.equal(call.write(fd, eight(4), 8), 8);
  const value = eight(0);
  assert.equal(call.read(fd, value, 8), 8);
  assert.equal(value[0], 7n);
  assert.equal(call.close(fd), 0);
});

/** Memory of every kind that a view can show, 64 bytes into it. */
const MEMORIES: Record<string, () => ArrayBufferLike> = {
  own: () => new ArrayBuffer(256),
  shared: () => new SharedArrayBuffer(256),
  "shared WebAssembly": () => Runtime.create().handle.memory.buffer,
};

for (const [kind, create] of Object.entries(MEMORIES)) {
  test(`epoll_wait() fills ${kind} memory`, WITH_LIBC, () => {
    const libc = openLibc();
    const { call } = libc;
    const epoll = call.epoll_create1(0);
    const fd = call.eventfd(1, EFD_NONBLOCK);
    const event = new DataView(new ArrayBuffer(EVENT.bytes));
    event.setUint32(0, EPOLLIN, true);
    event.setUint32(EVENT.tag, 4711, true);
    assert.equal(call.epoll_ctl(epoll, EPOLL_CTL_ADD, fd, event), 0);
    const buffer = create();
    const events = new DataView(buffer, buffer.byteLength - 64, 64);
    const before = [events.getUint32(0, true), events.getUint32(32, true)];
    assert.equal(call.epoll_wait(epoll, events, 2, 0), 1);
    assert.deepEqual(
      [events.getUint32(0, true), events.getUint32(EVENT.tag, true)],
      [EPOLLIN, 4711],
    );
    assert.equal(events.getUint32(32, true), before[1]);
    const shown = new Uint8Array(buffer, buffer.byteLength - 64);
    const start = libc.addressOf(new Uint8Array(buffer));
    assert.equal(
      libc.addressOf(shown),
      start + buffer.byteLength - 64,
    );
    call.close(fd);
    call.close(epoll);
  });
}

test("a call blocks its thread, and only that", WITH_LIBC, async () => {
  using runtime = Runtime.create();
  const { call } = openLibc();
  const fd = call.eventfd(0, 0);
  const words = sharedWords(2);
  const thread = run(runtime, BODIES, "read", { fd, words });
  await until(() => Atomics.load(words, 0) === 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  publish(words, 1, 1);
  assert.equal(call.write(fd, eight(42), 8), 8);
  assert.deepEqual(await outcome(thread), [8, 42, 1]);
  call.close(fd);
});

// ==== errno ====

test("errno() is of the call that failed", WITH_LIBC, () => {
  const libc = openLibc();
  const again = openLibc();
  const fd = libc.call.eventfd(0, EFD_NONBLOCK);
  const value = eight(0);
  // Often enough for every tier of the engine, and for collections of garbage.
  for (let time = 0; time < 20_000; time++) {
    assert.equal(libc.call.write(-1, new BigUint64Array(1), 8), -1);
    if (libc.errno() !== EBADF) assert.fail(`${libc.errno()} at ${time}`);
    assert.equal(libc.call.read(fd, value, 8), -1);
    if (again.errno() !== EAGAIN) assert.fail(`${again.errno()} at ${time}`);
    assert.equal(libc.call.lseek(fd, 0, 99), -1);
    if (libc.errno() !== EINVAL) assert.fail(`${libc.errno()} at ${time}`);
  }
  libc.call.close(fd);
});

test("errno() is of its thread", WITH_LIBC, async () => {
  using runtime = Runtime.create();
  const begun = sharedWords(1);
  const fail = (error: Failing["error"]) => {
    const args: Failing = { error, times: 20_000, begun };
    return outcome(run(runtime, BODIES, "fail", args));
  };
  assert.deepEqual(await Promise.all([fail("EBADF"), fail("EAGAIN")]), [
    [EBADF],
    [EAGAIN],
  ]);
});

// ==== what is missing ====

test("Ffi.open() takes the first library that there is", WITH_LIBC, () => {
  assert.ok(open(["libnone.so", ...LIBC], {}));
});

test("Ffi.open() names the libraries that are missing", WITH_LIBC, () => {
  assert.throws(() => open(["libnone.so", "libnone.dylib"], {}), {
    name: "UnsupportedError",
    code: "unsupported",
    message: "Cannot call C functions as it needs the library libnone.so or " +
      "libnone.dylib, linked to libc",
  });
});

test("Ffi.open() names the function that is missing", WITH_LIBC, () => {
  const types = { parameters: [], result: "i32" } as const;
  assert.throws(() => open(LIBC, { getpid: types, getpidd: types }), {
    name: "UnsupportedError",
    code: "unsupported",
    message: "Cannot call C functions as it needs the function getpidd in " +
      "the library libc.so.6",
  });
});

test("a host without an FFI says which have one", () => {
  for (const { ffi } of [browserHost, fallbackHost]) {
    assert.match(`${ffi()}`, /^Deno, Bun or Node: .+ calls no C functions$/);
  }
});

/** Runs the script with these flags. Returns all that it printed. */
async function runScript(
  command: string,
  flags: readonly string[],
): Promise<string> {
  const { code, output } = await runProgram(
    process.execPath,
    [...flags, SCRIPT, command],
    { timeout: MINUTE },
  );
  assert.equal(code, 0, output);
  return output.trim();
}

const { scriptArgs } = RUNTIMES.find(({ name }) => name === host.name)!;

/** Without a word on the other stream: Node warns if it loads its FFI. */
test("importing mod.ts loads no FFI", async () => {
  assert.equal(await runScript("import", scriptArgs), "true");
});

test("asking for an FFI loads none", WITH_LIBC, async () => {
  assert.equal(await runScript("ask", scriptArgs), '"ffi"');
  assert.match(await runScript("open", scriptArgs), /^1$/m);
});

/**
 * Flags that take the FFI away or leave it, and what the host says. Deno's
 * `node:child_process` allows all to a Deno that is allowed nothing.
 */
const FLAGS: Record<string, readonly (readonly [string[], RegExp])[]> = {
  deno: [
    [["run", "--no-prompt", "--allow-read"], /--allow-ffi/],
    [["run", "--no-prompt", "--allow-ffi=libc.so.6"], /--allow-ffi, without/],
    [["run", "-A", "--deny-ffi"], /no --deny-ffi/],
    [["run", "--allow-ffi", "--deny-ffi=libc.so.6"], /no --deny-ffi/],
    [["run", "--allow-ffi"], /^ffi$/],
  ],
  node: [
    [["--no-experimental-ffi"], /without --no-experimental-ffi/],
    [["--permission", "--allow-fs-read=*"], /--allow-ffi/],
    [["--permission", "--allow-fs-read=*", "--allow-ffi"], /^ffi$/],
  ],
};

/** What Node 24 says, to whatever flags it knows. */
const OLD_FLAGS = [[[] as string[], /^Node 26/]] as const;

const isOld = host.name === "node" && `${ffi}`.startsWith("Node 26");
for (const [flags, answer] of isOld ? OLD_FLAGS : FLAGS[host.name] ?? []) {
  test(`Host.ffi() answers with ${flags.join(" ") || "no flag"}`, async () => {
    const output = await runScript("ask", flags);
    assert.match(JSON.parse(output.split("\n").at(-1)!), answer);
  });
}

test("threads end while their calls are compiled", WITH_LIBC, async () => {
  assert.match(await runScript("threads", scriptArgs), /^40$/m);
});

const TRACE_FLAGS: Readonly<Record<string, string | undefined>> = {
  deno: "--v8-flags=--trace-deopt",
  node: "--trace-deopt",
};

/** A call that V8 has compiled for other values would be thrown away each time. */
test("a call with a wide type stays compiled", {
  skip: needs || (!TRACE_FLAGS[host.name] && "only on V8"),
}, async () => {
  const output = await runScript("hot", [
    ...scriptArgs,
    TRACE_FLAGS[host.name]!,
  ]);
  assert.match(output, /^500000$/m);
  const bailouts = output.match(/reason: not a BigInt/g) ?? [];
  assert.deepEqual(bailouts, []);
});
