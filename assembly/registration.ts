// What is known of a file descriptor: what it is ready for, and who waits.
//
// After Tokio's ScheduledIo, tokio/src/runtime/io/scheduled_io.rs. What is ready
// is tagged with the turn of the driver that said so: who clears what it has used
// up does not clear what came since. A generation, which comes back with every
// event, takes the place of Tokio's list of registrations to be released.

import { Hint } from "./hint";
import { CONFLICT, DONE, Parker, STALE } from "./parker";

// What a descriptor is ready for. Tokio's `Ready`.
export const READABLE: i32 = 1;
export const WRITABLE: i32 = 2;
export const READ_CLOSED: i32 = 4;
export const WRITE_CLOSED: i32 = 8;
export const PRIORITY: i32 = 16;
export const ERROR: i32 = 32;

/** Those who can wait: to read, to write, for a priority event, for an error. */
export const WAYS: i32 = 4;

const BITS: u64 = 0xffff;
/** Once there, they stay. */
const CLOSED_BITS: i32 = READ_CLOSED | WRITE_CLOSED;
const TURN_SHIFT: i32 = 16;
const TURN: i32 = 0x7fff;
const BASE_SHIFT: i32 = 32;
const WAITERS_OFFSET: usize = 16;
/** The part of a waiter that tells claims apart: parkers are 256 bytes. */
const TAG: u64 = 0xff;

/**
 * A registration. What it is ready for shares a word with its claim:
 *
 *    63                     32 31      16 15       0
 *   ┌─────────────────────────┬──────────┬──────────┐
 *   │ generation, odd while   │ turn     │ ready    │
 *   │ claimed                 │          │          │
 *   └─────────────────────────┴──────────┴──────────┘
 *
 * Each way has one waiter at most: a parker, its claim, and of which claim of the
 * registration it thinks:
 *
 *    63                     32 31         8 7           0
 *   ┌─────────────────────────┬────────────┬─────────────┐
 *   │ base of the parker      │ its address│ the lowest  │
 *   │                         │ / 256      │ of the base │
 *   └─────────────────────────┴────────────┴─────────────┘
 */
@unmanaged
export class Registration {
  private word: u64;
  /** The descriptor: see `descriptor`. */
  private fd: i32;
  /** Links free registrations. `Registry` owns it. */
  next: i32;
  private waiter0: u64;
  private waiter1: u64;
  private waiter2: u64;
  private waiter3: u64;
  /** What the operating system is asked for; 0 until it is. */
  private asked: i32;
  /**
   * The thread that made it, by its id; below 0 if the descriptor is its own, too.
   * Read when that is dead.
   */
  owner: i32;
  private padding1: u64;

  private get address(): usize {
    return changetype<usize>(this);
  }

  private get seen(): u64 {
    // SeqCst. Pairs with the exchange in `set()`: who waits has said so, and then
    // looks here; who brings an event looks for waiters after it [N1].
    // Acquire. Pairs with the store in `claim()` [N3].
    return atomic.load<u64>(this.address);
  }

  private get fdWord(): usize {
    return this.address + offsetof<Registration>("fd");
  }

  private get askedWord(): usize {
    return this.address + offsetof<Registration>("asked");
  }

  /** The descriptor, if the claim is in force before and after. */
  get descriptor(): i32 {
    // Relaxed: by an old handle it may be another's, which does not matter.
    return atomic.load<i32>(this.fdWord);
  }

  /** What the operating system is asked for; 0 until it is. */
  get interest(): i32 {
    // Relaxed: the driver's owner, which asks again, looks at the claim after.
    return atomic.load<i32>(this.askedWord);
  }

  /** Notes what the operating system is about to be asked for. */
  ask(interest: i32): void {
    // Relaxed: an owner of the driver that misses it comes before the asking.
    atomic.store<i32>(this.askedWord, interest);
  }

  private waiterWord(way: i32): usize {
    return this.address + WAITERS_OFFSET + (<usize> way << 3);
  }

  /** Makes a free registration a descriptor's. Returns its base. */
  claim(fd: i32, owner: i32): i32 {
    // Relaxed: the store below publishes all of it.
    atomic.store<i32>(this.fdWord, fd);
    // Relaxed: as above.
    atomic.store<i32>(this.askedWord, 0);
    this.owner = owner;
    // Nobody else writes a free registration; late events read it.
    const base = baseOf(this.seen) + 1;
    // Free -> claimed, and ready for nothing.
    // Release. Pairs with the load in `seen` [N3].
    atomic.store<u64>(this.address, <u64> <u32> base << BASE_SHIFT);
    return base;
  }

  /** Ends a claim. Returns whether this call did it. */
  end(base: i32): bool {
    while (true) {
      const seen = this.seen;
      if (!isClaim(seen, base)) return false;
      const next = <u64> <u32> (base + 1) << BASE_SHIFT;
      // Claimed -> free. An event may come in between.
      // SeqCst. Pairs with the exchange in `wait()`: who waits from now on sees
      // it, who waited before is told [N1].
      if (atomic.cmpxchg<u64>(this.address, seen, next) == seen) return true;
    }
  }

  /** The base of the claim in force, or of the free registration. */
  get base(): i32 {
    return baseOf(this.seen);
  }

  /** Whether `base` is the claim in force. */
  isClaimed(base: i32): bool {
    return isClaim(this.seen, base);
  }

  /** What it is ready for, and above that the turn; -1 if the claim is over. */
  ready(base: i32): i32 {
    const seen = this.seen;
    return isClaim(seen, base) ? <i32> seen : -1;
  }

  /**
   * An event says what it is ready for, in this turn of the driver. Returns false
   * if it is not for this claim.
   */
  set(base: i32, ready: i32, turn: i32): bool {
    while (true) {
      const seen = this.seen;
      if (!isClaim(seen, base)) return false;
      const bits = (<i32> (seen & BITS)) | ready;
      const next = compose(base, turn, bits);
      // Ready for some things -> for more, as of this turn.
      // SeqCst. Pairs with the load in `seen` [N1].
      if (atomic.cmpxchg<u64>(this.address, seen, next) == seen) return true;
    }
  }

  /**
   * Whoever saw this, as `ready()` returned it, has used it up: it is not ready
   * for it any more, unless an event came since.
   */
  clear(base: i32, used: i32): void {
    while (true) {
      const seen = this.seen;
      if (!isClaim(seen, base)) return;
      if (turnOf(<i32> seen) != turnOf(used)) return;
      const bits = <i32> seen & ~(used & ~CLOSED_BITS) & <i32> BITS;
      const next = compose(base, turnOf(used), bits);
      // Ready for some things -> for fewer. Fails if an event comes in between.
      // Relaxed: who clears is who looks again.
      if (atomic.cmpxchg<u64>(this.address, seen, next) == seen) return;
    }
  }

  /**
   * Says that this waiter waits. Returns DONE; CONFLICT if another one does; or
   * STALE if the claim is over, as far as that was looked at.
   */
  wait(base: i32, way: i32, waiter: u64): i32 {
    const word = this.waiterWord(way);
    let seen: u64 = 0;
    while (true) {
      // Nobody -> this waiter. Or else one of an old claim, that came after all
      // of those were told, and is about to see that its claim is over; or one
      // whose parker is not there any more.
      // SeqCst. Pairs with the exchanges in `set()` and `end()`: the caller looks
      // at what is ready after this [N1].
      const found = atomic.cmpxchg<u64>(word, seen, waiter);
      if (found == seen || found == waiter) return DONE;
      if (found != 0) {
        if (!this.isClaimed(base)) return STALE;
        if (((found ^ waiter) & TAG) == 0 && isThere(found)) return CONFLICT;
      }
      seen = found;
    }
  }

  /** This parker waits no more. Returns whether it was there. */
  leave(way: i32, waiter: u64): bool {
    // This waiter -> nobody, or another one -> that one.
    // Relaxed: an event that misses it tells it in vain.
    return atomic.cmpxchg<u64>(this.waiterWord(way), waiter, 0) == waiter;
  }

  /**
   * Whoever waits, to be told; 0 if nobody does. It stays there until it leaves:
   * if who tells it dies before it has, somebody else finds it.
   */
  waiter(way: i32): u64 {
    // SeqCst. Pairs with the exchange in `wait()` [N1].
    return atomic.load<u64>(this.waiterWord(way));
  }
}

/** What those who wait in this way wait for. Tokio's `Interest.mask()`. */
export function maskOf(way: i32): i32 {
  if (way == 0) return READABLE | READ_CLOSED;
  if (way == 1) return WRITABLE | WRITE_CLOSED;
  if (way == 2) return PRIORITY | READ_CLOSED;
  return ERROR;
}

/** Whether a waiter's parker is claimed as it was. */
function isThere(waiter: u64): bool {
  const parker = changetype<Parker>(parkerOf(waiter));
  return parker.isClaimed(<i32> (waiter >> BASE_SHIFT));
}

/** Tells a waiter. Returns what is to be delivered: see `Parker.unpark()`. */
export function tell(waiter: u64, registration: i32): i32 {
  const address = parkerOf(waiter);
  if (!isThere(waiter)) return STALE;
  Hint.give(address, registration);
  return changetype<Parker>(address).unpark(<i32> (waiter >> BASE_SHIFT));
}

/** The address of a waiter's parker. */
export function parkerOf(waiter: u64): usize {
  return <usize> <u32> (waiter & ~TAG);
}

/** A parker and its claim, as a waiter for a claim of a registration. */
export function waiterOf(registration: i32, parker: i32, base: i32): u64 {
  // The lowest bit says nothing: all claims are odd.
  const tag = <u64> (registration >> 1) & TAG;
  return <u64> <u32> base << BASE_SHIFT | <u64> <u32> parker | tag;
}

function compose(base: i32, turn: i32, bits: i32): u64 {
  const low = ((turn & TURN) << TURN_SHIFT) | bits;
  return <u64> <u32> base << BASE_SHIFT | <u64> <u32> low;
}

function baseOf(seen: u64): i32 {
  return <i32> (seen >> BASE_SHIFT);
}

function turnOf(low: i32): i32 {
  return (low >> TURN_SHIFT) & TURN;
}

/** A generation is odd while it is claimed. */
function isClaim(seen: u64, base: i32): bool {
  return (base & 1) != 0 && baseOf(seen) == base;
}
