// Exports: mutexes and condvars.

import { Condvar } from "../condvar";
import { header } from "../header";
import { FREE_LOCKS, LOCK_BYTES, locksAt } from "../layout";
import { LockRecord } from "../lock_record";
import { Mutex } from "../mutex";
import { Registry } from "../registry";
import { toNs } from "../units";

function lockOf(address: i32): LockRecord {
  return changetype<LockRecord>(<usize> address);
}

/** Claims a mutex or condvar. Returns its address, or 0 if all are taken. */
export function lockClaim(kind: i32): i32 {
  const records = locksAt(header().parkers);
  const index = changetype<Registry>(FREE_LOCKS).claim(
    records,
    LOCK_BYTES,
    header().locks,
  );
  if (index < 0) return 0;
  const address = records + <usize> index * LOCK_BYTES;
  changetype<LockRecord>(address).claim(kind);
  return <i32> address;
}

/** The claim in force, or 0 if the record is free. */
export function lockBase(address: i32): i32 {
  return lockOf(address).base;
}

/** Whether the claim is in force. */
export function lockIsClaimed(address: i32, base: i32): bool {
  return lockOf(address).isClaimed(base);
}

/** Whether a thread holds the mutex, or waits on the condvar. */
export function lockIsBusy(address: i32): bool {
  return lockOf(address).isBusy;
}

/** Frees a mutex or condvar. Returns whether the claim was in force. */
export function lockRelease(address: i32, base: i32): bool {
  if (!lockOf(address).release(base)) return false;
  const records = locksAt(header().parkers);
  changetype<Registry>(FREE_LOCKS).free(
    records,
    LOCK_BYTES,
    <i32> ((<usize> address - records) / LOCK_BYTES),
  );
  return true;
}

/** Locks if nobody holds the mutex. Returns LOCKED, LOCK_OWNED or LOCK_AGAIN. */
export function mutexTryLock(address: i32, thread: i32): i32 {
  return Mutex.tryLock(lockOf(address).word, thread);
}

/** Locks after trying. Returns LOCKED, LOCK_TIMED_OUT or LOCK_AGAIN. */
export function mutexLock(address: i32, thread: i32, timeoutMs: f64): i32 {
  return Mutex.lockContended(lockOf(address).word, thread, toNs(timeoutMs));
}

/** Unlocks. Returns LOCKED or LOCK_FOREIGN. */
export function mutexUnlock(address: i32, thread: i32): i32 {
  return Mutex.unlock(lockOf(address).word, thread);
}

/** Joins the waiters, with the mutex held. Returns the sequence to wait on. */
export function condvarPrepare(address: i32): i32 {
  return Condvar.prepare(lockOf(address).word, lockOf(address).waiters);
}

/** Leaves the waiters without a wait. */
export function condvarCancel(address: i32): void {
  Condvar.finish(lockOf(address).waiters);
}

/** Sleeps, with the mutex unlocked, and leaves the waiters. 2: timed out. */
export function condvarWait(address: i32, seen: i32, timeoutMs: f64): i32 {
  const ended = Condvar.wait(lockOf(address).word, seen, toNs(timeoutMs));
  Condvar.finish(lockOf(address).waiters);
  return ended;
}

/** Wakes `count` waiters; all, if it is negative. Returns how many slept. */
export function condvarNotify(address: i32, count: i32): i32 {
  return Condvar.notify(lockOf(address).word, lockOf(address).waiters, count);
}
