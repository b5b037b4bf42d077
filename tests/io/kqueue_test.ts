// What src/drivers/kqueue.ts takes for granted of a kqueue, as FreeBSD's manual
// has it. On Linux it is tests/native/kqueue.c that has to keep it, or libkqueue.

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { currentHost } from "../../src/compose.ts";
import { drain, endWrites, fill, libc, pipe, sockets } from "./fds.ts";
import { isLibkqueue, SELECTORS } from "./selectors.ts";

const LIBRARIES = ["libkqueue.so.0", "libkqueue.so"];
const FUNCTIONS = {
  kqueue: { parameters: [], result: "i32" },
  kevent: {
    parameters: ["i32", "buffer", "i32", "buffer", "i32", "buffer"],
    result: "i32",
  },
} as const;

const READ = -1;
const WRITE = -2;
const USER = -11;

const ADD = 0x1;
const DELETE = 0x2;
const ENABLE = 0x4;
const DISABLE = 0x8;
const CLEAR = 0x20;
const RECEIPT = 0x40;
const FAILED = 0x4000;
const EOF = 0x8000;
const TRIGGER = 0x01000000;

const ENOENT = 2;
const EBADF = 9;

const STRIDE = 32;
const ROOM = 8;

interface Event {
  readonly ident: number;
  readonly filter: number;
  readonly flags: number;
  readonly fflags?: number;
  readonly data?: number;
  readonly udata?: number;
}

/** A kqueue that looks for events without a wait. */
class Queue implements Disposable {
  readonly #library;
  readonly #fd: number;

  constructor() {
    const ffi = currentHost().ffi();
    if (typeof ffi === "string") throw new Error(ffi);
    this.#library = ffi.open(LIBRARIES, FUNCTIONS);
    this.#fd = this.#library.call.kqueue();
    assert.ok(this.#fd >= 0);
  }

  /** Makes changes, each with a receipt. Returns their errors. */
  change(...changes: Event[]): number[] {
    const asked = changes.map((it) => ({ ...it, flags: it.flags | RECEIPT }));
    const receipts = this.#call(asked, asked.length);
    assert.ok(receipts.every(({ flags }) => flags & FAILED));
    return receipts.map(({ data }) => data!);
  }

  /** What there is, by filters, `"EOF"` after those that have ended. */
  events(): string[] {
    return this.take().map(({ filter, flags }) =>
      `${filter}${flags & EOF ? " EOF" : ""}`
    );
  }

  take(): Event[] {
    return this.#call([], ROOM);
  }

  #call(changes: readonly Event[], room: number): Event[] {
    const from = new DataView(new ArrayBuffer(STRIDE * ROOM));
    const to = new DataView(new ArrayBuffer(STRIDE * ROOM));
    changes.forEach((change, index) => {
      const at = index * STRIDE;
      from.setUint32(at, change.ident, true);
      from.setInt16(at + 8, change.filter, true);
      from.setUint16(at + 10, change.flags, true);
      from.setUint32(at + 12, change.fflags ?? 0, true);
      from.setUint32(at + 24, change.udata ?? 0, true);
    });
    const { call, errno } = this.#library;
    const { length } = changes;
    const none = new BigInt64Array(2);
    const count = call.kevent(this.#fd, from, length, to, room, none);
    assert.ok(count >= 0, `errno ${errno()}`);
    return Array.from({ length: count }, (_, index) => {
      const at = index * STRIDE;
      return {
        ident: to.getUint32(at, true),
        filter: to.getInt16(at + 8, true),
        flags: to.getUint16(at + 10, true),
        data: to.getInt32(at + 16, true),
        udata: to.getUint32(at + 24, true),
      };
    });
  }

  [Symbol.dispose](): void {
    libc().call.close(this.#fd);
  }
}

const CASES: Record<string, (queue: Queue) => void> = {
  "with EV_CLEAR an event is told once": (queue) => {
    using ends = pipe();
    const read = { ident: ends.near, filter: READ };
    queue.change({ ...read, flags: ADD | CLEAR });
    assert.deepEqual(queue.events(), []);
    fill(ends.far);
    assert.deepEqual(queue.events(), ["-1"]);
    assert.deepEqual(queue.events(), []);
    fill(ends.far);
    assert.deepEqual(queue.events(), ["-1"]);
  },

  "without it, as long as it is so": (queue) => {
    using ends = pipe();
    queue.change({ ident: ends.near, filter: READ, flags: ADD });
    fill(ends.far);
    for (let time = 0; time < 3; time++) {
      assert.deepEqual(queue.events(), ["-1"]);
    }
    drain(ends.near);
    assert.deepEqual(queue.events(), []);
  },

  "what was so before is an event": (queue) => {
    using ends = pipe();
    fill(ends.far);
    queue.change({ ident: ends.near, filter: READ, flags: ADD | CLEAR });
    assert.deepEqual(queue.events(), ["-1"]);
  },

  "what is disabled is told when it is enabled": (queue) => {
    using ends = pipe();
    const read = { ident: ends.near, filter: READ };
    queue.change(
      { ...read, flags: ADD | CLEAR },
      { ...read, flags: DISABLE },
    );
    fill(ends.far);
    assert.deepEqual(queue.events(), []);
    queue.change({ ...read, flags: ENABLE });
    assert.deepEqual(queue.events(), ["-1"]);
    // The driver asks so for what a dead thread may have fetched.
    queue.change({ ...read, flags: DISABLE }, { ...read, flags: ENABLE });
    assert.deepEqual(queue.events(), ["-1"]);
  },

  "there is one knote for an ident and a filter": (queue) => {
    using ends = sockets();
    const [read, write] = [READ, WRITE].map((filter) => ({
      ident: ends.near,
      filter,
      flags: ADD | CLEAR,
    })) as [Event, Event];
    queue.change({ ...read, udata: 1 }, { ...write, udata: 2 });
    queue.change({ ...read, udata: 3 });
    fill(ends.far);
    const found = queue.take().map(({ filter, udata }) => [filter, udata]);
    assert.deepEqual(found, [[READ, 3], [WRITE, 2]]);
    // Each goes by itself.
    assert.deepEqual(queue.change({ ...write, flags: DELETE }), [0]);
    fill(ends.far);
    assert.deepEqual(queue.events(), ["-1"]);
    assert.deepEqual(queue.change({ ...write, flags: ENABLE }), [ENOENT]);
  },

  "receipts say what went wrong, and leave the events": (queue) => {
    using ends = pipe();
    fill(ends.far);
    const read = { ident: ends.near, filter: READ };
    const none = { ident: 9999, filter: READ };
    assert.deepEqual(
      queue.change(
        { ...read, flags: DELETE },
        { ...read, flags: ADD | CLEAR },
        { ...none, flags: ADD },
        { ident: 7, filter: USER, flags: 0, fflags: TRIGGER },
      ),
      [ENOENT, 0, EBADF, ENOENT],
    );
    assert.deepEqual(queue.events(), ["-1"]);
  },

  "a descriptor that is closed has no knotes": (queue) => {
    // libkqueue does not notice.
    if (isLibkqueue("kqueue")) return;
    const { call } = libc();
    using first = pipe();
    using second = pipe();
    const fd = call.dup(first.near);
    queue.change({ ident: fd, filter: READ, flags: ADD | CLEAR, udata: 1 });
    first.close(first.near);
    call.dup2(second.near, fd);
    fill(second.far);
    assert.deepEqual(queue.events(), []);
    const read = { ident: fd, filter: READ };
    assert.deepEqual(queue.change({ ...read, flags: ENABLE }), [ENOENT]);
    assert.deepEqual(
      queue.change({ ...read, flags: ADD | CLEAR, udata: 2 }),
      [0],
    );
    assert.deepEqual(queue.take().map(({ udata }) => udata), [2]);
    call.close(fd);
    assert.deepEqual(queue.change({ ...read, flags: DELETE }), [EBADF]);
  },

  "EV_EOF tells of an end": (queue) => {
    using ends = sockets();
    const flags = ADD | CLEAR;
    queue.change({ ident: ends.near, filter: READ, flags });
    endWrites(ends.far);
    assert.deepEqual(queue.events(), ["-1 EOF"]);
    queue.change({ ident: ends.near, filter: WRITE, flags });
    queue.events();
    ends.close(ends.far);
    assert.deepEqual(queue.events(), ["-1 EOF", "-2 EOF"]);
    using others = pipe();
    queue.change({ ident: others.far, filter: WRITE, flags });
    assert.deepEqual(queue.events(), ["-2"]);
    others.close(others.near);
    assert.deepEqual(queue.events(), ["-2 EOF"]);
  },

  "triggers that nobody has heard are one event": (queue) => {
    const bell = { ident: 0, filter: USER };
    const ring = { ...bell, flags: 0, fflags: TRIGGER };
    queue.change({ ...bell, flags: ADD | CLEAR });
    assert.deepEqual(queue.events(), []);
    for (let time = 0; time < 3; time++) {
      queue.change(ring, ring);
      assert.deepEqual(queue.events(), ["-11"]);
      assert.deepEqual(queue.events(), []);
    }
    queue.change({ ident: 5, filter: USER, flags: ADD });
    queue.change({ ...ring, ident: 5 }, ring);
    assert.deepEqual(queue.events(), ["-11", "-11"]);
    // This one has not EV_CLEAR.
    assert.deepEqual(queue.take().map(({ ident }) => ident), [5]);
  },

  "a kqueue is gone when it is closed": () => {
    using ends = pipe();
    for (let time = 0; time < 3; time++) {
      using queue = new Queue();
      fill(ends.far);
      assert.deepEqual(queue.events(), []);
      const read = { ident: ends.near, filter: READ };
      assert.deepEqual(queue.change({ ...read, flags: DELETE }), [ENOENT]);
      queue.change({ ...read, flags: ADD | CLEAR });
      assert.deepEqual(queue.events(), ["-1"]);
    }
  },
};

const { skip: missing } = SELECTORS.find(({ driver }) => driver === "kqueue")!;
const skip = missing || process.platform !== "linux" && "only on Linux";

for (const [what, check] of Object.entries(CASES)) {
  test(`kqueue: ${what}`, { skip }, () => {
    using queue = new Queue();
    check(queue);
  });
}
