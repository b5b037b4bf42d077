// Where the records of each kind lie in the shared memory. The constants come
// out of the core: see its layout.ts for the map.

import {
  LOCK_BYTES,
  PARKER_BYTES,
  PARKERS,
  TIMER_BYTES,
} from "./core.generated.ts";

/** How many records of each kind a memory has. */
export interface Capacities {
  /** Threads that can park at the same time. */
  readonly parkers: number;
  /** Mutexes and condvars. */
  readonly locks: number;
  /** Timers. */
  readonly timers: number;
}

/** A run of records of one kind, by their distance in bytes. */
export interface Region {
  readonly first: number;
  readonly bytes: number;
  readonly count: number;
}

/** Where the records of each kind are. */
export type Regions = Readonly<Record<keyof Capacities, Region>>;

/** The parkers, the locks and the timers, in the order in which they lie. */
export function regionsOf({ parkers, locks, timers }: Capacities): Regions {
  const first = PARKERS;
  const second = first + parkers * PARKER_BYTES;
  const third = second + locks * LOCK_BYTES;
  return {
    parkers: { first, bytes: PARKER_BYTES, count: parkers },
    locks: { first: second, bytes: LOCK_BYTES, count: locks },
    timers: { first: third, bytes: TIMER_BYTES, count: timers },
  };
}

/** Bytes that a memory of these capacities needs. */
export function memoryBytes(capacities: Capacities): number {
  const { first, bytes, count } = regionsOf(capacities).timers;
  return first + bytes * count;
}

/** The address of a record. */
export function addressOf({ first, bytes }: Region, index: number): number {
  return first + bytes * index;
}

/** Whether a value is the address of a record. */
export function isRecord(region: Region, address: unknown): boolean {
  if (typeof address !== "number") return false;
  const index = (address - region.first) / region.bytes;
  return Number.isInteger(index) && index >= 0 && index < region.count;
}
