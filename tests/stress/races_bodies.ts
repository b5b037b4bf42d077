// Two threads that take one step each at the same time, again and again. Each
// step is an export of the core, and what they do to each other within it is
// what is tested. See tests/core/interleaving_test.ts for the same in order.

import assert from "node:assert/strict";
import type { ParkerHandle, Runtime, TimerHandle } from "../../mod.ts";
import {
  AGAIN,
  DONE,
  DRIVER,
  HAND_OFF,
  NOTIFIED,
  RING,
  SLEEP,
  UNPARKED,
} from "../../src/core/core.generated.ts";
import { Actor, type Alarm } from "../core/actor.ts";
import { bellOf, type Core, coreOf } from "../cores.ts";
import { bodies } from "../threads.ts";
import type { Orders } from "./harness.ts";
import { Random } from "./random.ts";

type Words = Int32Array<SharedArrayBuffer>;

interface Racer extends Orders {
  /** 0 sets the stage, and looks at what has become of it. */
  readonly side: 0 | 1;
  readonly rounds: number;
  readonly parkers: readonly ParkerHandle[];
  readonly timer: TimerHandle;
  readonly far: number;
  /** Counts arrivals; then C's claim, and what each side has found. */
  readonly words: Words;
}

/** Who is on the stage. A has the lowest index, so is summoned first. */
interface Stage {
  readonly a: Actor;
  readonly b: Actor;
  readonly c: Actor;
  readonly bell: () => number;
  /** What `look()` compares with, as `set()` saw it. */
  seen: number;
  /** Unparks B: in all races it is only the driver's work. */
  readonly timer: Alarm;
  /** A deadline that does not come. */
  readonly far: number;
}

/** A race of two steps. */
interface Race {
  set(stage: Stage): void;
  /** What each side does. */
  readonly steps: readonly [Step, Step];
  look(stage: Stage, found: readonly [number, number]): void;
}

type Step = (stage: Stage) => number;

const CLAIM = 1;
const FOUND = 2;

/** What a deadline is rounded up by, at most. */
const TICK = 1;
const ASLEEP = 1;
/** How long one side waits before its step, at most: some hundred ns. */
const JITTER = 60;
/** How long a side spins for the other before it sleeps. */
const SPINS = 2000;

const leaveDriver: Step = ({ c }) => c.core.driverLeave();

/** Asserts that a sleeper has the driver, or has been called to it. */
function assertServed(sleeper: Actor, code: number): void {
  if (code === DRIVER) return void sleeper.leave();
  assert.equal(code, SLEEP);
  assert.ok(sleeper.isSummoned, "It sleeps, and nobody has the driver");
  assert.equal(sleeper.endSleep(), AGAIN);
}

/** Tells the owner of the driver what arming a timer asks for. */
function tell({ core }: Actor, code: number): number {
  if (code === RING) core.bellRing();
  if (code === HAND_OFF) core.driverHandOff();
  return code;
}

const RACES: Record<string, Race> = {
  "falling asleep while another leaves the driver": {
    set({ c, far, timer }) {
      timer.arm(far);
      assert.ok(c.takeDriver());
    },
    steps: [leaveDriver, ({ a }) => a.commit()],
    look({ a, timer }, [, code]) {
      assertServed(a, code);
      timer.cancel();
    },
  },

  "listening while another leaves the driver": {
    set(stage) {
      stage.timer.arm(stage.far);
      assert.ok(stage.c.takeDriver());
      stage.seen = stage.a.rings;
    },
    steps: [leaveDriver, ({ a }) => {
      a.commitLoop();
      return Number(a.keepDriver());
    }],
    look({ a, seen, timer }, [, kept]) {
      assert.ok(kept || a.rings !== seen, "It was neither kept nor rung");
      assert.equal(a.leaveLoop(), AGAIN);
      timer.cancel();
    },
  },

  "arming a timer while the owner leaves the driver": {
    set({ a, c }) {
      assert.ok(c.takeDriver());
      assert.equal(a.commit(), SLEEP);
    },
    steps: [leaveDriver, ({ b, far, timer }) => tell(b, timer.arm(far))],
    look({ a, timer }) {
      assertServed(a, SLEEP);
      timer.cancel();
    },
  },

  "arming a timer while an event loop leaves the driver": {
    set({ a, b, c }) {
      assert.ok(c.takeDriver());
      assert.equal(a.commit(), SLEEP);
      c.core.driverLeave();
      assert.equal(b.commitLoop(), DRIVER);
      assert.ok(b.keepDriver());
    },
    steps: [
      ({ b }) => b.leaveLoop(),
      ({ c, far, timer }) => tell(c, timer.arm(far)),
    ],
    look({ a, timer }) {
      assertServed(a, SLEEP);
      timer.cancel();
    },
  },

  "arming a timer while the owner goes to sleep in the driver": {
    set({ c }) {
      assert.ok(c.takeDriver());
    },
    steps: [({ c, far }) => {
      const due = c.prepare();
      return Number(!c.core.bellCommit() || due <= far + TICK);
    }, ({ b, far, timer }) => tell(b, timer.arm(far))],
    look({ c, bell, timer }, [knows]) {
      assert.ok(knows || bell() !== ASLEEP, "The owner oversleeps");
      c.core.bellHear();
      timer.cancel();
      c.core.driverLeave();
    },
  },

  "arming a timer while an event loop begins to keep the driver": {
    set(stage) {
      stage.seen = stage.a.rings;
    },
    steps: [({ a, far }) => {
      a.commitLoop();
      a.keepDriver();
      return Number(a.prepare() <= far + TICK);
    }, ({ b, far, timer }) => tell(b, timer.arm(far))],
    look({ a, seen, timer }, [knows]) {
      assert.ok(knows || a.rings !== seen, "Nobody told the event loop");
      timer.cancel();
      assert.equal(a.leaveLoop(), AGAIN);
    },
  },

  "taking a token while it is called to the driver": {
    set({ a, b, c, far, timer }) {
      assert.ok(c.takeDriver());
      assert.equal(a.commit(), SLEEP);
      assert.equal(b.commit(), SLEEP);
      timer.arm(far);
    },
    steps: [leaveDriver, ({ a, b }) => {
      b.unpark(a);
      return a.endSleep();
    }],
    look({ b, timer }, [, code]) {
      assert.equal(code, UNPARKED);
      assertServed(b, SLEEP);
      timer.cancel();
    },
  },

  "timing out while it is called to the driver": {
    set({ a, b, c, far, timer }) {
      assert.ok(c.takeDriver());
      assert.equal(a.commit(), SLEEP);
      assert.equal(b.commit(), SLEEP);
      timer.arm(far);
    },
    steps: [leaveDriver, ({ a }) => a.endSleep(true)],
    look({ b, timer }) {
      assertServed(b, SLEEP);
      timer.cancel();
    },
  },

  "falling asleep while an event loop leaves the driver": {
    set({ b, far, timer }) {
      timer.arm(far);
      assert.equal(b.commitLoop(), DRIVER);
      assert.ok(b.keepDriver());
    },
    steps: [({ b }) => b.leaveLoop(), ({ a }) => a.commit()],
    look({ a, timer }, [, code]) {
      assertServed(a, code);
      timer.cancel();
    },
  },

  "taking the driver while its keeper begins a turn": {
    set({ b }) {
      b.keepDriver();
    },
    steps: [
      ({ b }) => Number(b.holdDriver()),
      ({ a }) => Number(a.takeDriver()),
    ],
    look({ a }, [held, taken]) {
      assert.equal(held + taken, 1, "The driver has not one owner");
      a.core.driverLeave();
    },
  },

  "taking the driver while another does": {
    set({ c }) {
      c.keepDriver();
    },
    steps: [
      ({ a }) => Number(a.takeDriver()),
      ({ b }) => Number(b.takeDriver()),
    ],
    look({ a }, [one, two]) {
      assert.equal(one + two, 1, "The driver has not one owner");
      a.core.driverLeave();
    },
  },

  "an unpark while the owner falls asleep": {
    set({ c }) {
      assert.ok(c.takeDriver());
    },
    steps: [({ a }) => a.commit(), ({ a, b }) => b.unpark(a)],
    look({ a, c }, [code]) {
      if (code === SLEEP) {
        assert.equal(a.state, NOTIFIED);
        assert.equal(a.endSleep(), UNPARKED);
      } else assert.equal(code, UNPARKED);
      assert.equal(a.take(), AGAIN);
      c.core.driverLeave();
    },
  },

  "an unpark while the owner times out": {
    set({ a, c }) {
      assert.ok(c.takeDriver());
      assert.equal(a.commit(), SLEEP);
    },
    steps: [({ a }) => a.endSleep(true), ({ a, b }) => b.unpark(a)],
    look({ a, c }, [code]) {
      // Taken now, or there for the next: never both, never neither.
      assert.equal(a.take(), code === UNPARKED ? AGAIN : UNPARKED);
      c.core.driverLeave();
    },
  },

  "an unpark while the owner leaves the driver": {
    set({ a }) {
      assert.equal(a.commit(), DRIVER);
    },
    steps: [({ a }) => a.leave(), ({ a, b }) => tell(b, b.unpark(a))],
    look({ a }, [code]) {
      assert.equal(a.take(), code === UNPARKED ? AGAIN : UNPARKED);
      // A ring that nobody waits for is heard by the next.
      a.core.bellHear();
    },
  },

  "an unpark while the owner releases and claims again": {
    set() {},
    // Each side has an object of its own for C: that of the unparker still
    // knows the claim before.
    steps: [({ c }) => {
      assert.equal(c.release(), DONE);
      c.claim();
      return c.base;
    }, ({ b, c }) => b.unpark(c)],
    look({ c }) {
      assert.equal(c.take(), AGAIN, "A stale unpark reached the next claim");
    },
  },

  "a ring while the owner goes to sleep": {
    set() {},
    steps: [({ a }) => a.core.bellCommit(), ({ b }) => b.core.bellRing()],
    look({ a, bell }, [isAsleep]) {
      assert.ok(!isAsleep || bell() !== ASLEEP, "It sleeps through the ring");
      a.core.bellHear();
    },
  },
};

/** Waits for the other side. */
function meet(runtime: Runtime, words: Words, arrivals: number): void {
  if (Atomics.add(words, 0, 1) + 1 === arrivals) {
    Atomics.notify(words, 0);
    return;
  }
  for (let spin = SPINS; spin > 0; spin--) {
    if (Atomics.load(words, 0) >= arrivals) return;
  }
  for (;;) {
    const seen = Atomics.load(words, 0);
    if (seen >= arrivals) return;
    // Not for ever: the other side may have failed.
    assert.ok(!runtime.isShutdown);
    Atomics.wait(words, 0, seen, 1000);
  }
}

function stageOf(core: Core, { parkers, timer, far }: Racer): Stage {
  const [a, b, c] = parkers.map((parker) => new Actor(core, parker));
  return {
    a: a!,
    b: b!,
    c: c!,
    bell: () => Atomics.load(core.words, bellOf(core)),
    seen: 0,
    timer: a!.alarm(timer),
    far,
  };
}

function race(runtime: Runtime, args: Racer): void {
  const { side, rounds, words, progress, thread } = args;
  const random = new Random(args.seed);
  const stage = stageOf(coreOf(runtime), args);
  let arrivals = 0;
  for (const [name, { set, steps, look }] of Object.entries(RACES)) {
    for (let round = 0; round < rounds; round++) {
      try {
        if (side === 0) {
          set(stage);
          Atomics.store(words, CLAIM, stage.c.base);
        }
        meet(runtime, words, arrivals += 2);
        stage.c.base = Atomics.load(words, CLAIM);
        for (let spin = random.index(JITTER); spin > 0; spin--) random.next();
        Atomics.store(words, FOUND + side, steps[side](stage));
        meet(runtime, words, arrivals += 2);
        if (side === 0) {
          look(stage, [
            Atomics.load(words, FOUND),
            Atomics.load(words, FOUND + 1),
          ]);
        }
      } catch (error) {
        const what = error instanceof Error ? error.message : error;
        throw new Error(`${name}, round ${round}: ${what}`, { cause: error });
      }
    }
    Atomics.add(progress, thread, 1);
  }
}

export default bodies({ race });
