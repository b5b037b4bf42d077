// Who is measured: for each bench, the subjects and where they run. To add one,
// write a file in subjects/ that exports what subject.ts wants, and a line here.
// The plan compares one that is called `layby` with the others.

import type { RuntimeName } from "../../scripts/runtimes.ts";
import type { EchoSubject, Serve, WakeSubject } from "./subject.ts";

/** A subject that is in JavaScript. */
export interface Entry<Subject> {
  readonly load: () => Promise<Subject>;
  /** Runs only there. */
  readonly on?: readonly RuntimeName[];
}

type Table<Subject> = Readonly<Record<string, Entry<Subject>>>;

const WAKES: Table<WakeSubject> = {
  "layby": { load: async () => (await import("./subjects/layby.ts")).wake },
  "ffi": { load: async () => (await import("./subjects/ffi.ts")).wake },
};

const ECHOES: Table<EchoSubject> = {
  "layby": { load: async () => (await import("./subjects/layby.ts")).echo },
  "ffi": { load: async () => (await import("./subjects/ffi_echo.ts")).echo },
  "node:net": {
    load: async () => (await import("./subjects/node_net.ts")).echo,
  },
};

const HELLOS: Table<Serve> = {
  "layby": {
    load: async () => (await import("./subjects/layby_pool.ts")).hello,
  },
  "Deno.serve": {
    load: async () => (await import("./subjects/deno_serve.ts")).hello,
    on: ["deno"],
  },
  "Bun.serve": {
    load: async () => (await import("./subjects/bun_serve.ts")).hello,
    on: ["bun"],
  },
  "node:http": {
    load: async () => (await import("./subjects/node_http.ts")).hello,
  },
};

const HOLDERS: Table<Serve> = {
  "layby": {
    load: async () => (await import("./subjects/layby_pool.ts")).hold,
  },
  "node:net": {
    load: async () => (await import("./subjects/node_net.ts")).hold,
  },
};

/** By the names of the benches. */
export const SUBJECTS = {
  driver_wake: WAKES,
  echo: ECHOES,
  http_hello: HELLOS,
  idle_connections: HOLDERS,
};

/** The program in C. */
export const EPOLL = "epoll";
/** The program in Rust. */
export const TOKIO = "tokio";

/** The native subjects of each bench. */
export const NATIVES: Readonly<Record<keyof typeof SUBJECTS, string[]>> = {
  driver_wake: [EPOLL],
  echo: [EPOLL, TOKIO],
  http_hello: [TOKIO],
  idle_connections: [TOKIO],
};
