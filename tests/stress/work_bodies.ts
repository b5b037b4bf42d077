// Threads that tell each other of work by a word in shared memory, and of the
// word by an unpark.

import assert from "node:assert/strict";
import type { ParkerHandle, Runtime } from "../../mod.ts";
import { bodies } from "../threads.ts";
import type { Orders } from "./harness.ts";
import { Sleeper, type Ways } from "./parks.ts";
import { Random } from "./random.ts";
import { torment } from "./torment.ts";

type Words = Int32Array<SharedArrayBuffer>;

interface Consumer extends Orders {
  readonly parker: ParkerHandle;
  readonly ways: Ways;
  /** Pieces of work that all producers make together. */
  readonly total: number;
  /** The word that counts the pieces which nobody has done. */
  readonly pending: Words;
}

interface Producer extends Orders {
  readonly parker: ParkerHandle;
  readonly count: number;
  readonly pending: Words;
}

interface Carrier extends Orders {
  readonly parkers: readonly ParkerHandle[];
  readonly ways: Ways;
  /** Which of the carriers this is. */
  readonly place: number;
  /** For each letter the place of its carrier, or `NOBODY`. */
  readonly letters: Words;
  /** For each letter how often it is still to be passed on. */
  readonly passes: Words;
}

/** The place of a letter that is passed on no more. */
const NOBODY = -1;

/** How long a producer waits for the consumer to run dry. */
const SPINS = 300;

/** Does all the work there is, and parks, until all is done. */
async function consume(runtime: Runtime, args: Consumer): Promise<number> {
  const { ways, total, pending, progress, thread } = args;
  const random = new Random(args.seed);
  const sleeper = new Sleeper(runtime, runtime.adopt(args.parker), random);
  for (let done = 0;;) {
    done += Atomics.exchange(pending, 0, 0);
    Atomics.add(progress, thread, 1);
    if (done >= total) return done;
    const sleep = sleeper.sleep(ways);
    const end = typeof sleep === "string" ? sleep : await sleep;
    assert.notEqual(end, "shutdown");
  }
}

/** Makes work, and announces each piece of it. */
function produce(runtime: Runtime, args: Producer): void {
  const { parker, count, pending, progress, thread } = args;
  const random = new Random(args.seed);
  const unparker = runtime.unparker(parker);
  let rush = 0;
  for (let made = 0; made < count; made++) {
    Atomics.add(pending, 0, 1);
    assert.ok(unparker.unpark());
    Atomics.add(progress, thread, 1);
    // In a rush the unparks become one token. Else the next one comes when the
    // consumer is about to fall asleep.
    if (rush > 0) rush--;
    else if (random.oneIn(200)) rush = random.index(5000);
    else untilDry(pending, random.index(SPINS));
  }
}

function untilDry(pending: Words, spins: number): void {
  let left = SPINS;
  while (Atomics.load(pending, 0) !== 0 && left-- > 0);
  for (let spin = spins; spin > 0; spin--) Atomics.load(pending, 0);
}

/** Passes the letters that it has to other carriers, until there are none. */
async function carry(runtime: Runtime, args: Carrier): Promise<number> {
  const { parkers, ways, place, letters, passes, progress, thread } = args;
  const random = new Random(args.seed);
  const own = runtime.adopt(parkers[place]!);
  const sleeper = new Sleeper(runtime, own, random);
  const unparkers = parkers.map((parker) => runtime.unparker(parker));
  let carried = 0;
  for (;;) {
    for (let letter = 0; letter < letters.length; letter++) {
      if (Atomics.load(letters, letter) !== place) continue;
      carried++;
      Atomics.add(progress, thread, 1);
      if (Atomics.sub(passes, letter, 1) === 1) {
        Atomics.store(letters, letter, NOBODY);
        unparkers.forEach((unparker) => unparker.unpark());
        continue;
      }
      // To itself too: a thread may unpark its own parker.
      const to = random.index(parkers.length);
      Atomics.store(letters, letter, to);
      assert.ok(unparkers[to]!.unpark());
    }
    if (passes.every((_, letter) => Atomics.load(passes, letter) === 0)) break;
    const sleep = sleeper.sleep(ways);
    const end = typeof sleep === "string" ? sleep : await sleep;
    assert.notEqual(end, "shutdown");
  }
  return carried;
}

export default bodies({ consume, produce, carry, torment });
