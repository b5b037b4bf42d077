// The one-token thread parker: a state word, and a doorbell for owners that
// sleep in their event loop.
//
// The states and the transitions T1 to T14 are those of Tokio's parker,
// tokio/src/runtime/scheduler/multi_thread/park.rs. The sleep on the state word
// itself is that of the futex parker in Rust's standard library,
// library/std/src/sys/sync/thread_parking/futex.rs.

import { Counters } from "./counters";
import { header, isShutdown } from "./header";
import { trace } from "./trace";

/** No token, and the owner is awake. */
export const EMPTY: i32 = 0;
/** The owner sleeps on the state word, or is about to. */
export const PARKED_CONDVAR: i32 = 1;
/** The owner sleeps in a driver, or is about to. */
export const PARKED_DRIVER: i32 = 2;
/** The token is there. */
export const NOTIFIED: i32 = 3;

const STATE: i32 = 3;
/** Beside PARKED_CONDVAR: the owner is wanted in the driver. */
const SUMMONED: i32 = 4;
/** Beside PARKED_DRIVER: the owner sleeps behind its own doorbell. */
const OWN_BELL: i32 = 4;
/** Everything below the generation. */
const BITS: i32 = STATE | SUMMONED;
/** A generation is odd while its parker is claimed. */
const ONE_GENERATION: i32 = 8;
const CLAIMED: i32 = ONE_GENERATION;

// What an operation found, or asks of its caller. `parkResult` in the facade.
export const UNPARKED: i32 = 0;
export const TIMED_OUT: i32 = 1;
/** The driver lock is the caller's, and the state is PARKED_DRIVER. */
export const DRIVER: i32 = 2;
export const ENDED: i32 = 3;
/** No token. Ask again with the time that is left. */
export const AGAIN: i32 = 4;
/** The state is PARKED_CONDVAR. Sleep on the word, then call `wake()`. */
export const SLEEP: i32 = 5;
/** The parker belongs to a later claim, or to none. */
export const STALE: i32 = 6;
/** The parker is parked already: two owners. */
export const CONFLICT: i32 = 7;

// What an unpark asks of its caller.
export const DONE: i32 = 0;
/** Ring the shared driver. */
export const RING: i32 = 1;
/** Wake the sleeper on the state word. */
export const WAKE: i32 = 2;

/**
 * One thread owns a parker and parks; any thread may unpark it.
 *
 *           unpark             take
 *   EMPTY ──────────▶ NOTIFIED ──────▶ EMPTY
 *     │ commit           ▲
 *     ▼                  │ unpark, then the bell
 *   PARKED_CONDVAR ──────┤
 *   PARKED_DRIVER  ──────┘
 *     │ wake, leave: deadline, event
 *     ▼
 *   EMPTY
 *
 * The state shares its word with the generation of the claim, so that an
 * unpark through a stale handle changes nothing, however late it comes:
 *
 *    31                            3   2   1 0
 *   ┌───────────────────────────────┬─────┬─────┐
 *   │ generation, odd while claimed │ how │state│
 *   └───────────────────────────────┴─────┴─────┘
 *
 * `base` is the word with state EMPTY: the generation alone. The bit between
 * says how a sleeping owner is woken; an unpark leaves it as it is.
 *
 * Invariant: unparkers write NOTIFIED and nothing else, summoners set SUMMONED
 * beside PARKED_CONDVAR; every other write is the owner's.
 */
@unmanaged
export class Parker {
  private state: i32;
  private bell: i32;
  /** What its owner is to look at: see `Hint`. */
  hinted: i32;
  /** Links free parkers. `Registry` owns it. */
  next: i32;
  /** Who owns it: see `owned()`. The base, while it is detached. */
  private thread: i32;

  private get word(): usize {
    return changetype<usize>(this) + offsetof<Parker>("state");
  }

  /** The word on which the owner's event loop counts rings. */
  get doorbell(): usize {
    return changetype<usize>(this) + offsetof<Parker>("bell");
  }

  private get counters(): Counters {
    return Counters.of(changetype<usize>(this));
  }

  /** Makes a free parker the caller's. Returns its base. */
  claim(): i32 {
    // EMPTY -> EMPTY, one generation up. Nobody else writes a free parker, but
    // the word is read by stale unparkers.
    // Release. Pairs with the exchange in `unpark()` [P2].
    return atomic.add<i32>(this.word, ONE_GENERATION) + ONE_GENERATION;
  }

  private get threadWord(): usize {
    return changetype<usize>(this) + offsetof<Parker>("thread");
  }

  /** Makes a free parker the thread's, which is about to claim it. */
  own(thread: i32): void {
    // Any -> owned. Before the claim: who finds that claimed finds whose it is.
    // Release. Pairs with the exchange in `adopt()`, and `owner` [P4].
    atomic.store<i32>(this.threadWord, owned(thread));
  }

  /** The thread that owns it, or did last; 0 if it is detached. */
  get owner(): i32 {
    // Acquire. Pairs with the store in `own()` [P4].
    const seen = atomic.load<i32>(this.threadWord);
    return (seen & 1) != 0 ? seen >>> 1 : 0;
  }

  /** Makes a detached parker the thread's. Returns whether it was detached. */
  adopt(base: i32, thread: i32): bool {
    // Detached by this very claim -> owned. One of many wins.
    // Acquire. Pairs with the exchange in `detach()` [P4].
    return atomic.cmpxchg<i32>(this.threadWord, base, owned(thread)) == base;
  }

  /** Leaves the parker, not parked, to whoever adopts it. */
  detach(base: i32, thread: i32): bool {
    // Owned -> detached.
    // Release. Pairs with the exchange in `adopt()` [P4].
    return atomic.cmpxchg<i32>(this.threadWord, owned(thread), base) ==
      owned(thread);
  }

  /** Frees the parker. Returns DONE, STALE, or CONFLICT if it is parked. */
  release(base: i32): i32 {
    while (true) {
      // Relaxed: a guess, which the exchange below confirms or refutes.
      const seen = atomic.load<i32>(this.word);
      if (!isBase(seen, base)) return STALE;
      const state = seen & STATE;
      if (state == PARKED_CONDVAR || state == PARKED_DRIVER) return CONFLICT;
      // EMPTY or NOTIFIED -> EMPTY, one generation up. A token goes with its
      // claim. An exchange, since an unpark may come in between.
      // Release. Pairs with the exchange in `unpark()` [P2].
      const found = atomic.cmpxchg<i32>(this.word, seen, base + ONE_GENERATION);
      if (found == seen) return DONE;
    }
  }

  /** Ends a dead owner's claim, whatever it was about to do; not twice. */
  abandon(base: i32): bool {
    while (true) {
      // Relaxed: a guess, which the exchange below confirms or refutes.
      const seen = atomic.load<i32>(this.word);
      if (!isBase(seen, base)) return false;
      // Any -> EMPTY, one generation up. An unpark may come in between.
      // Release. Pairs with the exchange in `unpark()` [P2].
      const found = atomic.cmpxchg<i32>(this.word, seen, base + ONE_GENERATION);
      if (found == seen) return true;
    }
  }

  /** The base of the claim in force, or of the free parker. */
  get base(): i32 {
    // Relaxed: the claimer reads what it wrote itself.
    return atomic.load<i32>(this.word) & ~BITS;
  }

  /** Whether `base` is the claim in force. */
  isClaimed(base: i32): bool {
    // Acquire. Pairs with the writes in `claim()` and `release()` [P2].
    return (base & CLAIMED) != 0 && isBase(atomic.load<i32>(this.word), base);
  }

  /** T1: takes the token if it is there. Returns UNPARKED, ENDED or AGAIN. */
  @inline
  take(base: i32): i32 {
    // NOTIFIED -> EMPTY. An exchange and not a load and a store: it must read
    // the last unpark, so that what came before that one is visible.
    // Acquire. Pairs with the exchange in `unpark()` [P1].
    const seen = atomic.cmpxchg<i32>(this.word, base | NOTIFIED, base);
    if (seen != (base | NOTIFIED)) return AGAIN;
    trace(changetype<usize>(this), seen, base);
    return taken();
  }

  /** T2 or T7: EMPTY -> `sleeping`. Returns `code`, or why it cannot be. */
  private commit(base: i32, sleeping: i32, code: i32): i32 {
    // EMPTY -> PARKED_CONDVAR or PARKED_DRIVER, and how the owner is woken.
    // AcqRel. Pairs with the exchange in `unpark()`: it wakes the owner from
    // the sleep that it saw, or else this exchange sees the token [P1].
    const seen = atomic.cmpxchg<i32>(this.word, base, base | sleeping);
    if (seen == base) {
      trace(changetype<usize>(this), seen, base | sleeping);
      this.counters.countPark();
      return code;
    }
    if (!isBase(seen, base)) return STALE;
    if ((seen & STATE) != NOTIFIED) return CONFLICT;
    // T3 or T8. The token came first, and only the owner can take it away.
    this.reset(base);
    return taken();
  }

  /** T2: EMPTY -> PARKED_CONDVAR. Returns SLEEP, or what there was instead. */
  commitCondvar(base: i32): i32 {
    return this.commit(base, PARKED_CONDVAR, SLEEP);
  }

  /** T7: EMPTY -> PARKED_DRIVER. The owner holds the driver lock. */
  commitDriver(base: i32): i32 {
    return this.commit(base, PARKED_DRIVER, DRIVER);
  }

  /** T7: EMPTY -> PARKED_DRIVER. The owner listens to its own doorbell. */
  commitLoop(base: i32): i32 {
    return this.commit(base, PARKED_DRIVER | OWN_BELL, DRIVER);
  }

  /**
   * T3 to T6 and T8 to T10: the owner is awake and empties the word, whatever
   * came. Returns the bits that it found below the generation.
   */
  reset(base: i32): i32 {
    // NOTIFIED, PARKED_CONDVAR or PARKED_DRIVER -> EMPTY. An exchange and not a
    // store, since a token may come up to this instant, and whoever takes it
    // must read the last unpark.
    // Acquire. Pairs with the exchange in `unpark()` [P1].
    const seen = atomic.xchg<i32>(this.word, base);
    trace(changetype<usize>(this), seen, base);
    if (!isBase(seen, base) || (seen & STATE) == EMPTY) unreachable();
    return seen ^ base;
  }

  /** Sleeps on the state word while it is PARKED_CONDVAR. */
  wait(base: i32, timeoutNs: i64): i32 {
    // Blocks only if the word is still what `commitCondvar()` wrote: an unpark
    // in between is not lost.
    // Acquire. Pairs with the exchange in `unpark()` [P1].
    return atomic.wait<i32>(this.word, base | PARKED_CONDVAR, timeoutNs);
  }

  /** Whether the owner, committed to its state word, may not sleep on. */
  isWoken(base: i32): bool {
    // Relaxed: `reset()` reads the word again, and takes what is there.
    return atomic.load<i32>(this.word) != (base | PARKED_CONDVAR);
  }

  /** Whether a token came for the owner, asleep in a driver. */
  isNotified(): bool {
    // Relaxed: `reset()` reads the word again, and takes what is there.
    return (atomic.load<i32>(this.word) & STATE) == NOTIFIED;
  }

  /**
   * T11 to T14: makes the token available. Returns DONE, RING, WAKE, or STALE
   * if the parker is no longer `base`'s.
   */
  @inline
  unpark(base: i32): i32 {
    // EMPTY -> NOTIFIED, the usual case. The first exchange is also the load.
    let expected = base;
    while (true) {
      // EMPTY, PARKED_CONDVAR, PARKED_DRIVER or NOTIFIED -> NOTIFIED. The last
      // one writes too, so that the park which takes the token sees what came
      // before each of the unparks that it stands for. Not a plain swap, since
      // that would wake whoever claimed a released parker next [P2].
      // Release. Pairs with `take()`, `commit()`, `reset()` and `wait()` [P1].
      const seen = atomic.cmpxchg<i32>(
        this.word,
        expected,
        expected | NOTIFIED,
      );
      if (seen == expected) break;
      if (!isBase(seen, base)) return STALE;
      expected = seen;
    }
    trace(changetype<usize>(this), expected, expected | NOTIFIED);
    return expected == base ? DONE : this.wakeOwner(expected & BITS);
  }

  /**
   * Wakes the owner from the sleep that it was seen in. If it has gone on since,
   * a bell rings in vain, and does no harm.
   */
  private wakeOwner(bits: i32): i32 {
    const state = bits & STATE;
    if (state == NOTIFIED) return DONE;
    if (state == PARKED_CONDVAR) return this.wakeCondvar();
    if ((bits & OWN_BELL) == 0) return RING;
    this.ringDoorbell();
    return DONE;
  }

  private wakeCondvar(): i32 {
    if (header().hasHostWait) return WAKE;
    // Wakes the one thread that sleeps on this word. If it does not sleep yet,
    // its wait finds the word changed [P1].
    // Relaxed: the exchange before it carries the state.
    atomic.notify(this.word, 1);
    return DONE;
  }

  /**
   * Wakes the owner from whatever sleep of its own: somebody left a token there,
   * or called it, and died before it could. Or else it sleeps on.
   */
  rouse(): void {
    // Who is awake by now has been woken.
    // Acquire. Pairs with the exchange in `unpark()` [P1].
    if ((atomic.load<i32>(this.word) & BITS) == EMPTY) return;
    this.ringDoorbell();
    this.wakeCondvar();
  }

  /** Wakes the owner's event loop. */
  ringDoorbell(): void {
    // Counts the rings: an event loop about to listen for the next one finds
    // another number, and does not sleep.
    // Release. Pairs with the load of the doorbell in the facade [P3].
    atomic.add<i32>(this.doorbell, 1);
    // All, and not one: a listener that was given up stays in the queue, and
    // would take the ring for itself.
    // Relaxed: the addition above carries the ring.
    atomic.notify(this.doorbell, -1);
  }

  /**
   * Asks the owner, asleep on the state word, to take the driver. Returns DONE,
   * or WAKE if the caller is to wake it, or AGAIN if it does not sleep so.
   */
  summon(): i32 {
    // Relaxed: a guess, which the exchange below confirms or refutes.
    const seen = atomic.load<i32>(this.word);
    if ((seen & BITS) != PARKED_CONDVAR) return AGAIN;
    // The state stays what it is; the word changes, so that the owner cannot
    // fall asleep past this summons. An unpark keeps the bit.
    // SeqCst. Pairs with the exchange in `reset()`, whose caller then tries the
    // driver lock [D2].
    if (atomic.cmpxchg<i32>(this.word, seen, seen | SUMMONED) != seen) {
      return AGAIN;
    }
    return this.wakeCondvar();
  }

  /** Asks the owner, asleep in its event loop, to keep the driver. */
  summonEventLoop(): i32 {
    // Relaxed: an owner that is awake looks at the driver before it sleeps.
    const bits = atomic.load<i32>(this.word) & BITS;
    if (bits != (PARKED_DRIVER | OWN_BELL)) return AGAIN;
    this.ringDoorbell();
    return DONE;
  }
}

/** Whether the bits that `reset()` found hold the token. */
export function hasToken(bits: i32): bool {
  return (bits & STATE) == NOTIFIED;
}

/** Whether the bits that `reset()` found hold a summons. */
export function hasSummons(bits: i32): bool {
  return (bits & SUMMONED) != 0;
}

/** What a park that took the token returns. Shutdown gives everybody one. */
export function taken(): i32 {
  return isShutdown() ? ENDED : UNPARKED;
}

/** What says that a thread owns a parker: odd, which no base is. */
function owned(thread: i32): i32 {
  return (thread << 1) | 1;
}

function isBase(word: i32, base: i32): bool {
  return (word & ~BITS) == base;
}
