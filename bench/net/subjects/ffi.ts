// An eventfd and an epoll for each thread that sleeps in a driver, a word for
// one that does not, and nothing around them: what a driver in JavaScript is to
// come near to. Edge-triggered, as ../../native/epoll.c is.

import { type Libc, newRoom, openLibc } from "../libc.ts";
import type { Form, Side, WakeSubject } from "../subject.ts";

// https://man7.org/linux/man-pages/man2/eventfd.2.html
const EFD_FLAGS = 0x80000 | 0x800; // CLOEXEC, NONBLOCK
// https://man7.org/linux/man-pages/man2/epoll_ctl.2.html
const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
const EPOLLIN_EPOLLET = 0x80000001;
/** An event has 12 bytes on x64, and 16 elsewhere. */
const EVENT_BYTES = 16;
/** What is written to an eventfd. */
const COUNT_BYTES = 8;

/** Waits in a row that a signal may end. */
const MOST_SIGNALS = 1_000;

/** What a thread sleeps on: a driver, or else a word. */
interface Bell {
  readonly driver?: { readonly epoll: number; readonly eventfd: number };
  readonly word: Int32Array<SharedArrayBuffer>;
}

interface End {
  readonly mine: Bell;
  readonly theirs: Bell;
}

export const wake: WakeSubject = {
  open(form: Form): readonly [End, End] {
    const libc = openLibc();
    const one = newBell(libc, true);
    const other = newBell(libc, form === "two_owners");
    return [{ mine: one, theirs: other }, { mine: other, theirs: one }];
  },
  join(end: unknown): Side {
    const { mine, theirs } = end as End;
    return {
      wake: ringer(openLibc(), theirs),
      sleep: sleeper(openLibc(), mine),
    };
  },
};

function newBell(libc: Libc, isDriver: boolean): Bell {
  const word = new Int32Array(new SharedArrayBuffer(4));
  if (!isDriver) return { word };
  const eventfd = libc.eventfd(0, EFD_FLAGS);
  return { word, driver: { eventfd, epoll: newEpoll(libc, eventfd) } };
}

/** An epoll that watches this file. */
export function newEpoll(libc: Libc, fd: number): number {
  const epoll = libc.epoll_create1(EPOLL_CLOEXEC);
  const event = newRoom(libc, EVENT_BYTES);
  new Uint32Array(event.bytes.buffer)[0] = EPOLLIN_EPOLLET;
  if (libc.epoll_ctl(epoll, EPOLL_CTL_ADD, fd, event.address) !== 0) {
    throw new Error(`cannot watch ${fd} in the epoll ${epoll}`);
  }
  return epoll;
}

/** A function that blocks until there is an event. */
export function poller(libc: Libc, epoll: number): () => void {
  const events = newRoom(libc, EVENT_BYTES);
  return () => {
    for (let signals = 0; signals < MOST_SIGNALS; signals++) {
      if (libc.epoll_wait(epoll, events.address, 1, -1) === 1) return;
    }
    throw new Error(`cannot wait in the epoll ${epoll}`);
  };
}

function sleeper(libc: Libc, { driver, word }: Bell): () => void {
  // Nobody reads the eventfd: each write is an edge of its own.
  if (driver !== undefined) return poller(libc, driver.epoll);
  return () => {
    while (Atomics.exchange(word, 0, 0) === 0) Atomics.wait(word, 0, 0);
  };
}

function ringer(libc: Libc, { driver, word }: Bell): () => void {
  if (driver === undefined) {
    return () => {
      Atomics.store(word, 0, 1);
      Atomics.notify(word, 0, 1);
    };
  }
  const one = newRoom(libc, COUNT_BYTES);
  new BigUint64Array(one.bytes.buffer)[0] = 1n;
  const { eventfd } = driver;
  return () => {
    if (libc.write(eventfd, one.address, COUNT_BYTES) === COUNT_BYTES) return;
    throw new Error(`cannot write to the eventfd ${eventfd}`);
  };
}
