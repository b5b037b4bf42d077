// The export table: the functions that the facade calls, and the constants that
// the build reads and takes out again.

export * from "./exports/driver";
export * from "./exports/locks";
export * from "./exports/memory";
export * from "./exports/parkers";
export * from "./exports/pool";
export * from "./exports/registrations";
export * from "./exports/timers";

export { BLOCKING_DRIVER, HOST_WAIT, SELECTOR, TIMERS_ONLY } from "./header";
export {
  LAYOUT_VERSION,
  LOCK_BYTES,
  MAGIC,
  MAX_PARKERS,
  PARKER_BYTES,
  PARKERS,
  POOL,
  REGISTRATION_BYTES,
  TIMER_BYTES,
} from "./layout";
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
export {
  CALLER_BYTES,
  CHUNK_BYTES,
  MAX_RING,
  MAX_WORKERS,
  TASK_BYTES,
  WORKER_BYTES,
} from "./pool/map";
export {
  CANCELLED,
  CRASHED,
  DROPPED,
  FINISHED,
  QUEUED,
  RETURNED,
  RUNNING,
  TASK_IDLE,
  THREW,
} from "./pool/task";
export {
  ERROR,
  PRIORITY,
  READ_CLOSED,
  READABLE,
  WRITABLE,
  WRITE_CLOSED,
} from "./registration";
export { ARMED, CLOSED, FIRED, IDLE } from "./timer";
export { HAND_OFF, TIMER_ENDED } from "./timers";
