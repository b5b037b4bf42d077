// What a parker counts of itself. The owner writes; anybody reads, at any time,
// and stops nobody.

const COUNTERS_OFFSET: usize = 128;

/**
 * The second line of a parker.
 *
 * Invariant: each sleep that began has ended in one of four ways, or goes on:
 * `parks` = `unparks` + `timeouts` + `events` + `noops`, plus one while asleep.
 */
@unmanaged
export class Counters {
  /** Sleeps begun: T2 and T7. */
  private parks: i64;
  /** Sleeps ended by a token. */
  private unparks: i64;
  /** Sleeps ended by their deadline. */
  private timeouts: i64;
  /** Sleeps in the driver, ended by what the driver served. */
  private events: i64;
  /** Sleeps ended by nothing of the above: no-op wakes. */
  private noops: i64;
  /** Times the owner polled the driver. */
  private turns: i64;
  /** Nanoseconds asleep. */
  private parkedNs: i64;

  /** The counters of the parker at this address. */
  static of(parker: usize): Counters {
    return changetype<Counters>(parker + COUNTERS_OFFSET);
  }

  countPark(): void {
    this.add(offsetof<Counters>("parks"), 1);
  }

  countUnpark(): void {
    this.add(offsetof<Counters>("unparks"), 1);
  }

  countTimeout(): void {
    this.add(offsetof<Counters>("timeouts"), 1);
  }

  countEvent(): void {
    this.add(offsetof<Counters>("events"), 1);
  }

  countNoop(): void {
    this.add(offsetof<Counters>("noops"), 1);
  }

  countTurn(): void {
    this.add(offsetof<Counters>("turns"), 1);
  }

  addParked(ns: i64): void {
    this.add(offsetof<Counters>("parkedNs"), ns);
  }

  /** Forgets what an earlier claim counted. */
  reset(): void {
    for (
      let counter = offsetof<Counters>("parks");
      counter <= offsetof<Counters>("parkedNs");
      counter += sizeof<i64>()
    ) {
      this.write(counter, 0);
    }
  }

  /** One of the counters, by its place in this class. */
  read(place: i32): f64 {
    const counter = changetype<usize>(this) + <usize> place * sizeof<i64>();
    // Relaxed: a reader takes what there is.
    return <f64> atomic.load<i64>(counter);
  }

  private add(counter: usize, amount: i64): void {
    // Relaxed: only the owner writes, so it reads its own last value.
    const before = atomic.load<i64>(changetype<usize>(this) + counter);
    this.write(counter, before + amount);
  }

  private write(counter: usize, value: i64): void {
    // Relaxed: indivisible, so that no reader sees half a number.
    atomic.store<i64>(changetype<usize>(this) + counter, value);
  }
}
