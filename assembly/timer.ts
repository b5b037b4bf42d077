// The record of a timer: when it is due, and whom it unparks.

/** Nobody waits for it. */
export const IDLE: i32 = 0;
/** In the wheel. */
export const ARMED: i32 = 1;
/** Its deadline has passed, and its parker has been told. */
export const FIRED: i32 = 2;
/** The runtime was shut down before its deadline. */
export const CLOSED: i32 = 3;

const TIMER_STATE: i32 = 3;
/** A generation is odd while its timer is claimed. */
const ONE_GENERATION: i32 = 4;
const CLAIMED: i32 = ONE_GENERATION;

/**
 * A timer. Its state shares a word with the generation of the claim.
 *
 * Invariant: all but the claim is written under the wheel's lock.
 */
@unmanaged
export class Timer {
  private state: i32;
  /** The parker that it unparks. */
  target: i32;
  targetBase: i32;
  /** Links free timers. `Registry` owns it. */
  next: i32;
  /** Neighbours in a slot of the wheel, as addresses; 0 at the ends. */
  after: i32;
  before: i32;
  /** The slot it is in. */
  slot: i32;
  private padding: i32;
  /** When it is due. */
  tick: i64;

  private get word(): usize {
    return changetype<usize>(this) + offsetof<Timer>("state");
  }

  /** Makes a free timer the caller's. Returns its base. */
  claim(target: i32, targetBase: i32): i32 {
    this.target = target;
    this.targetBase = targetBase;
    // Relaxed: only the claimer of a free timer writes it.
    const base = (atomic.load<i32>(this.word) & ~TIMER_STATE) + ONE_GENERATION;
    // Release. Pairs with the load in `isClaimed()` [T1].
    atomic.store<i32>(this.word, base | IDLE);
    return base;
  }

  /** Frees the timer, under the wheel's lock. */
  release(base: i32): void {
    // Release. Pairs with the load in `isClaimed()` [T1].
    atomic.store<i32>(this.word, base + ONE_GENERATION);
  }

  /** The base of the claim in force, or of the free timer. */
  get base(): i32 {
    // Relaxed: the claimer reads what it wrote itself.
    return atomic.load<i32>(this.word) & ~TIMER_STATE;
  }

  /** Whether `base` is the claim in force. */
  isClaimed(base: i32): bool {
    // Acquire. Pairs with the writes of the word [T1].
    const seen = atomic.load<i32>(this.word);
    return (base & CLAIMED) != 0 && (seen & ~TIMER_STATE) == base;
  }

  /** IDLE, ARMED, FIRED or CLOSED. */
  read(): i32 {
    // Acquire. Pairs with the store in `write()` [T2].
    return atomic.load<i32>(this.word) & TIMER_STATE;
  }

  /** Changes the state, under the wheel's lock. */
  write(state: i32): void {
    // Relaxed: the wheel's lock orders it.
    const base = atomic.load<i32>(this.word) & ~TIMER_STATE;
    // Release. Pairs with the load in `read()` [T2].
    atomic.store<i32>(this.word, base | state);
  }
}
