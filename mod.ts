/**
 * Park a thread until another one wakes it, in the same way on Deno, Bun and
 * Node.
 *
 * The mechanism is that of Tokio's multi-thread scheduler: one atomic word for
 * each thread says how it sleeps, and an unpark rings the right bell. Whoever
 * parks first sleeps in the shared driver and fires everybody's timers; the
 * others sleep on their own words. The state machine is WebAssembly over shared
 * memory.
 *
 * @example Usage
 * ```ts
 * import { Runtime } from "@layby/layby";
 *
 * using runtime = Runtime.create({ parkers: 4 });
 * const parker = runtime.parker();
 * const timer = runtime.timer(parker.handle);
 * timer.schedule(runtime.now() + 5);
 * parker.park(); // "unparked", in 5 ms
 * ```
 *
 * @module
 */

export type {
  CondvarHandle,
  Handle,
  HandleKind,
  MutexHandle,
  ParkerHandle,
  RegistrationHandle,
  TimerHandle,
} from "./src/core/handle.ts";
export type { RuntimeHandle } from "./src/core/module.ts";
export type { Driver } from "./src/driver.ts";
export {
  ArgumentRangeError,
  ArgumentTypeError,
  CannotBlockError,
  CrashLoopError,
  ExhaustedError,
  ForeignHandleError,
  InUseError,
  LaybyError,
  type LaybyErrorCode,
  LayoutError,
  NotOwnerError,
  QueueFullError,
  ReleasedError,
  ShutdownError,
  StaleHandleError,
  SystemError,
  TaskModuleError,
  TimedOutError,
  TwoOwnersError,
  UnknownTaskError,
  UnsupportedError,
  UnwakeableError,
  WorkerCrashedError,
} from "./src/errors.ts";
export type {
  AttachOptions,
  DriverName,
  RuntimeOptions,
  WaitName,
} from "./src/options.ts";
export type { HostName } from "./src/host.ts";
export type { Io } from "./src/io/io.ts";
export type { Interest, Ready, Way } from "./src/io/ready.ts";
export type {
  ReadyOptions,
  ReadySyncOptions,
  Registration,
} from "./src/io/registration.ts";
export type {
  InternetAddress,
  InternetTarget,
  UnixAddress,
} from "./src/net/address.ts";
export type { Descriptor } from "./src/net/descriptor.ts";
export type { Listener } from "./src/net/listener.ts";
export { type Pipe, pipe, PipeReader, PipeWriter } from "./src/net/pipe.ts";
export { Signals, type SignalsHandle } from "./src/net/signals.ts";
export type { BindOptions } from "./src/net/socket.ts";
export type { Half, Stream } from "./src/net/stream.ts";
export { type ListenOptions, TcpListener, TcpStream } from "./src/net/tcp.ts";
export { type Received, UdpSocket } from "./src/net/udp.ts";
export {
  UnixListener,
  type UnixListenOptions,
  UnixStream,
} from "./src/net/unix.ts";
export type { ParkerCounters } from "./src/park/counters.ts";
export type {
  ParkAsyncOptions,
  Parker,
  ParkerOptions,
} from "./src/park/parker.ts";
export type { ParkResult } from "./src/park/result.ts";
export type { Unparker } from "./src/park/unparker.ts";
export { UncloneableError } from "./src/codec/errors.ts";
export type { ErrorClass, ErrorClasses } from "./src/codec/mod.ts";
export type {
  Latency,
  PoolMetrics,
  WorkerMetrics,
} from "./src/pool/metrics.ts";
export type {
  Limits,
  MapOptions,
  PoolDriverName,
  PoolOptions,
  Priority,
  RunOptions,
  RunSyncOptions,
  ShutdownOptions,
} from "./src/pool/options.ts";
export {
  type AnyTasks,
  Pool,
  type TaskArguments,
  type TaskCalls,
  type TaskName,
  type TaskResult,
} from "./src/pool/pool.ts";
export type { WatchOptions } from "./src/pool/watcher.ts";
export type { TaskSource } from "./src/pool/source.ts";
export type { IdleMode } from "./src/pool/start.ts";
export { Runtime } from "./src/runtime.ts";
export type { Condvar } from "./src/sync/condvar.ts";
export type { Mutex, MutexGuard } from "./src/sync/mutex.ts";
export type { Thread } from "./src/thread.ts";
export type { Timer, TimerState } from "./src/time/timer.ts";
