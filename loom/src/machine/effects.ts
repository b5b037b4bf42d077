// What an operation does, once its thread has been chosen: to the memory, to the
// queues of sleepers, to the thread.

import type { Coverage } from "./coverage.ts";
import type { Futex } from "./futex.ts";
import type { Memory } from "./memory.ts";
import {
  CMPXCHG,
  FENCE,
  LOAD,
  NOTIFY,
  type Operation,
  PLAIN_LOAD,
  PLAIN_STORE,
  RETURN,
  STORE,
  WAIT,
} from "./operation.ts";
import { ASLEEP, READY, type Thread } from "./thread.ts";

/** Does operations. */
export class Effects {
  readonly memory: Memory;
  readonly futex: Futex;
  readonly coverage: Coverage;
  /** Which of several ways the next operation goes. */
  alternative = 0;
  readonly #threads: readonly Thread[];

  /** @param threads Whom a notify can wake, by their numbers. */
  constructor(
    memory: Memory,
    futex: Futex,
    coverage: Coverage,
    threads: readonly Thread[],
  ) {
    this.memory = memory;
    this.futex = futex;
    this.coverage = coverage;
    this.#threads = threads;
  }

  /** Whether the word is what the operation expects. */
  finds({ address, bytes, wide, first }: Operation): boolean {
    const { memory } = this;
    // What is expected is wrapped to the width, as engines do.
    if (wide) {
      const found = BigInt.asUintN(64, memory.readWide(address, bytes));
      return found === BigInt.asUintN(8 * bytes, first as bigint);
    }
    const mask = bytes === 4 ? -1 : (1 << 8 * bytes) - 1;
    return memory.read(address, bytes) === ((first as number) & mask);
  }

  /** Does the thread's operation. Returns its result, if it does not sleep. */
  execute(thread: Thread): number | bigint {
    const { operation } = thread;
    switch (operation.code) {
      case WAIT:
        return this.#wait(thread);
      case NOTIFY:
        return this.#notify(thread);
      case RETURN:
        return this.#wake(thread);
      case PLAIN_LOAD:
      case PLAIN_STORE:
        return this.#executePlain(thread);
    }
    return this.apply(operation);
  }

  /** A body's own plain access is done here; a program does it itself. */
  #executePlain({ operation }: Thread): number | bigint {
    const { code, address, bytes, first, site } = operation;
    if (site >= 0) return 0;
    return this.memory.update(code, address, bytes, first as number);
  }

  /** An operation that neither sleeps nor wakes. */
  apply(operation: Operation): number | bigint {
    const { memory } = this;
    const { code, site, address, bytes, wide, first, second } = operation;
    switch (code) {
      case FENCE:
        return 0;
      case CMPXCHG: {
        const isEqual = this.finds(operation);
        this.coverage.count(site, isEqual ? 0 : 1);
        if (wide) {
          const before = memory.readWide(address, bytes);
          if (isEqual) memory.writeWide(address, bytes, second as bigint);
          return before;
        }
        const before = memory.read(address, bytes);
        if (isEqual) memory.write(address, bytes, second as number);
        return before;
      }
      case LOAD:
        this.coverage.count(site, 0);
        return wide
          ? memory.readWide(address, bytes)
          : memory.read(address, bytes);
      case STORE:
        this.coverage.count(site, 0);
        if (wide) memory.writeWide(address, bytes, first as bigint);
        else memory.write(address, bytes, first as number);
        return 0;
    }
    this.coverage.count(site, 0);
    return wide
      ? memory.updateWide(code, address, bytes, first as bigint)
      : memory.update(code, address, bytes, first as number);
  }

  #wait(thread: Thread): number {
    const { operation } = thread;
    const isEqual = this.finds(operation);
    this.coverage.count(operation.site, isEqual ? 0 : 1);
    if (!isEqual) return 1;
    this.futex.enqueue(operation.address, thread.index);
    operation.code = RETURN;
    thread.status = ASLEEP;
    thread.woken = false;
    return 0;
  }

  /** The end of a sleep. */
  #wake(thread: Thread): number {
    const { operation } = thread;
    thread.status = READY;
    if (thread.woken) {
      this.coverage.count(operation.site, 2);
      return 0;
    }
    this.futex.remove(operation.address, thread.index);
    const timesOut = operation.timed && thread.timeouts > 0;
    if (timesOut && (this.alternative === 0 || thread.spurious === 0)) {
      thread.timeouts--;
      this.coverage.count(operation.site, 3);
      return 2;
    }
    thread.spurious--;
    return 0;
  }

  /** The choice of a sleeper is the explorer's. */
  #notify({ operation }: Thread): number {
    const { address, first, site } = operation;
    const sleepers = this.futex.count(address);
    const count = Math.min((first as number) >>> 0, sleepers);
    this.coverage.count(site, count > 0 ? 0 : 1);
    const place = count === 1 ? this.alternative : 0;
    for (let woken = 0; woken < count; woken++) {
      this.#threads[this.futex.take(address, place)]!.woken = true;
    }
    return count;
  }
}
