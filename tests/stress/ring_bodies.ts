// Threads in rings: each passes the ring's one token to the next, and nothing
// but the token says whose turn it is.

import assert from "node:assert/strict";
import type { ParkerHandle, Runtime } from "../../mod.ts";
import { bodies } from "../threads.ts";
import type { Orders } from "./harness.ts";
import { Sleeper, type Ways } from "./parks.ts";
import { Random } from "./random.ts";
import { torment } from "./torment.ts";

interface Station extends Orders {
  readonly parker: ParkerHandle;
  readonly next: ParkerHandle;
  readonly ways: Ways;
  /** Which of how many stations of the ring. */
  readonly place: number;
  readonly stations: number;
  readonly rounds: number;
  /** The word in which the ring counts passes. */
  readonly passes: Int32Array<SharedArrayBuffer>;
  /** The parker whose timers give the driver work, if it is to have some. */
  readonly clock: ParkerHandle | undefined;
}

interface Clock extends Orders {
  readonly parker: ParkerHandle;
  readonly ways: Ways;
  /** Its first word is not 0 when it is to end. */
  readonly end: Int32Array<SharedArrayBuffer>;
}

/** Milliseconds until an alarm is due, at most. */
const ALARM = 1;

async function station(runtime: Runtime, args: Station): Promise<void> {
  const { place, stations, rounds, passes, ways, progress, thread } = args;
  const random = new Random(args.seed);
  const sleeper = new Sleeper(runtime, runtime.adopt(args.parker), random);
  const next = runtime.unparker(args.next);
  const alarm = args.clock && runtime.timer(args.clock);
  for (let round = 0; round < rounds; round++) {
    // Not awaited if it is no promise: that would be a turn of the event loop.
    const sleep = sleeper.untilUnparked(ways);
    const end = typeof sleep === "string" ? sleep : await sleep;
    assert.equal(end, "unparked");
    const seen = Atomics.add(passes, 0, 1);
    assert.equal(seen, round * stations + place, "A token came out of turn");
    Atomics.add(progress, thread, 1);
    if (alarm && random.oneIn(4)) {
      alarm.schedule(runtime.now() + random.below(ALARM));
    }
    if (alarm && random.oneIn(16)) alarm.cancel();
    if (seen + 1 < rounds * stations) assert.ok(next.unpark());
  }
  alarm?.release();
  assert.notEqual(sleeper.parker.parkTimeout(0.1), "unparked", "One too many");
  sleeper.parker.release();
}

/** Is what alarms unpark. Counts them. */
async function clock(runtime: Runtime, args: Clock): Promise<number> {
  const { end, progress, thread, ways } = args;
  const random = new Random(args.seed);
  const sleeper = new Sleeper(runtime, runtime.adopt(args.parker), random);
  let alarms = 0;
  while (Atomics.load(end, 0) === 0) {
    const found = await sleeper.sleep(ways);
    assert.notEqual(found, "shutdown");
    if (found === "unparked") alarms++;
  }
  Atomics.add(progress, thread, 1);
  sleeper.parker.release();
  return alarms;
}

export default bodies({ station, clock, torment });
