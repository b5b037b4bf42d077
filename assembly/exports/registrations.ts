// Exports: registrations of file descriptors, and the selector that threads share.

import { header } from "../header";
import { Hint } from "../hint";
import {
  FREE_REGISTRATIONS,
  REGISTRATION_BYTES,
  registrationsAt,
} from "../layout";
import { DONE, STALE } from "../parker";
import { poll } from "../poll";
import {
  maskOf,
  parkerOf,
  Registration,
  tell,
  waiterOf,
  WAYS,
} from "../registration";
import { Registry } from "../registry";

function registrationOf(address: i32): Registration {
  return changetype<Registration>(<usize> address);
}

function firstRegistration(): usize {
  const it = header();
  return registrationsAt(it.parkers, it.locks, it.timers);
}

/**
 * Claims a registration. Returns its address, or 0 if all are taken.
 *
 * @param owner Whose it is: see `Registration.owner`.
 */
export function registrationClaim(fd: i32, owner: i32): i32 {
  const first = firstRegistration();
  const index = changetype<Registry>(FREE_REGISTRATIONS).claim(
    first,
    REGISTRATION_BYTES,
    header().registrations,
  );
  if (index < 0) return 0;
  const address = first + <usize> index * REGISTRATION_BYTES;
  changetype<Registration>(address).claim(fd, owner);
  poll().add();
  return <i32> address;
}

/** Registrations ever claimed: the addresses behind them were not. */
export function registrationsUsed(): i32 {
  return changetype<Registry>(FREE_REGISTRATIONS).used;
}

/** The base of the claim in force, or of the free registration. */
export function registrationBase(address: i32): i32 {
  return registrationOf(address).base;
}

/** Whether `base` is the claim in force. */
export function registrationIsClaimed(address: i32, base: i32): bool {
  return registrationOf(address).isClaimed(base);
}

/** The descriptor of a registration. */
export function registrationFd(address: i32): i32 {
  return registrationOf(address).descriptor;
}

/** What the operating system is asked for; 0 if it was not yet. */
export function registrationInterest(address: i32): i32 {
  return registrationOf(address).interest;
}

/** Notes what it is about to be asked for. */
export function registrationAsked(address: i32, interest: i32): void {
  registrationOf(address).ask(interest);
}

/** Whose it is. */
export function registrationOwner(address: i32): i32 {
  return registrationOf(address).owner;
}

/**
 * Ends a claim. Returns whether this call did it: who waits is to be told then,
 * and the registration to be freed.
 */
export function registrationEnd(address: i32, base: i32): bool {
  if (!registrationOf(address).end(base)) return false;
  poll().remove();
  return true;
}

/** Frees a registration whose claim was ended. */
export function registrationFree(address: i32): void {
  const first = firstRegistration();
  changetype<Registry>(FREE_REGISTRATIONS).free(
    first,
    REGISTRATION_BYTES,
    <i32> ((<usize> address - first) / REGISTRATION_BYTES),
  );
}

/** What it is ready for, and the turn above that; -1 if the claim is over. */
export function registrationReady(address: i32, base: i32): i32 {
  return registrationOf(address).ready(base);
}

/** Takes in an event. Returns which ways are to be told, as bits. */
export function registrationSet(
  address: i32,
  base: i32,
  ready: i32,
  turn: i32,
): i32 {
  return registrationOf(address).set(base, ready, turn) ? waysOf(ready) : 0;
}

/** Which ways are to be told whatever was told before, as bits. */
export function registrationDue(address: i32): i32 {
  const it = registrationOf(address);
  const ready = it.ready(it.base);
  // Of a claim that is over, whoever is left there.
  return waysOf(ready);
}

/** The ways in which one waits for this, as bits: all, if it is -1. */
function waysOf(ready: i32): i32 {
  let ways = 0;
  for (let way = 0; way < WAYS; way++) {
    if ((maskOf(way) & ready) != 0) ways |= 1 << way;
  }
  return ways;
}

/** What was seen is used up. */
export function registrationClear(address: i32, base: i32, used: i32): void {
  registrationOf(address).clear(base, used);
}

/**
 * Says that a parker waits. Returns DONE, CONFLICT if another one does, or STALE
 * if the claim of the registration is over.
 */
export function registrationWait(
  address: i32,
  base: i32,
  way: i32,
  parker: i32,
  claim: i32,
): i32 {
  const waiter = waiterOf(base, parker, claim);
  return registrationOf(address).wait(base, way, waiter);
}

/** It waits no more. Returns whether it was there. */
export function registrationLeave(
  address: i32,
  base: i32,
  way: i32,
  parker: i32,
  claim: i32,
): bool {
  return registrationOf(address).leave(way, waiterOf(base, parker, claim));
}

/**
 * Tells who waits in this way, and goes on waiting unless the claim is over.
 * Returns 0, or the address of a parker whose unpark is the host's to deliver, and
 * in the two lowest bits how: RING or WAKE.
 */
export function registrationTell(address: i32, way: i32): i32 {
  const it = registrationOf(address);
  const waiter = it.waiter(way);
  if (waiter == 0) return 0;
  const first = <i32> firstRegistration();
  const index = (address - first) / <i32> REGISTRATION_BYTES;
  const code = tell(waiter, index + 1);
  // Told, and not before: see `waiter()`.
  if (!it.isClaimed(it.base)) it.leave(way, waiter);
  if (code == DONE || code == STALE) return 0;
  return <i32> parkerOf(waiter) | code;
}

/**
 * What a parker's owner is to look at: 0 if nothing, a registration's index + 1,
 * or -1 if there is more than one.
 */
export function parkerHint(parker: i32): i32 {
  return Hint.take(<usize> parker);
}

/** Says which descriptors the threads share. */
export function pollOpen(selector: i32, bell: i32): void {
  poll().selector = selector;
  poll().bell = bell;
}

/** The selector. */
export function pollSelector(): i32 {
  return poll().selector;
}

/** The bell. */
export function pollBell(): i32 {
  return poll().bell;
}

/** The driver's owner is to sleep in it. Returns false if it is being closed. */
export function pollSleep(): bool {
  return poll().sleep();
}

/** It is awake. Returns whether it is to close them. */
export function pollWake(): bool {
  return poll().wake();
}

/** Begins to use them. Returns false if they are being closed. */
export function pollEnter(): bool {
  return poll().enter();
}

/** Ends it. Returns whether the caller is to close them. */
export function pollLeave(): bool {
  return poll().leave();
}

/** Lets nobody begin any more. Returns whether the caller is to close them. */
export function pollClose(): bool {
  return poll().close();
}

/** Counts a turn of the driver's owner. Returns its number. */
export function pollTurn(): i32 {
  return poll().nextTurn();
}

/** Whether events were lost, and the driver's owner is to ask for all again. */
export function pollHasLost(): bool {
  return poll().hasLost();
}

/**
 * Says whether there is a thread that drives. Returns whether there was none.
 */
export function pollDrive(driven: bool): bool {
  return poll().drive(driven);
}
