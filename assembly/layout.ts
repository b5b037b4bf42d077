// The memory map: where each region lies, and how far apart its records are.
//
// Everything the core knows is in the shared memory that it imports. Offsets of
// fixed regions are constants; those behind them depend on the capacities that
// the header states.
//
//   0      ┌──────────────────────────┐
//          │ header                   │ read-only once created
//   128    │ shutdown                 │
//   256    │ thread ids               │
//   384    │ driver lock              │
//   512    │ bell                     │
//   576    │ selector                 │
//   640    │ free lists: parkers,     │ a cache line each
//          │ locks, timers            │
//   1024   │ sleepers                 │ one bit a parker
//   3072   │ timer wheel              │
//   4992   │ free list: registrations │
//   5120   │ pool, idle workers,      │
//          │ injection queues         │ see pool/map.ts
//   6144   ├──────────────────────────┤
//          │ parkers                  │ 256 bytes each
//          ├──────────────────────────┤
//          │ locks                    │ 128 bytes each
//          ├──────────────────────────┤
//          │ timers                   │ 64 bytes each
//          ├──────────────────────────┤
//          │ registrations            │ 64 bytes each
//          ├──────────────────────────┤
//          │ the pool's records       │ see pool/map.ts
//          └──────────────────────────┘

/** Counts every change of this map, or of what a record holds. */
export const LAYOUT_VERSION: i32 = 3;
/** The first word of the memory: "layb", read as a little-endian integer. */
export const MAGIC: i32 = 0x6279616c;

/**
 * The distance that keeps two words out of each other's way: 128 bytes, since
 * x86 fetches lines of 64 in pairs and Apple's cores have lines of 128.
 * Source: crossbeam-utils, src/cache_padded.rs.
 */
export const CACHE_LINE: usize = 128;

export const HEADER: usize = 0;
export const SHUTDOWN: usize = 128;
export const THREADS: usize = 256;
export const DRIVER_LOCK: usize = 384;
export const BELL: usize = 512;
export const POLL: usize = 576;
export const FREE_PARKERS: usize = 640;
export const FREE_LOCKS: usize = 768;
export const FREE_TIMERS: usize = 896;
export const SLEEPERS: usize = 1024;
export const WHEEL: usize = 3072;
export const FREE_REGISTRATIONS: usize = 4992;
export const POOL: usize = 5120;
export const IDLE: usize = 5248;
export const INJECTS: usize = 5376;
export const PARKERS: usize = 6144;

export const PARKER_BYTES: usize = 256;
export const LOCK_BYTES: usize = 128;
export const TIMER_BYTES: usize = 64;
export const REGISTRATION_BYTES: usize = 64;

/** As many parkers as the bits between `SLEEPERS` and `WHEEL`. */
export const MAX_PARKERS: i32 = 16384;

/** The address of the parker with this index. */
export function parkerAt(index: i32): usize {
  return PARKERS + <usize> index * PARKER_BYTES;
}

/** The index of the parker at this address. */
export function parkerIndex(address: usize): i32 {
  return <i32> ((address - PARKERS) / PARKER_BYTES);
}

/** Where the locks begin, behind so many parkers. */
export function locksAt(parkers: i32): usize {
  return PARKERS + <usize> parkers * PARKER_BYTES;
}

/** The first address behind so many of each, on a line. */
export function recordsEnd(
  parkers: i32,
  locks: i32,
  timers: i32,
  registrations: i32,
): usize {
  const end = registrationsAt(parkers, locks, timers) +
    <usize> registrations * REGISTRATION_BYTES;
  return (end + CACHE_LINE - 1) & ~(CACHE_LINE - 1);
}

/** Where the timers begin, behind so many parkers and locks. */
export function timersAt(parkers: i32, locks: i32): usize {
  return locksAt(parkers) + <usize> locks * LOCK_BYTES;
}

/** Where the registrations begin, behind so many of the others. */
export function registrationsAt(
  parkers: i32,
  locks: i32,
  timers: i32,
): usize {
  return timersAt(parkers, locks) + <usize> timers * TIMER_BYTES;
}
