// The glue of the facade's locks as bodies of threads: see facade.ts.

import {
  LOCK_FOREIGN,
  LOCK_TIMED_OUT,
  LOCKED,
} from "../src/core/core.generated.ts";
import type { Steps } from "../loom/src/scenario.ts";
import { WAIT_TIMED_OUT } from "./facade.ts";
import type { Local, Place } from "./world.ts";

// ==== src/sync/mutex.ts ====

function* checkLock(me: Local, { address, claim }: Place): Steps<void> {
  const isClaimed = yield* me.t.call("lockIsClaimed", address, claim);
  me.t.assert(isClaimed !== 0, "a lock that was released");
}

/** Locks if nobody holds the mutex. Returns whether it did. */
export function* tryLock(me: Local, mutex: Place): Steps<boolean> {
  yield* checkLock(me, mutex);
  return (yield* me.t.call("mutexTryLock", mutex.address, me.thread)) ===
    LOCKED;
}

/** Locks. Returns whether it did, before the deadline. */
export function* lock(
  me: Local,
  mutex: Place,
  deadline = Infinity,
): Steps<boolean> {
  const { t, clock, thread } = me;
  if (yield* tryLock(me, mutex)) return true;
  for (;;) {
    const left = clock.left(deadline);
    const code = yield* t.call("mutexLock", mutex.address, thread, left);
    if (code === LOCKED) return true;
    if (code !== LOCK_TIMED_OUT) continue;
    clock.timedOut(deadline);
    if (clock.isPast(deadline)) return false;
  }
}

/** Unlocks. */
export function* unlock(me: Local, mutex: Place): Steps<void> {
  yield* checkLock(me, mutex);
  const code = yield* me.t.call("mutexUnlock", mutex.address, me.thread);
  me.t.assert(code !== LOCK_FOREIGN, "another thread holds the mutex");
}

// ==== src/sync/condvar.ts ====

/** Waits, with the mutex held. Returns whether it woke before the deadline. */
export function* waitCondvar(
  me: Local,
  condvar: Place,
  mutex: Place,
  deadline = Infinity,
): Steps<boolean> {
  const { t, clock } = me;
  yield* checkLock(me, condvar);
  yield* checkLock(me, mutex);
  const { address } = condvar;
  const left = clock.left(deadline);
  const seen = yield* t.call("condvarPrepare", address);
  yield* unlockHeld(me, mutex);
  const ended = yield* t.call("condvarWait", address, seen, left);
  if (ended === WAIT_TIMED_OUT) clock.timedOut(deadline);
  yield* lock(me, mutex);
  return ended !== WAIT_TIMED_OUT || !clock.isPast(deadline);
}

function* unlockHeld(me: Local, mutex: Place): Steps<void> {
  const code = yield* me.t.call("mutexUnlock", mutex.address, me.thread);
  me.t.assert(code !== LOCK_FOREIGN, "a wait without the mutex");
}

/** Wakes `count` waiters; all, if it is negative. */
export function* notify(
  me: Local,
  condvar: Place,
  count: number,
): Steps {
  yield* checkLock(me, condvar);
  return yield* me.t.call("condvarNotify", condvar.address, count);
}
