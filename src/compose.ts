// Puts one thread's part of a runtime together: which host, which driver.

import {
  BLOCKING_DRIVER,
  HOST_WAIT,
  SELECTOR,
  TIMERS_ONLY,
} from "./core/core.generated.ts";
import { type PoolCapacities, regionsOf } from "./core/layout.ts";
import type { Local } from "./core/local.ts";
import { compile, type Core, createCore } from "./core/module.ts";
import { EventLoopDriver } from "./drivers/event_loop.ts";
import { Epoll } from "./drivers/epoll.ts";
import { Kqueue } from "./drivers/kqueue.ts";
import { SelectorDriver } from "./drivers/selector.ts";
import { TimeDriver } from "./drivers/time.ts";
import { UnsupportedError } from "./errors.ts";
import type { Ffi } from "./ffi.ts";
import type { Futex, Host } from "./host.ts";
import { browserHost, isBrowser } from "./hosts/browser.ts";
import { bunHost } from "./hosts/bun.ts";
import { denoHost } from "./hosts/deno.ts";
import { fallbackHost, isWorkerd } from "./hosts/fallback.ts";
import { nodeHost } from "./hosts/node.ts";
import {
  type CheckedOptions,
  type DriverName,
  isSelector,
  type WaitName,
} from "./options.ts";

/**
 * Deno, Bun and workerd answer to `process.versions.node` too: they are asked
 * first.
 */
export function currentHost(): Host {
  const scope = globalThis as unknown as Record<string, unknown>;
  if ("Deno" in scope) return denoHost;
  if ("Bun" in scope) return bunHost;
  if (isWorkerd()) return fallbackHost;
  const process = scope["process"] as NodeJS["process"];
  if (process?.versions?.node) return nodeHost;
  return isBrowser() ? browserHost : fallbackHost;
}

/** The little of Node's globals that tells it from a browser. */
interface NodeJS {
  process?: { versions?: { node?: string } };
}

function hostFutex(host: Host, core: Core): Futex {
  const futex = host.futex(core.words.buffer);
  if (typeof futex !== "string") return futex;
  throw new UnsupportedError('wait in a "futex"', futex);
}

/** The host's own futex, where that is the faster one: on Bun, on Linux. */
export function fastestWait(): WaitName {
  const found = currentHost().futex(new SharedArrayBuffer(4));
  return typeof found === "string" ? "wasm" : "futex";
}

/** What each driver is, for the core. */
const FLAGS: Readonly<Record<DriverName, number>> = {
  "time": BLOCKING_DRIVER | TIMERS_ONLY,
  "event-loop": 0,
  "epoll": BLOCKING_DRIVER | SELECTOR,
  "kqueue": BLOCKING_DRIVER | SELECTOR,
};

/** C functions, for a driver that is nothing without. */
function ffiFor(host: Host, name: string): Ffi {
  const ffi = host.ffi();
  if (typeof ffi !== "string") return ffi;
  throw new UnsupportedError(`sleep in "${name}"`, ffi);
}

/** Opens what the threads of a runtime are to share. */
function openPoll(host: Host, driver: "epoll" | "kqueue") {
  const ffi = ffiFor(host, driver);
  return driver === "epoll" ? Epoll.open(ffi) : Kqueue.open(ffi);
}

/** This thread's way to it. A kqueue has no bell beside it. */
export function openSelector(
  { exports, header }: Core,
  host: Host,
  futex: Futex | undefined,
): SelectorDriver {
  const [selector, bell] = [exports.pollSelector(), exports.pollBell()];
  return new SelectorDriver({
    core: exports,
    selector: bell < 0
      ? new Kqueue(ffiFor(host, "kqueue"), selector)
      : new Epoll(ffiFor(host, "epoll"), selector, bell),
    futex,
    registrations: regionsOf(header).registrations,
  });
}

/** This thread's part of the runtime in a core's memory. */
export function compose(
  core: Core,
  host: Host,
  mayBlock: boolean,
): Local {
  const { exports, words, handle } = core;
  const { id, flags } = core.header;
  const futex = flags & HOST_WAIT ? hostFutex(host, core) : undefined;
  const regions = regionsOf(core.header);
  const io = flags & SELECTOR ? openSelector(core, host, futex) : undefined;
  const loopDriver = (parker: number) =>
    new EventLoopDriver(words, exports.parkerDoorbell(parker) >> 2);
  const thread = exports.threadNext();
  return {
    core: exports,
    words,
    handle,
    id,
    thread,
    timerThread: host.mayBlock ? thread : -thread,
    regions,
    host,
    driver: io ??
      (flags & BLOCKING_DRIVER ? new TimeDriver(exports, futex) : undefined),
    io,
    futex,
    mayBlock: mayBlock && host.mayBlock,
    staysInDriver: false,
    isShared: false,
    loopDriver,
  };
}

/** Makes a memory, a pool's if there is to be one, and its creator's part. */
export function create(options: CheckedOptions, pool?: PoolCapacities): Local {
  const { parkers, locks, timers, registrations } = options;
  const { driver, wait, module, blocking } = options;
  const host = currentHost();
  const poll = isSelector(driver) ? openPoll(host, driver) : undefined;
  const core = createCore(
    module === undefined ? compile() : module,
    options,
    pool,
  );
  core.exports.memoryCreate(
    // Tells handles apart, and keeps no secret: `crypto` takes Node 10 ms.
    Math.floor(Math.random() * 2 ** 32) | 1,
    FLAGS[driver] | (wait === "futex" ? HOST_WAIT : 0),
    parkers,
    locks,
    timers,
    registrations,
    host.now(),
  );
  if (poll) core.exports.pollOpen(poll.selector, poll.bell);
  return compose(core, host, blocking);
}
