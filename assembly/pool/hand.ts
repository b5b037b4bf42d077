// What a worker has taken out of one place and not yet put into another: noted
// before it is removed, so that it is found if the worker dies between the two.

/** No entry. */
export const NOTHING: i32 = -1;

/**
 * The hand of a worker. Whoever repairs reads it when the worker is dead, and
 * the end of a thread comes after all that it did: so nothing here is atomic.
 */
@unmanaged
export class Hand {
  /** Index + 1 of a task whose entry is in no queue, or about to be in none. */
  private entry: i32;
  /** Entries placed behind the back of the queue: see `RunQueue.mark()`. */
  marked: i32;

  /** The worker is about to remove this entry from where it is. */
  hold(entry: i32): void {
    this.entry = entry + 1;
  }

  /** The entry is elsewhere now, or its task is taken. */
  letGo(): void {
    this.entry = 0;
  }

  /** What a dead worker held, or NOTHING. */
  get held(): i32 {
    return this.entry - 1;
  }
}
