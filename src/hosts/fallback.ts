// Anything else, such as workerd: what the web platform has, and errors that say
// what is missing.

import { UnsupportedError } from "../errors.ts";
import type { AsyncContext, Host } from "../host.ts";
import { type AsyncHooks, contextOf } from "./shared.ts";
import { keepAlive, mayBlock, now, parallelism } from "./web.ts";

/** Whether this is Cloudflare's runtime, which can look like Node. */
export function isWorkerd(): boolean {
  return globalThis.navigator?.userAgent === "Cloudflare-Workers";
}

/** What workerd has, if it is told to be compatible with Node. */
interface NodeLike {
  process?: { getBuiltinModule?(id: string): AsyncHooks | undefined };
}

function asyncContext(): AsyncContext | undefined {
  const { process } = globalThis as NodeLike;
  const hooks = process?.getBuiltinModule?.("node:async_hooks");
  return hooks?.AsyncLocalStorage && contextOf(hooks);
}

/** Whatever is neither Deno, Bun, Node nor a browser. */
export const fallbackHost: Host = {
  name: "fallback",
  hasThreads: false,
  get missing() {
    return isWorkerd()
      ? "workerd has none"
      : "this host is neither Deno, Bun, Node nor a browser";
  },
  get parallelism() {
    return parallelism();
  },
  get mayBlock() {
    return mayBlock();
  },
  keepAlive,
  now,
  turn: () => new Promise((resolve) => setTimeout(resolve, 0)),
  spawn: () => {
    throw new UnsupportedError(
      "spawn a thread",
      "Deno, Bun, Node or a browser: start the worker yourself and post it " +
        "runtime.handle",
    );
  },
  receive: () => undefined,
  isPrompt: true,
  listen: () => {},
  serializer: undefined,
  loopWork: () => undefined,
  kernelThreads: () => undefined,
  asyncContext,
  self: () => undefined,
  ffi: () => "Deno, Bun or Node: this host calls no C functions",
  futex: () => "Bun on Linux",
};
