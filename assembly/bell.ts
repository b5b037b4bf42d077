// The bell of the shared driver, for drivers that sleep on a word: sticky, and
// coalesced to one system call a sleep.

import { DONE, WAKE } from "./parker";
import { header } from "./header";
import { BELL } from "./layout";

/** Nobody sleeps, and nobody rang. */
const SILENT: i32 = 0;
/** The driver's owner sleeps on the word, or is about to. */
const ASLEEP: i32 = 1;
/** Somebody rang, and nobody has heard it yet. */
const RUNG: i32 = 2;

/** A token as the parker's, for the driver and not for its owner. */
export class Bell {
  /**
   * SILENT -> ASLEEP, or RUNG -> SILENT. Returns whether to sleep on the word.
   * Only the driver's owner calls this.
   */
  static commit(): bool {
    // SILENT -> ASLEEP.
    // AcqRel. Pairs with the exchange in `ring()` [B1].
    if (atomic.cmpxchg<i32>(BELL, SILENT, ASLEEP) == SILENT) return true;
    this.hear();
    return false;
  }

  /** Sleeps until somebody rings. May return early. */
  static wait(timeoutNs: i64): void {
    // Blocks only while nobody rang.
    // Acquire. Pairs with the exchange in `ring()` [B1].
    atomic.wait<i32>(BELL, ASLEEP, timeoutNs);
  }

  /** Any -> SILENT. Returns whether somebody rang. */
  static hear(): bool {
    // ASLEEP or RUNG -> SILENT. An exchange and not a store: it must read the
    // last ring, so that what came before that one is visible.
    // Acquire. Pairs with the exchange in `ring()` [B1].
    return atomic.xchg<i32>(BELL, SILENT) == RUNG;
  }

  /** Wakes the driver, or keeps its next sleep from beginning. */
  static ring(): i32 {
    // SILENT, ASLEEP or RUNG -> RUNG. The last one writes too, as in unpark().
    // Release. Pairs with `commit()`, `wait()` and `hear()` [B1].
    if (atomic.xchg<i32>(BELL, RUNG) != ASLEEP) return DONE;
    if (header().hasHostBell) return WAKE;
    // All, and not one: a thread that was terminated in its sleep stays in the
    // queue for a while, and would take the ring for itself.
    // Relaxed: the exchange above carries the ring.
    atomic.notify(BELL, -1);
    return DONE;
  }

  /**
   * As `ring()`, though it has rung: who rang it died before it woke the driver.
   * Where waking is the host's, it is to wake it.
   */
  static rouse(): void {
    this.ring();
    // Relaxed: the exchange carries the ring.
    if (!header().hasHostBell) atomic.notify(BELL, -1);
  }

  /** The address that the host is to wait on, while it holds `ASLEEP`. */
  static get address(): usize {
    return BELL;
  }
}
