// A runtime's memory as a scenario finds it: what is claimed, where it lies, and
// what must hold of it when all threads have ended.

import {
  ARMED,
  BLOCKING_DRIVER,
  CONDVAR,
  DRIVER,
  EMPTY,
  HOST_WAIT,
  MUTEX,
  NOTIFIED,
  PARKER_BYTES,
  SELECTOR,
  SLEEP,
  TIMERS_ONLY,
} from "../src/core/core.generated.ts";
import {
  addressOf,
  type Capacities,
  memoryBytes,
  type Region,
  type Regions,
  regionsOf,
} from "../src/core/layout.ts";
import type { Alone, ThreadContext } from "../loom/src/scenario.ts";
import { Clock, START } from "./clock.ts";

// As assembly/layout.ts places them.
export const DRIVER_LOCK = 384;
export const BELL = 512;
export const POLL_USERS = 576;
const SLEEPERS = 1024;
const WHEEL = 3072;
const WHEEL_COUNT = WHEEL + 4;
const WHEEL_NEXT_WAKE = WHEEL + 16;
const WHEEL_OCCUPIED = WHEEL + 32;
const WHEEL_SLOTS = WHEEL + 128;
const LEVELS = 6;
const SLOTS = 64;

// As the records of the core have them.
const PARKER_GENERATION = 8;
const TIMER_GENERATION = 4;
const LOCK_GENERATION = 4;
const REGISTRATION_GENERATION = 1;
const WAITERS = 16;
const WAITERS_END = 48;
/** `CLOSING` of assembly/poll.ts. */
const CLOSING = 1 << 30;
/** READ and WRITE of src/drivers/selector.ts. */
const INTEREST = 3;
const TIMER_AFTER = 16;
/** The bell's word while its owner sleeps. */
const ASLEEP = 1;

/** Every park sleeps on its own word, or in its event loop. */
export const OWN_WORDS = 0;
/** Every blocking park tries the driver first. */
export const DRIVER_FIRST: number = BLOCKING_DRIVER;
/** As `Runtime.create()` has it: the driver is for timers. */
export const SHIPPED: number = BLOCKING_DRIVER | TIMERS_ONLY;
/** As `Runtime.create({ wait: "futex" })` has it. */
export const SHIPPED_HOST: number = SHIPPED | HOST_WAIT;

/** As `Runtime.create({ driver: "epoll" })` has it. */
export const SHIPPED_SELECTOR: number = BLOCKING_DRIVER | SELECTOR;

/** Where something lies, and which claim of it. */
export interface Place {
  readonly address: number;
  readonly claim: number;
}

/** A timer of the scenario's. */
export interface TimerPlan {
  /** Which parker it is for. */
  readonly target: number;
  /** If it is armed before the threads begin. */
  readonly deadline?: number;
}

/** What is claimed before the threads begin. */
export interface WorldPlan {
  /** `SHIPPED` by default. */
  readonly flags?: number;
  /** Parker `n` is claimed for thread `n + 1`. */
  readonly parkers?: number;
  readonly locks?: readonly ("mutex" | "condvar")[];
  readonly timers?: readonly TimerPlan[];
  /** Registrations, of the descriptors 0, 1, 2, … */
  readonly registrations?: number;
  /** Records beyond, for threads that claim. */
  readonly spare?: Partial<Capacities>;
  /** The parker whose thread holds the driver when the threads begin. */
  readonly holder?: number;
  /** Where the scenario's own words lie. Behind the records by default. */
  readonly scratch?: number;
  /** Parkers that are parked already: on their own words, beside the holder. */
  readonly asleep?: readonly number[];
  /** Parkers whose event loops are parked already. */
  readonly looping?: readonly number[];
}

/** One thread's part of the runtime: see src/core/local.ts. */
export interface Local {
  readonly t: ThreadContext;
  /** Its id. From 1. */
  readonly thread: number;
  readonly isHostWait: boolean;
  readonly hasDriver: boolean;
  /** Whether the driver sleeps in a selector. */
  readonly hasSelector: boolean;
  /** What the thread has done to the selector. */
  readonly tally: { sleeps: number; writes: number };
  readonly clock: Clock;
  readonly world: World;
}

/** What `check()` takes for right. */
export interface Expected {
  /** Whether parkers may hold a token. No one does by default. */
  readonly tokens?: boolean;
  /** Parkers that no thread has released or detached. All by default. */
  readonly parkers?: readonly number[];
  /** Whether somebody may still stand by, or sleep in the driver. */
  readonly daemons?: boolean;
  /** Whether timers may be armed. None is by default. */
  readonly armed?: boolean;
}

/** A memory with what a scenario's plan says. */
export class World {
  readonly flags: number;
  readonly regions: Regions;
  readonly #plan: Required<WorldPlan>;
  readonly #capacities: Capacities;

  constructor(plan: WorldPlan) {
    this.#plan = {
      flags: SHIPPED,
      parkers: 0,
      locks: [],
      timers: [],
      registrations: 0,
      spare: {},
      holder: -1,
      scratch: 0,
      asleep: [],
      looping: [],
      ...plan,
    };
    const { parkers, locks, timers, registrations, spare } = this.#plan;
    this.flags = this.#plan.flags;
    this.#capacities = {
      parkers: parkers + (spare.parkers ?? 0),
      locks: locks.length + (spare.locks ?? 0),
      timers: timers.length + (spare.timers ?? 0),
      registrations: registrations + (spare.registrations ?? 0),
    };
    this.regions = regionsOf(this.#capacities);
  }

  /** The parker of thread `index + 1`. */
  parker(index: number): Place {
    return placeOf(this.regions.parkers, index, PARKER_GENERATION);
  }

  /** The mutex or condvar at `index` of the plan. */
  lock(index: number): Place {
    const kind = this.#plan.locks[index] === "condvar" ? CONDVAR : MUTEX;
    return placeOf(this.regions.locks, index, LOCK_GENERATION | kind);
  }

  /** The timer at `index` of the plan. */
  timer(index: number): Place {
    return placeOf(this.regions.timers, index, TIMER_GENERATION);
  }

  /** The registration of this descriptor, as long as it is the first one. */
  registration(fd: number): Place {
    return placeOf(this.regions.registrations, fd, REGISTRATION_GENERATION);
  }

  /** A word that the core knows nothing of, for the threads to use. */
  scratch(index: number): number {
    const behind = Math.ceil(memoryBytes(this.#capacities) / 128) * 128;
    return (this.#plan.scratch || behind) + 4 * index;
  }

  /** What the body of thread `thread` works with. Threads count from 1. */
  local(t: ThreadContext, thread: number, clock: Clock = new Clock()): Local {
    const isHostWait = (this.flags & HOST_WAIT) !== 0;
    const hasDriver = (this.flags & BLOCKING_DRIVER) !== 0;
    const hasSelector = (this.flags & SELECTOR) !== 0;
    const tally = { sleeps: 0, writes: 0 };
    const has = { isHostWait, hasDriver, hasSelector };
    return { t, thread, ...has, tally, clock, world: this };
  }

  /** Makes the memory a runtime's, and claims what the plan says. */
  setup = (alone: Alone): void => {
    const { parkers, locks, timers, registrations } = this.#capacities;
    const counts = [parkers, locks, timers, registrations] as const;
    alone.call("memoryCreate", 1, this.flags, ...counts, START);
    this.#claimParkers(alone);
    this.#claimLocks(alone);
    this.#claimTimers(alone);
    this.#register(alone);
    this.#takeDriver(alone);
    this.#park(alone);
  };

  #takeDriver(alone: Alone): void {
    const { holder } = this.#plan;
    if (holder < 0) return;
    const isHeld = alone.call("driverTake", this.parker(holder).address) !== 0;
    alone.assert(isHeld, "setup: the driver is not free");
  }

  #park(alone: Alone): void {
    const { asleep, looping } = this.#plan;
    for (const index of asleep) {
      const { address, claim } = this.parker(index);
      const code = alone.call("parkerCommit", address, claim);
      alone.assert(code === SLEEP, `setup: a park returned ${code}`);
    }
    for (const index of looping) {
      const { address, claim } = this.parker(index);
      const code = alone.call("parkerCommitLoop", address, claim);
      alone.assert(code === DRIVER, `setup: a park returned ${code}`);
    }
  }

  #claimParkers(alone: Alone): void {
    for (let index = 0; index < this.#plan.parkers; index++) {
      const { address, claim } = this.parker(index);
      const claimed = alone.call("parkerClaim", index + 1);
      alone.assert(claimed === address, "setup: a parker lies elsewhere");
      const base = alone.call("parkerBase", address);
      alone.assert(base === claim, "setup: a parker has another claim");
    }
  }

  #claimLocks(alone: Alone): void {
    this.#plan.locks.forEach((kind, index) => {
      const { address, claim } = this.lock(index);
      const number = kind === "condvar" ? CONDVAR : MUTEX;
      const claimed = alone.call("lockClaim", number);
      alone.assert(claimed === address, "setup: a lock lies elsewhere");
      const base = alone.call("lockBase", address);
      alone.assert(base === claim, "setup: a lock has another claim");
    });
  }

  #claimTimers(alone: Alone): void {
    this.#plan.timers.forEach(({ target, deadline }, index) => {
      const { address, claim } = this.timer(index);
      const parker = this.parker(target);
      const claimed = alone.call("timerClaim", parker.address, parker.claim);
      alone.assert(claimed === address, "setup: a timer lies elsewhere");
      const base = alone.call("timerBase", address);
      alone.assert(base === claim, "setup: a timer has another claim");
      if (deadline !== undefined) {
        alone.call("timerArm", address, claim, deadline, target + 1);
      }
    });
  }

  #register(alone: Alone): void {
    for (let fd = 0; fd < this.#plan.registrations; fd++) {
      const { address, claim } = this.registration(fd);
      const claimed = alone.call("registrationClaim", fd, 0);
      alone.assert(claimed === address, "setup: a registration lies elsewhere");
      const base = alone.call("registrationBase", address);
      alone.assert(base === claim, "setup: a registration has another claim");
      alone.call("registrationAsked", address, INTEREST);
    }
  }

  /** Checks what holds of every memory that nobody uses. */
  check(alone: Alone, expected: Expected = {}): void {
    const { tokens = false, armed = false, daemons = false } = expected;
    const all = Array.from({ length: this.#plan.parkers }, (_, index) => index);
    for (const index of expected.parkers ?? all) {
      this.#checkParker(alone, index, tokens);
    }
    if (!daemons) this.#checkNobodySleeps(alone);
    this.#checkLocks(alone);
    this.#checkWheel(alone, armed);
    this.#checkWaiters(alone);
  }

  #checkNobodySleeps(alone: Alone): void {
    alone.assert(alone.read(DRIVER_LOCK) === 0, "the driver is not free");
    alone.assert(alone.read(BELL) !== ASLEEP, "the bell has a sleeper");
    alone.assert(
      alone.read(SLEEPERS) === 0,
      "the set of sleepers is not empty",
    );
    const users = alone.read(POLL_USERS) & ~CLOSING;
    alone.assert(users === 0, "somebody uses the selector");
  }

  #checkWaiters(alone: Alone): void {
    for (let fd = 0; fd < this.#capacities.registrations; fd++) {
      const { address } = this.registration(fd);
      for (let at = WAITERS; at < WAITERS_END; at += 4) {
        const isFree = alone.read(address + at) === 0;
        alone.assert(isFree, `somebody waits for descriptor ${fd}`);
      }
    }
  }

  #checkParker(alone: Alone, index: number, tokens: boolean): void {
    const { address, claim } = this.parker(index);
    const bits = alone.read(address) - claim;
    const isRight = bits === EMPTY || (tokens && bits === NOTIFIED);
    alone.assert(isRight, `parker ${index} holds ${bits} below its claim`);
    const count = (place: number) =>
      alone.call("parkerCounter", address, place);
    const ends = count(1) + count(2) + count(3) + count(4);
    alone.assert(
      count(0) === ends,
      `parker ${index} began ${count(0)} sleeps and ended ${ends}`,
    );
  }

  #checkLocks(alone: Alone): void {
    this.#plan.locks.forEach((kind, index) => {
      const { address } = this.lock(index);
      alone.assert(
        kind === "condvar" || alone.read(address) === 0,
        `mutex ${index} is held`,
      );
      alone.assert(alone.read(address + 4) === 0, `lock ${index} has waiters`);
    });
  }

  #checkWheel(alone: Alone, armed: boolean): void {
    alone.assert(alone.read(WHEEL) === 0, "the wheel is locked");
    let found = 0;
    for (let slot = 0; slot <= LEVELS * SLOTS; slot++) {
      const length = this.#slotLength(alone, slot);
      found += length;
      if (slot === LEVELS * SLOTS) continue;
      const word = WHEEL_OCCUPIED + ((slot >> 6) << 3) + ((slot & 32) >> 3);
      const isMarked = ((alone.read(word) >>> (slot & 31)) & 1) !== 0;
      alone.assert(isMarked === (length > 0), `slot ${slot} is marked wrongly`);
    }
    const count = alone.read(WHEEL_COUNT);
    alone.assert(count === found, `${count} timers counted, ${found} found`);
    alone.assert(armed || count === 0, `${count} timers are armed`);
    if (count > 0) return;
    const isNever = alone.read(WHEEL_NEXT_WAKE) === -1 &&
      alone.read(WHEEL_NEXT_WAKE + 4) === 0x7fffffff;
    alone.assert(isNever, "the driver is to wake for no timer");
  }

  /** Follows the links of a slot. */
  #slotLength(alone: Alone, slot: number): number {
    let length = 0;
    let before = 0;
    let at = alone.read(WHEEL_SLOTS + 4 * slot);
    while (at !== 0) {
      alone.assert((alone.read(at) & 3) === ARMED, "a timer in a slot is idle");
      alone.assert(
        alone.read(at + TIMER_AFTER + 4) === before,
        "a timer's links are broken",
      );
      alone.assert(alone.read(at + 24) === slot, "a timer is in another slot");
      alone.assert(++length <= this.#capacities.timers, "a slot is a ring");
      before = at;
      at = alone.read(at + TIMER_AFTER);
    }
    return length;
  }

  /** A counter of a parker, by its place in the core's `Counters`. */
  counter(alone: Alone, index: number, place: number): number {
    return alone.call("parkerCounter", this.parker(index).address, place);
  }
}

/** Sleeps begun, and how they ended: the places of `Counters`. */
export const PARKS = 0;
export const UNPARKS = 1;
export const TIMEOUTS = 2;
export const EVENTS = 3;
export const NOOPS = 4;

/** A memory with what the plan says. */
export function newWorld(plan: WorldPlan): World {
  return new World(plan);
}

/** The index of the parker at this address. */
export function indexOf(world: World, address: number): number {
  return (address - world.regions.parkers.first) / PARKER_BYTES;
}

function placeOf(region: Region, index: number, claim: number): Place {
  return { address: addressOf(region, index), claim };
}
