// Exports: the driver's lock and its bell.

import { Bell } from "../bell";
import * as driver from "../driver";
import { DriverLock } from "../driver_lock";
import { parkerIndex } from "../layout";
import { toNs } from "../units";

/** Takes the driver for the thread of this parker. */
export function driverTake(address: i32): bool {
  return DriverLock.take(parkerIndex(address));
}

/** Leaves the driver. Returns a word on which the host is to wake, or 0. */
export function driverLeave(): i32 {
  DriverLock.release();
  return <i32> driver.handOff();
}

/** Keeps the driver for the event loop of this parker. */
export function driverKeep(address: i32): bool {
  return DriverLock.keep(parkerIndex(address));
}

/** Turns a keep into a hold. */
export function driverHold(address: i32): bool {
  return DriverLock.hold(parkerIndex(address));
}

/** Ends a turn of an event loop. Returns as `driverLeave()`. */
export function driverYield(): i32 {
  return <i32> driver.yieldDriver();
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
