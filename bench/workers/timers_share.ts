// One thread's share of the timers, and how the main thread has it take steps.

/** What the main thread asks for, in turn, for each run. */
export type Step = "claim" | "run" | "release";

const STEPS: readonly Step[] = ["claim", "run", "release"];

/** Timers that are armed at the same time. */
export interface Run {
  /** Milliseconds from the start to each deadline. */
  readonly offsets: Float64Array<SharedArrayBuffer>;
  /** Milliseconds from each deadline to when this thread knew. */
  readonly late: Float64Array<SharedArrayBuffer>;
}

/** Shared with the main thread. */
export interface Share {
  readonly runs: readonly Run[];
  /** `TOLD` and `DONE`. */
  readonly control: Int32Array<SharedArrayBuffer>;
}

/** Steps asked for so far. */
export const TOLD = 0;
/** Steps done so far, by all threads together. */
export const DONE = 1;

/** Says that this thread has done its step. */
export function sayDone({ control }: Share): void {
  Atomics.add(control, DONE, 1);
  Atomics.notify(control, DONE);
}

/** Takes the steps of all runs as they are asked for. Blocks in between. */
export function takeSteps(
  share: Share,
  take: (step: Step, run: Run) => void,
): void {
  const { control, runs } = share;
  let taken = 0;
  for (const run of runs) {
    for (const step of STEPS) {
      while (Atomics.load(control, TOLD) === taken) {
        Atomics.wait(control, TOLD, taken);
      }
      take(step, run);
      taken++;
      sayDone(share);
    }
  }
}
