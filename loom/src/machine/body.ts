// What bodies see: the steps of a thread, and what runs alone.

import type { Body, Steps, ThreadContext, Value } from "../scenario.ts";
import {
  ADD,
  CMPXCHG,
  FENCE,
  LOAD,
  NOTIFY,
  Operation,
  PLAIN_LOAD,
  PLAIN_STORE,
  STORE,
  WAIT,
  XCHG,
} from "./operation.ts";

/** A body, a set-up or a final check found that something does not hold. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Fails the execution unless the condition holds. */
export function assert(condition: boolean, message: string): void {
  if (!condition) throw new AssertionError(message);
}

/** All sleepers, as a count. */
const ALL = 0x7fffffff;

function* ask(
  code: number,
  address: number,
  first = 0,
  second = 0,
  timed = false,
): Steps {
  const operation = new Operation();
  operation.set(code, -1, address, 4, false, first, second, timed);
  return yield operation;
}

/** A body, and a last point at which the thread may be killed. */
export function* untilEnd(body: Body, thread: ThreadContext): Steps<unknown> {
  const result = yield* body(thread);
  yield* ask(FENCE, 0);
  return result;
}

/** The steps that the body of a thread may take. */
export class Context implements ThreadContext {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  *call(name: string, ...args: readonly Value[]): Steps {
    return yield { name, args };
  }

  load(address: number): Steps {
    return ask(LOAD, address);
  }

  store(address: number, value: number): Steps {
    return ask(STORE, address, value);
  }

  add(address: number, value: number): Steps {
    return ask(ADD, address, value);
  }

  exchange(address: number, value: number): Steps {
    return ask(XCHG, address, value);
  }

  compareExchange(
    address: number,
    expected: number,
    replacement: number,
  ): Steps {
    return ask(CMPXCHG, address, expected, replacement);
  }

  wait(address: number, expected: number, timed = false): Steps {
    return ask(WAIT, address, expected, 0, timed);
  }

  notify(address: number, count: number = ALL): Steps {
    return ask(NOTIFY, address, count);
  }

  plainLoad(address: number): Steps {
    return ask(PLAIN_LOAD, address);
  }

  plainStore(address: number, value: number): Steps {
    return ask(PLAIN_STORE, address, value);
  }

  assert(condition: boolean, message: string): void {
    assert(condition, message);
  }
}
