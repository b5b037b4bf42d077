// A thread that takes its steps in the core one by one: each is an export.

import type { CoreExports } from "../../src/core/core.generated.ts";
import { attachCore, type Core } from "../../src/core/module.ts";

const STATE = 3;
const SUMMONED = 4;

/** Where something lies, and which claim of it. */
export interface Place {
  readonly address: number;
  readonly claim: number;
}

/** A timer in the hands of one thread. */
export interface Alarm {
  readonly address: number;
  readonly base: number;
  readonly state: number;
  arm(deadline: number): number;
  cancel(): number;
  release(): number;
}

/** A thread of the story. It owns one parker. */
export class Actor {
  readonly core: CoreExports;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly thread: number;
  address: number = 0;
  base: number = 0;

  /** Claims a parker, or plays the part of whoever has claimed this one. */
  constructor(memory: Core, place?: Place) {
    const { exports, words } = attachCore(memory.handle);
    this.core = exports;
    this.words = words;
    this.thread = exports.threadNext();
    if (place) [this.address, this.base] = [place.address, place.claim];
    else this.claim();
  }

  claim(): void {
    this.address = this.core.parkerClaim(this.thread);
    this.base = this.core.parkerBase(this.address);
  }

  get #word(): number {
    return Atomics.load(this.words, this.address >> 2);
  }

  get state(): number {
    return this.#word & STATE;
  }

  get isSummoned(): boolean {
    return (this.#word & SUMMONED) !== 0;
  }

  get isWoken(): boolean {
    return this.core.parkerIsWoken(this.address, this.base) !== 0;
  }

  get rings(): number {
    return Atomics.load(
      this.words,
      this.core.parkerDoorbell(this.address) >> 2,
    );
  }

  take(): number {
    return this.core.parkerTake(this.address, this.base);
  }

  commit(): number {
    return this.core.parkerCommit(this.address, this.base);
  }

  endSleep(timedOut = false): number {
    return this.core.parkerEndSleep(this.address, this.base, Number(timedOut));
  }

  leave(served = 0, timedOut = false): number {
    const { core, address, base } = this;
    return core.parkerLeave(address, base, served, Number(timedOut));
  }

  commitLoop(): number {
    return this.core.parkerCommitLoop(this.address, this.base);
  }

  leaveLoop(served = 0): number {
    return this.core.parkerLeaveLoop(this.address, this.base, served, 0);
  }

  takeDriver(): boolean {
    return this.core.driverTake(this.address) !== 0;
  }

  keepDriver(): boolean {
    return this.core.driverKeep(this.address) !== 0;
  }

  holdDriver(): boolean {
    return this.core.driverHold(this.address) !== 0;
  }

  prepare(): number {
    return this.core.timersPrepare(this.thread);
  }

  collect(now: number): number {
    return this.core.timersCollect(now, this.thread);
  }

  deliver(place = 0): number {
    return this.core.timersDeliver(place);
  }

  unpark(target: Actor): number {
    return this.core.parkerUnpark(target.address, target.base);
  }

  release(): number {
    return this.core.parkerRelease(this.address, this.base);
  }

  /** A timer that unparks the target. */
  timer(target: Actor): Alarm {
    const { core } = this;
    const address = core.timerClaim(target.address, target.base);
    return this.alarm({ address, claim: core.timerBase(address) });
  }

  /** A timer that was claimed, as this thread uses it. */
  alarm({ address, claim: base }: Place): Alarm {
    const { core, thread } = this;
    return {
      address,
      base,
      arm: (deadline) => core.timerArm(address, base, deadline, thread),
      cancel: () => core.timerCancel(address, base, thread),
      release: () => core.timerRelease(address, base, thread),
      get state() {
        return core.timerState(address);
      },
    };
  }
}
