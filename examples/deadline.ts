// Four ways for a park to end in time: its own deadline, a timer, a timeout on
// the event loop, and a signal.

import assert from "node:assert/strict";
import { Runtime } from "../mod.ts";

using runtime = Runtime.create();
using parker = runtime.parker();

const start = runtime.now();
assert.equal(parker.parkDeadline(start + 20), "timed-out");
assert.ok(runtime.now() >= start + 20);
console.log("parkDeadline() timed out, and not before its deadline");

// A timer unparks: it makes the token available, whoever parks and however.
using timer = runtime.timer(parker.handle);
timer.schedule(runtime.now() + 20);
assert.equal(parker.park(), "unparked");
console.log("park() was unparked by a timer");

const parked = parker.parkAsync({ timeout: 100 });
await new Promise((resolve) => setTimeout(resolve, 20));
assert.equal(await parked, "timed-out");
console.log("parkAsync() timed out, while the event loop ran");

const signal = AbortSignal.timeout(20);
await assert.rejects(parker.parkAsync({ signal }), { name: "TimeoutError" });
console.log("parkAsync() was ended by a signal");
