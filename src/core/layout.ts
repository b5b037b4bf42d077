// Where the records of each kind lie in the shared memory. The constants come
// out of the core: see its layout.ts for the map.

import {
  CALLER_BYTES,
  CHUNK_BYTES,
  LOCK_BYTES,
  PARKER_BYTES,
  PARKERS,
  REGISTRATION_BYTES,
  TASK_BYTES,
  TIMER_BYTES,
  WORKER_BYTES,
} from "./core.generated.ts";

/** How many records of each kind a memory has. */
export interface Capacities {
  /** Threads that can park at the same time. */
  readonly parkers: number;
  /** Mutexes and condvars. */
  readonly locks: number;
  /** Timers. */
  readonly timers: number;
  /** File descriptors that can be registered. */
  readonly registrations: number;
}

/** A run of records of one kind, by their distance in bytes. */
export interface Region {
  readonly first: number;
  readonly bytes: number;
  readonly count: number;
}

/** Where the records of each kind are. */
export type Regions = Readonly<Record<keyof Capacities, Region>>;

/** What there is of each kind, in the order in which they lie. */
export function regionsOf(capacities: Capacities): Regions {
  const { parkers, locks, timers, registrations } = capacities;
  const first = PARKERS;
  const second = first + parkers * PARKER_BYTES;
  const third = second + locks * LOCK_BYTES;
  const fourth = third + timers * TIMER_BYTES;
  return {
    parkers: { first, bytes: PARKER_BYTES, count: parkers },
    locks: { first: second, bytes: LOCK_BYTES, count: locks },
    timers: { first: third, bytes: TIMER_BYTES, count: timers },
    registrations: {
      first: fourth,
      bytes: REGISTRATION_BYTES,
      count: registrations,
    },
  };
}

/** Bytes that a memory of these capacities needs. */
export function memoryBytes(capacities: Capacities): number {
  const { first, bytes, count } = regionsOf(capacities).registrations;
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

/** How much of everything a pool has. */
export interface PoolCapacities {
  /** Workers that there can be. */
  readonly workers: number;
  /** Tasks that can be in flight in shared memory. */
  readonly tasks: number;
  /** Chunks of the heap that there can be. */
  readonly chunks: number;
}

/** Bytes to the next line. See `layOut()` in the core. */
const LINE = 128;
const PRIORITIES = 3;
const INJECT_SLOT_BYTES = 8;
const CHUNK_WORD_BYTES = 16;

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}

/** Where the heap of a pool begins, behind everything else. */
export function heapStart(
  capacities: Capacities,
  { workers, tasks, chunks }: PoolCapacities,
): number {
  let slots = 2;
  while (slots < tasks * 2) slots *= 2;
  let at = roundUp(memoryBytes(capacities), LINE);
  at += (workers + 1) * CALLER_BYTES + workers * WORKER_BYTES;
  at += slots * PRIORITIES * INJECT_SLOT_BYTES;
  at = roundUp(at, LINE) + tasks * TASK_BYTES + chunks * CHUNK_WORD_BYTES;
  return roundUp(at, CHUNK_BYTES);
}
