// How many workers a pool has: who replaces whom, who has to go, and when there
// is no use in more.

import { CrashLoopError, ShutdownError } from "../errors.ts";
import type { Crew, Member } from "./crew.ts";
import type { Tallies } from "./metrics.ts";
import type { CheckedPoolOptions, Limits } from "./options.ts";
import { within } from "./within.ts";

/** A worker that was told to end and does not is terminated after so long. */
const STUBBORN_MS = 1000;

/** What a staff is made of. */
export interface StaffParts {
  readonly crew: Crew;
  readonly options: CheckedPoolOptions;
  readonly tallies: Tallies;
  /** Tasks that are not done, whoever wants them. */
  pending(): number;
  /** Too many workers have died. */
  gaveUp(error: CrashLoopError): void;
}

/** The size of one pool. */
export class Staff {
  readonly #parts: StaffParts;
  readonly #crew: Crew;
  #limits: Limits;
  #isStarted = false;
  #isEnding = false;
  #hasGivenUp = false;
  /** A worker had nothing to do, and had to stay. */
  #isRefused = false;
  /** Workers that died since a task was last done. */
  #crashesInRow = 0;
  #doneAtCrash = -1;
  /** Workers that could not start since one last could. */
  #failedStarts = 0;
  #failure: unknown;

  constructor(parts: StaffParts) {
    this.#parts = parts;
    this.#crew = parts.crew;
    this.#limits = parts.options;
  }

  /** The most workers that there may be. */
  get most(): number {
    return this.#limits.maxWorkers;
  }

  /** Starts the workers. Resolves to the names of the tasks. */
  async start(): Promise<readonly string[]> {
    this.#ask();
    const count = Math.max(this.#limits.minWorkers, 1);
    const members = Array.from({ length: count }, () => this.#crew.add()!);
    const all = await Promise.all(members.map(({ ready }) => ready.promise));
    this.#isStarted = true;
    return all[0]!;
  }

  /** There is more to do than there are workers. */
  grow(): void {
    if (this.#crew.size < this.#limits.maxWorkers) this.#add();
  }

  /** Starts a worker, unless all that were started of late have failed. */
  #add(): void {
    if (this.#failedStarts < this.#parts.options.maxCrashes) {
      try {
        this.#crew.add();
        return;
      } catch (error) {
        this.#countFailure(error);
      }
    }
    if (this.#crew.size === 0) this.#giveUp(this.#failedStarts, this.#failure);
  }

  #countFailure(error: unknown): void {
    this.#failedStarts++;
    this.#failure = error;
  }

  /** A worker loads, and is there. */
  isReady(): void {
    this.#failedStarts = 0;
  }

  /** A worker died without being told to. */
  crashed(member: Member, error: unknown): void {
    if (!this.#isStarted) return;
    const { tallies, options } = this.#parts;
    tallies.crashes++;
    // It took too long over a task, and was to blame for nothing else.
    if (member.isKilled) return;
    if (member.id === 0) return this.#countFailure(error);
    const done = tallies.completed + tallies.failed;
    this.#crashesInRow = done === this.#doneAtCrash
      ? this.#crashesInRow + 1
      : 1;
    this.#doneAtCrash = done;
    if (this.#crashesInRow < options.maxCrashes) return;
    this.#giveUp(this.#crashesInRow, error);
  }

  #giveUp(crashes: number, cause: unknown): void {
    if (this.#hasGivenUp || this.#isEnding) return;
    this.#hasGivenUp = true;
    this.#parts.gaveUp(new CrashLoopError(crashes, { cause }));
  }

  /** A worker has ended, and what it left is seen to. */
  left(): void {
    if (this.#isEnding || this.#hasGivenUp || !this.#isStarted) return;
    const { size } = this.#crew;
    const isNeeded = size < this.#limits.minWorkers ||
      (size === 0 && this.#parts.pending() > 0);
    if (isNeeded) this.#add();
  }

  /** A worker has nothing to do. */
  idled(member: Member): void {
    if (this.#isBusy) this.#isRefused = true;
    else if (this.#crew.size > this.#limits.minWorkers) {
      this.#crew.retire(member);
    }
  }

  /** Whether there is a task for each worker: none of them is to go. */
  get #isBusy(): boolean {
    return this.#parts.pending() >= this.#crew.size;
  }

  /** Tasks were settled: those that could not go may be able to by now. */
  settled(): void {
    if (!this.#isRefused || this.#isBusy) return;
    this.#isRefused = false;
    this.#ask();
  }

  /** Has workers tell when they are idle, if there may be fewer of them. */
  #ask(): void {
    const { minWorkers, maxWorkers } = this.#limits;
    this.#crew.shrink(maxWorkers > minWorkers);
  }

  /** Has as many workers as the limits say. */
  async resize(limits: Limits): Promise<void> {
    this.#limits = limits;
    this.#failedStarts = 0;
    this.#ask();
    const surplus = this.#crew.members.slice(limits.maxWorkers);
    for (const member of surplus) this.#crew.retire(member);
    const added: Member[] = [];
    while (!this.#isEnding && this.#crew.size < this.#limits.minWorkers) {
      const member = this.#crew.add();
      if (member) added.push(member);
      // Those that leave still have their places.
      else await Promise.race(this.#crew.remaining.map(goneOf));
    }
    await Promise.all(added.map(({ ready }) => ready.promise));
    await Promise.all(surplus.map(goneOf));
  }

  /** Replaces each worker by a new one, one after the other. */
  async recycle(): Promise<void> {
    this.#failedStarts = 0;
    for (const member of this.#crew.members) {
      if (this.#isEnding) {
        throw new ShutdownError("recycle the workers", "pool");
      }
      await this.#crew.add()?.ready.promise;
      this.#crew.retire(member);
      await member.gone.promise;
    }
  }

  /**
   * Ends the workers, which know that the pool is shut down.
   *
   * @param hurry Resolves when there is no more time.
   */
  async end(hurry: Promise<unknown>): Promise<void> {
    this.#isEnding = true;
    const gone = () => Promise.all(this.#crew.remaining.map(goneOf));
    const kill = (members: readonly Member[]) =>
      Promise.all(members.map((member) => this.#crew.kill(member)));
    await within(Promise.race([gone(), hurry]), STUBBORN_MS);
    // Whoever is at its teardown has the time that there is.
    await kill(this.#crew.remaining.filter(({ state }) => state !== "ending"));
    await Promise.race([gone(), hurry]);
    await kill(this.#crew.remaining);
  }
}

function goneOf({ gone }: Member): Promise<void> {
  return gone.promise;
}
