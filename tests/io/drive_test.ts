import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { run as runProgram } from "../../scripts/processes.ts";
import { UnixStream } from "../../mod.ts";
import { currentHost } from "../../src/compose.ts";
import { outcome, run, settled } from "../threads.ts";
import { newRuntime, WITH_NET } from "../net/net.ts";

const BODIES = new URL("./drive_bodies.ts", import.meta.url);
const SCRIPT = fileURLToPath(new URL("./drive_script.ts", import.meta.url));

// The thread that drives for it is its own, and ends with it: neither does it
// wait for that one, nor do the others wait for one that is gone.
test("a thread ends that has waited in its event loop", WITH_NET, async () => {
  using runtime = newRuntime();
  for (let time = 0; time < 4; time++) {
    assert.equal(await outcome(run(runtime, BODIES, "wait")), 1);
  }
  const threads = [1, 2].map(() => run(runtime, BODIES, "wait"));
  for (const thread of threads) assert.equal(await outcome(thread), 1);
});

for (const how of ["waits", "blocks"]) {
  test(`a process exits in which somebody ${how}`, WITH_NET, async () => {
    const args = process.versions["deno"]
      ? ["run", "-A", "--no-check", SCRIPT, how]
      : [SCRIPT, how];
    const { code, output } = await runProgram(process.execPath, args);
    assert.equal(code, 3, output);
  });
}

// Nobody else knows of the runtime, but the system wakes who blocks.
test("whoever is alone blocks until it is ready", WITH_NET, () => {
  using runtime = newRuntime();
  const { call, fd } = openTimer();
  const watch = runtime.register(fd, { read: true });
  call.timerfd_settime(
    fd,
    0,
    new BigInt64Array([0n, 0n, 0n, 30_000_000n]),
    null,
  );
  assert.ok(watch.readableSync().isReadable);
  watch.deregister();
  call.close(fd);
});

test("a thread blocks while others of it wait", WITH_NET, async () => {
  using runtime = newRuntime();
  const [one, other] = UnixStream.pair(runtime.io);
  const [third, fourth] = UnixStream.pair(runtime.io);
  const bytes = new Uint8Array(8);
  const reading = one.read(new Uint8Array(8));
  const same = third.read(new Uint8Array(1));
  const options = { timeout: 20 };
  assert.throws(() => third.readSync(bytes, options), { code: "timed-out" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.throws(() => third.readSync(bytes, options), { code: "timed-out" });
  fourth.writeAllSync(Uint8Array.of(1, 2));
  assert.equal(third.readSync(new Uint8Array(1)), 1);
  assert.equal(await settled(same), 1);
  other.writeAllSync(Uint8Array.of(3, 4, 5));
  assert.equal(await settled(reading), 3);
  for (const it of [one, other, third, fourth]) it.close();
});

function openTimer() {
  const ffi = currentHost().ffi();
  assert.ok(typeof ffi !== "string");
  const { call } = ffi.open(["libc.so.6", "libc.so"], {
    timerfd_create: { parameters: ["i32", "i32"], result: "i32" },
    timerfd_settime: {
      parameters: ["i32", "i32", "buffer", "buffer"],
      result: "i32",
    },
    close: { parameters: ["i32"], result: "i32" },
  });
  const [CLOCK_MONOTONIC, NONBLOCK] = [1, 0o4000];
  const fd = call.timerfd_create(CLOCK_MONOTONIC, NONBLOCK);
  return { call, fd };
}
