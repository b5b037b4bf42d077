// The hierarchical timer wheel: six levels of 64 slots.
//
// After Tokio's, tokio/src/runtime/time/wheel/, which is after Varghese and
// Lauck, Hashed and Hierarchical Timing Wheels (1987). A slot of a level is as
// wide as all the slots of the level below.

import { TIMER_BYTES } from "./layout";
import { ARMED, CLOSED, FIRED, Timer } from "./timer";

const LEVELS: i32 = 6;
const SLOT_BITS: i32 = 6;
const SLOTS: i32 = 64;
/** Timers taken out of a due slot, not yet fired or put into a lower level. */
const PENDING: i32 = LEVELS * SLOTS;
/**
 * As far as the wheel sees. A later timer waits in the last slot, and again. The
 * slot that now is in is not for the next round: it would look like the first.
 */
const HORIZON: i64 = <i64> (SLOTS - 1) << ((LEVELS - 1) * SLOT_BITS);

/** Timers that fire in one batch, with the lock dropped after it. */
export const BATCH: i32 = 32;
export const NEVER: i64 = i64.MAX_VALUE;

const SLOTS_OFFSET: usize = 128;
const BATCH_OFFSET: usize = SLOTS_OFFSET + 4 * (<usize> PENDING + 1);

/**
 * Deadlines in slots, and the ones that are due.
 *
 * Invariant: all but `count` is read and written under `lock`.
 */
@unmanaged
export class Wheel {
  /** The mutex word. */
  private lock: i32;
  private armed: i32;
  /** Timers of the batch that fires. */
  private fired: i32;
  private padding: i32;
  /** The tick that the driver's owner sleeps to. */
  nextWake: i64;
  /** Everything due up to this tick has fired. */
  elapsed: i64;
  // From byte 32: a word of 64 bits for each level, a bit for each slot that
  // has timers. From byte 128: the heads of the slots. Then the batch.

  /** The mutex that guards the wheel. */
  get lockWord(): usize {
    return changetype<usize>(this) + offsetof<Wheel>("lock");
  }

  /** Timers in the wheel, for those who do not hold the lock. */
  get count(): i32 {
    // SeqCst. Pairs with the writes in `setCount()`: who leaves the driver
    // looks for timers, who arms one looks for an owner [D2].
    return atomic.load<i32>(changetype<usize>(this) + offsetof<Wheel>("armed"));
  }

  private setCount(count: i32): void {
    // Before, so that an owner that sees no timers and does not prepare is rung
    // for whatever is armed next.
    if (count == 0) this.nextWake = NEVER;
    // SeqCst. Pairs with the load in `count` [D2].
    atomic.store<i32>(
      changetype<usize>(this) + offsetof<Wheel>("armed"),
      count,
    );
  }

  /** Puts a timer into the slot for `tick`, from wherever it is. */
  arm(timer: Timer, tick: i64): void {
    const isArmed = timer.read() == ARMED;
    if (isArmed) this.unlink(timer);
    timer.tick = tick;
    this.insert(timer);
    if (isArmed) return;
    timer.write(ARMED);
    this.setCount(this.armed + 1);
  }

  /** Takes an armed timer out, and leaves it in `state`. */
  disarm(timer: Timer, state: i32): void {
    this.unlink(timer);
    timer.write(state);
    this.setCount(this.armed - 1);
  }

  /** Takes out every timer. */
  close(): void {
    for (let slot = 0; slot <= PENDING && this.armed != 0; slot++) {
      for (let head = this.head(slot); head != 0; head = this.head(slot)) {
        this.disarm(changetype<Timer>(<usize> head), CLOSED);
      }
    }
  }

  /**
   * Puts every armed timer of a region into its slot anew: whoever held the lock
   * died, and left links half-made. What is armed, and for when, is in the timers.
   */
  repair(first: usize, timers: i32): void {
    for (let slot = 0; slot <= PENDING; slot++) this.setHead(slot, 0);
    let armed = 0;
    for (let index = 0; index < timers; index++) {
      const timer = changetype<Timer>(first + <usize> index * TIMER_BYTES);
      if (timer.read() != ARMED) continue;
      this.insert(timer);
      armed++;
    }
    this.setCount(armed);
  }

  /** The tick at which something is to be done, or `NEVER`. */
  nextExpiration(): i64 {
    if (this.head(PENDING) != 0) return this.elapsed;
    for (let level = 0; level < LEVELS; level++) {
      // The first level that has timers has the earliest.
      if (this.occupied(level) != 0) return this.expiration(level);
    }
    return NEVER;
  }

  /** Collects up to `BATCH` timers due at `now`. Returns how many. */
  collect(now: i64): i32 {
    // A clock that went backwards fires nothing early, and nothing twice.
    if (now < this.elapsed) now = this.elapsed;
    this.fired = 0;
    while (this.fired < BATCH) {
      const head = this.head(PENDING);
      if (head != 0) {
        this.settle(changetype<Timer>(<usize> head));
        continue;
      }
      const tick = this.nextExpiration();
      if (tick > now) {
        this.elapsed = now;
        break;
      }
      this.expire(tick);
    }
    return this.fired;
  }

  /** The parker that the timer at `place` in the batch is for. */
  batchTarget(place: i32): i32 {
    return load<i32>(this.batchAddress(place));
  }

  /** The claim on that parker; 0 if it was delivered. */
  batchBase(place: i32): i32 {
    return load<i32>(this.batchAddress(place) + 4);
  }

  /** The timer at `place` in the batch is delivered. */
  endDelivery(place: i32): void {
    store<i32>(this.batchAddress(place) + 4, 0);
  }

  /** Timers of the batch. */
  get size(): i32 {
    return this.fired;
  }

  /** Fires a timer of the due slot, or moves it to a lower level. */
  private settle(timer: Timer): void {
    if (timer.tick > this.elapsed) {
      this.unlink(timer);
      this.insert(timer);
      return;
    }
    const entry = this.batchAddress(this.fired);
    store<i32>(entry, timer.target);
    store<i32>(entry + 4, timer.targetBase);
    // In the batch before it is out of the wheel: see `repair()`.
    this.fired++;
    this.disarm(timer, FIRED);
  }

  /** Advances to `tick`, and takes out the slot that is due then. */
  private expire(tick: i64): void {
    let level = 0;
    while (this.occupied(level) == 0) level++;
    this.elapsed = tick;
    const slot = level * SLOTS + this.firstSlot(level);
    const first = this.head(slot);
    this.setHead(slot, 0);
    this.setHead(PENDING, first);
    for (let at = first; at != 0;) {
      const timer = changetype<Timer>(<usize> at);
      timer.slot = PENDING;
      at = timer.after;
    }
  }

  /** When the first slot of a level, counted from now, begins. */
  private expiration(level: i32): i64 {
    const width = level * SLOT_BITS;
    const range: i64 = <i64> SLOTS << width;
    const start = this.elapsed & ~(range - 1);
    const tick = start + (<i64> this.firstSlot(level) << width);
    // Only the highest level goes round: below it, a timer of the next round
    // belongs to a higher level.
    return tick < this.elapsed ? tick + range : tick;
  }

  private firstSlot(level: i32): i32 {
    const now = <i32> ((this.elapsed >>> (level * SLOT_BITS)) & (SLOTS - 1));
    const turned = rotr<i64>(this.occupied(level), now);
    return (<i32> ctz<i64>(turned) + now) & (SLOTS - 1);
  }

  private insert(timer: Timer): void {
    const slot = this.slotFor(timer.tick);
    const first = this.head(slot);
    timer.slot = slot;
    timer.before = 0;
    timer.after = first;
    if (first != 0) {
      changetype<Timer>(<usize> first).before = <i32> changetype<usize>(timer);
    }
    this.setHead(slot, <i32> changetype<usize>(timer));
  }

  /** The slot for a tick, as seen from now. One that has passed is due. */
  private slotFor(due: i64): i32 {
    if (due <= this.elapsed) return PENDING;
    const tick = min<i64>(due, this.elapsed + HORIZON);
    // The highest bit in which they differ tells the level.
    const differing = (this.elapsed ^ tick) | (SLOTS - 1);
    const level = (63 - <i32> clz<i64>(differing)) / SLOT_BITS;
    const last = min<i32>(level, LEVELS - 1);
    return last * SLOTS + (<i32> (tick >>> (last * SLOT_BITS)) & (SLOTS - 1));
  }

  private unlink(timer: Timer): void {
    const before = timer.before;
    const after = timer.after;
    if (after != 0) changetype<Timer>(<usize> after).before = before;
    if (before != 0) changetype<Timer>(<usize> before).after = after;
    else this.setHead(timer.slot, after);
  }

  private occupied(level: i32): i64 {
    return load<i64>(changetype<usize>(this) + 32 + (<usize> level << 3));
  }

  private head(slot: i32): i32 {
    return load<i32>(this.slotAddress(slot));
  }

  private setHead(slot: i32, timer: i32): void {
    store<i32>(this.slotAddress(slot), timer);
    if (slot == PENDING) return;
    const bits = changetype<usize>(this) + 32 + (<usize> (slot >> 6) << 3);
    const bit: i64 = <i64> 1 << (slot & 63);
    const occupied = load<i64>(bits);
    store<i64>(bits, timer != 0 ? occupied | bit : occupied & ~bit);
  }

  private slotAddress(slot: i32): usize {
    return changetype<usize>(this) + SLOTS_OFFSET + (<usize> slot << 2);
  }

  private batchAddress(place: i32): usize {
    return changetype<usize>(this) + BATCH_OFFSET + (<usize> place << 3);
  }
}
