// The export table: the names that the facade calls, and the units it uses.
// Milliseconds as f64 outside, nanoseconds as i64 inside.

import { Bell } from "./bell";
import { Condvar } from "./condvar";
import { Counters } from "./counters";
import * as driver from "./driver";
import { DriverLock } from "./driver_lock";
import {
  beginShutdown,
  Header,
  header,
  isShutdown,
  nextThread,
} from "./header";
import * as layout from "./layout";
import { LockRecord } from "./lock_record";
import { Mutex } from "./mutex";
import * as parking from "./park";
import { DONE, Parker } from "./parker";
import { Registry } from "./registry";
import { Timer } from "./timer";
import * as timers from "./timers";

export { BLOCKING_DRIVER, HOST_WAIT } from "./header";
export { LAYOUT_VERSION, MAGIC, MAX_PARKERS } from "./layout";
export { CONDVAR, MUTEX } from "./lock_record";
export {
  LOCK_AGAIN,
  LOCK_FOREIGN,
  LOCK_OWNED,
  LOCK_TIMED_OUT,
  LOCKED,
} from "./mutex";
export {
  AGAIN,
  CONFLICT,
  DONE,
  DRIVER,
  EMPTY,
  ENDED,
  NOTIFIED,
  PARKED_CONDVAR,
  PARKED_DRIVER,
  RING,
  SLEEP,
  STALE,
  TIMED_OUT,
  UNPARKED,
  WAKE,
} from "./parker";
export { ARMED, CLOSED, FIRED, IDLE } from "./timer";
export { HAND_OFF, TIMER_ENDED } from "./timers";

const FOREVER_NS: i64 = -1;
/** 2^53 ns, 104 days: what a timeout of more is cut to, and asked for again. */
const LONGEST_NS: f64 = 9007199254740992;

/** Rounded up: a sleep is not shorter than asked for. */
function toNs(ms: f64): i64 {
  if (ms == Infinity) return FOREVER_NS;
  return <i64> min<f64>(ceil<f64>(max<f64>(ms, 0) * 1e6), LONGEST_NS);
}

function parkerOf(address: i32): Parker {
  return changetype<Parker>(<usize> address);
}

function lockOf(address: i32): LockRecord {
  return changetype<LockRecord>(<usize> address);
}

function timerOf(address: i32): Timer {
  return changetype<Timer>(<usize> address);
}

// ==== memory ====

/** Bytes that a memory of these capacities needs. */
export function memoryBytes(parkers: i32, locks: i32, timers: i32): i32 {
  return <i32> layout.memoryBytes(parkers, locks, timers);
}

/** Makes a zeroed memory a runtime's. */
export function memoryCreate(
  id: i32,
  flags: i32,
  parkers: i32,
  locks: i32,
  timerCapacity: i32,
  epochMs: f64,
): void {
  const it = header();
  it.id = id;
  it.flags = flags;
  it.parkers = parkers;
  it.locks = locks;
  it.timers = timerCapacity;
  it.bytes = memoryBytes(parkers, locks, timerCapacity);
  it.epochMs = epochMs;
  it.version = layout.LAYOUT_VERSION;
  it.magic = layout.MAGIC;
  timers.wheel().nextWake = i64.MAX_VALUE;
}

/** The next thread id: 1, 2, 3, … */
export function threadNext(): i32 {
  return nextThread();
}

/** Sets the flag that ends the runtime. Returns whether this call did it. */
export function shutdownBegin(thread: i32): bool {
  if (!beginShutdown()) return false;
  timers.closeTimers(thread);
  return true;
}

/** Whether the runtime was shut down. */
export function shutdownBegun(): bool {
  return isShutdown();
}

// ==== parkers ====

/** Claims a parker for a thread. Returns its address; 0 if all are taken. */
export function parkerClaim(thread: i32): i32 {
  const index = changetype<Registry>(layout.FREE_PARKERS).claim(
    layout.PARKERS,
    layout.PARKER_BYTES,
    header().parkers,
  );
  if (index < 0) return 0;
  const address = layout.parkerAt(index);
  changetype<Parker>(address).claim();
  changetype<Parker>(address).adopt(thread);
  Counters.of(address).reset();
  return <i32> address;
}

/** Makes a detached parker the thread's. Returns whether it was detached. */
export function parkerAdopt(address: i32, thread: i32): bool {
  return parkerOf(address).adopt(thread);
}

/** Leaves a parker to whoever adopts it. Returns whether it was the thread's. */
export function parkerDetach(address: i32, thread: i32): bool {
  return parkerOf(address).detach(thread);
}

/** Frees a parker of the thread. Returns DONE, STALE or CONFLICT. */
export function parkerRelease(address: i32, base: i32, thread: i32): i32 {
  const code = parkerOf(address).release(base);
  if (code == DONE) {
    parkerOf(address).detach(thread);
    changetype<Registry>(layout.FREE_PARKERS).free(
      layout.PARKERS,
      layout.PARKER_BYTES,
      layout.parkerIndex(address),
    );
  }
  return code;
}

/** Parkers ever claimed: the addresses behind them were not. */
export function parkersUsed(): i32 {
  return changetype<Registry>(layout.FREE_PARKERS).used;
}

/** The address of the parker with this index. */
export function parkerAddress(index: i32): i32 {
  return <i32> layout.parkerAt(index);
}

/** The base of the claim in force, or of the free parker. */
export function parkerBase(address: i32): i32 {
  return parkerOf(address).base;
}

/** Whether `base` is the claim in force. */
export function parkerIsClaimed(address: i32, base: i32): bool {
  return parkerOf(address).isClaimed(base);
}

/** Takes the token if it is there. Returns UNPARKED, ENDED or AGAIN. */
export function parkerTake(address: i32, base: i32): i32 {
  return parkerOf(address).take(base);
}

/** Makes the token available. Returns DONE, RING, WAKE or STALE. */
export function parkerUnpark(address: i32, base: i32): i32 {
  return parkerOf(address).unpark(base);
}

/** Parks. Returns a code: see `park()` in park.ts. */
export function parkerPark(address: i32, base: i32, timeoutMs: f64): i32 {
  return parking.park(parkerOf(address), base, toNs(timeoutMs));
}

/** Commits to a sleep that the host sleeps. Returns SLEEP, DRIVER or an end. */
export function parkerCommit(address: i32, base: i32): i32 {
  return parking.commitPark(parkerOf(address), base);
}

/** Whether the sleep that the host sleeps is over. */
export function parkerIsWoken(address: i32, base: i32): bool {
  return parkerOf(address).isWoken(base);
}

/** Ends the sleep that the host slept. */
export function parkerEndSleep(address: i32, base: i32, timedOut: bool): i32 {
  return parking.endSleep(parkerOf(address), base, timedOut);
}

/** Ends a sleep in the shared driver. */
export function parkerLeave(
  address: i32,
  base: i32,
  served: i32,
  timedOut: bool,
): i32 {
  return parking.leavePark(parkerOf(address), base, served, timedOut);
}

/** Commits to a sleep in the owner's event loop. */
export function parkerCommitLoop(address: i32, base: i32): i32 {
  return parking.commitLoop(parkerOf(address), base);
}

/** Ends a sleep in the owner's event loop. */
export function parkerLeaveLoop(
  address: i32,
  base: i32,
  served: i32,
  timedOut: bool,
): i32 {
  return parking.leaveLoop(parkerOf(address), base, served, timedOut);
}

/** The word that the owner's event loop listens to. */
export function parkerDoorbell(address: i32): i32 {
  return <i32> parkerOf(address).doorbell;
}

/** Whether a token came for an owner that sleeps in a driver. */
export function parkerIsNotified(address: i32): bool {
  return parkerOf(address).isNotified();
}

/** Adds to the time that the owner was asleep. */
export function parkerAddParked(address: i32, ms: f64): void {
  Counters.of(address).addParked(<i64> (ms * 1e6));
}

/** Counts a turn of the driver. */
export function parkerAddTurn(address: i32): void {
  Counters.of(address).countTurn();
}

/** A counter, by its place in `Counters`. */
export function parkerCounter(address: i32, place: i32): f64 {
  return Counters.of(address).read(place);
}

// ==== driver ====

/** Takes the driver for the thread of this parker. */
export function driverTake(address: i32): bool {
  return DriverLock.take(layout.parkerIndex(address));
}

/** Leaves the driver. Returns a word on which the host is to wake, or 0. */
export function driverLeave(): i32 {
  return <i32> driver.leaveDriver();
}

/** Keeps the driver for the event loop of this parker. */
export function driverKeep(address: i32): bool {
  return DriverLock.keep(layout.parkerIndex(address));
}

/** Turns a keep into a hold. */
export function driverHold(address: i32): bool {
  return DriverLock.hold(layout.parkerIndex(address));
}

/** Finds an owner for a driver with work. Returns as `driverLeave()`. */
export function driverHandOff(): i32 {
  return <i32> driver.handOff();
}

/** Sleeps until the bell rings, or for `timeoutMs`. */
export function bellSleep(timeoutMs: f64): void {
  if (timeoutMs > 0 && Bell.commit()) Bell.wait(toNs(timeoutMs));
  Bell.hear();
}

/** Commits to a sleep on the bell that the host sleeps. */
export function bellCommit(): bool {
  return Bell.commit();
}

/** Ends it. */
export function bellHear(): void {
  Bell.hear();
}

/** Rings. Returns DONE or WAKE. */
export function bellRing(): i32 {
  return Bell.ring();
}

/** The word that the host waits on while it holds 1. */
export function bellAddress(): i32 {
  return <i32> Bell.address;
}

// ==== timers ====

/** Claims a timer for a parker. Returns its address, or 0 if all are taken. */
export function timerClaim(target: i32, targetBase: i32): i32 {
  const records = layout.timers(header());
  const index = changetype<Registry>(layout.FREE_TIMERS).claim(
    records,
    layout.TIMER_BYTES,
    header().timers,
  );
  if (index < 0) return 0;
  const address = records + <usize> index * layout.TIMER_BYTES;
  changetype<Timer>(address).claim(target, targetBase);
  return <i32> address;
}

/** The base of the claim in force, or of the free timer. */
export function timerBase(address: i32): i32 {
  return timerOf(address).base;
}

/** The address of the timer with this index. */
export function timerAddress(index: i32): i32 {
  return <i32> (layout.timers(header()) + <usize> index * layout.TIMER_BYTES);
}

/** Whether `base` is the claim in force. */
export function timerIsClaimed(address: i32, base: i32): bool {
  return timerOf(address).isClaimed(base);
}

/** Frees a timer, armed or not. Returns whether the claim was in force. */
export function timerRelease(address: i32, base: i32, thread: i32): bool {
  if (!timers.releaseTimer(timerOf(address), base, thread)) return false;
  const records = layout.timers(header());
  changetype<Registry>(layout.FREE_TIMERS).free(
    records,
    layout.TIMER_BYTES,
    <i32> ((<usize> address - records) / layout.TIMER_BYTES),
  );
  return true;
}

/** Arms a timer. Returns DONE, RING, HAND_OFF, STALE or TIMER_ENDED. */
export function timerArm(
  address: i32,
  base: i32,
  deadlineMs: f64,
  thread: i32,
): i32 {
  return timers.armTimer(timerOf(address), base, deadlineMs, thread);
}

/** Takes a timer out. Returns 1 if it was armed, 0 if not, -1 if stale. */
export function timerCancel(address: i32, base: i32, thread: i32): i32 {
  return timers.cancelTimer(timerOf(address), base, thread);
}

/** IDLE, ARMED, FIRED or CLOSED. */
export function timerState(address: i32): i32 {
  return timerOf(address).read();
}

/** Timers in the wheel. */
export function timersArmed(): i32 {
  return timers.wheel().count;
}

/** Publishes when the driver's owner will wake, and returns it. */
export function timersPrepare(thread: i32): f64 {
  return timers.prepareTimers(thread);
}

/** Collects a batch of due timers. Returns how many. */
export function timersCollect(nowMs: f64, thread: i32): i32 {
  return timers.collectTimers(nowMs, thread);
}

/** Unparks the target of one of the batch. Returns DONE or WAKE. */
export function timersDeliver(place: i32): i32 {
  return timers.deliverTimer(place);
}

/** The parker that one of the batch is for. */
export function timersTarget(place: i32): i32 {
  return timers.wheel().batchTarget(place);
}

// ==== locks ====

/** Claims a mutex or condvar. Returns its address, or 0 if all are taken. */
export function lockClaim(kind: i32): i32 {
  const records = layout.locks(header());
  const index = changetype<Registry>(layout.FREE_LOCKS).claim(
    records,
    layout.LOCK_BYTES,
    header().locks,
  );
  if (index < 0) return 0;
  const address = records + <usize> index * layout.LOCK_BYTES;
  changetype<LockRecord>(address).claim(kind);
  return <i32> address;
}

/** The claim in force, or 0 if the record is free. */
export function lockBase(address: i32): i32 {
  return lockOf(address).base;
}

/** The address of the lock with this index. */
export function lockAddress(index: i32): i32 {
  return <i32> (layout.locks(header()) + <usize> index * layout.LOCK_BYTES);
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
  const records = layout.locks(header());
  changetype<Registry>(layout.FREE_LOCKS).free(
    records,
    layout.LOCK_BYTES,
    <i32> ((<usize> address - records) / layout.LOCK_BYTES),
  );
  return true;
}

/** Locks if nobody holds the mutex. Returns LOCKED, LOCK_OWNED or LOCK_AGAIN. */
export function mutexTryLock(address: i32, thread: i32): i32 {
  return Mutex.tryLock(lockOf(address).word, thread);
}

/** Locks. Returns LOCKED, LOCK_OWNED, LOCK_TIMED_OUT or LOCK_AGAIN. */
export function mutexLock(address: i32, thread: i32, timeoutMs: f64): i32 {
  return Mutex.lock(lockOf(address).word, thread, toNs(timeoutMs));
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
