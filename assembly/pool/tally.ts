// What a worker counts of its work. It alone writes; anybody reads, at any time.

const TALLY_OFFSET: usize = 192;

/** The second half of the worker's own line. */
@unmanaged
export class Tally {
  /** Tasks run. */
  private tasks: i64;
  /** Tasks stolen from others. */
  private stolen: i64;
  /** Times that it stole. */
  private steals: i64;
  /** Entries taken from the injection queues. */
  private injected: i64;
  /** Times that its queue was full, and half of it was sent away. */
  private overflows: i64;

  /** The tally of the worker at this address. */
  static of(worker: usize): Tally {
    return changetype<Tally>(worker + TALLY_OFFSET);
  }

  countTask(): void {
    this.add(offsetof<Tally>("tasks"), 1);
  }

  countStolen(tasks: i32): void {
    this.add(offsetof<Tally>("stolen"), tasks);
    this.add(offsetof<Tally>("steals"), 1);
  }

  countInjected(tasks: i32): void {
    this.add(offsetof<Tally>("injected"), tasks);
  }

  countOverflow(): void {
    this.add(offsetof<Tally>("overflows"), 1);
  }

  /** Forgets what an earlier thread has counted. */
  reset(): void {
    for (
      let counter = offsetof<Tally>("tasks");
      counter <= offsetof<Tally>("overflows");
      counter += sizeof<i64>()
    ) {
      // Relaxed: indivisible, so that no reader sees half a number.
      atomic.store<i64>(changetype<usize>(this) + counter, 0);
    }
  }

  /** One of the counts, by its place in this class. */
  read(place: i32): f64 {
    const counter = changetype<usize>(this) + <usize> place * sizeof<i64>();
    // Relaxed: a reader takes what there is.
    return <f64> atomic.load<i64>(counter);
  }

  private add(counter: usize, amount: i64): void {
    const at = changetype<usize>(this) + counter;
    // Relaxed: only the worker writes, so it reads its own last value.
    const before = atomic.load<i64>(at);
    // Relaxed: as above.
    atomic.store<i64>(at, before + amount);
  }
}
