// layby: servers whose connections are tasks of a pool with the driver "epoll".

import { Pool, TcpListener, UnsupportedError } from "../../../mod.ts";
import { Unavailable } from "../../unavailable.ts";
import type { Serve } from "../subject.ts";
import type * as tasks from "../workers/layby_serve.ts";

const TASKS = new URL("../workers/layby_serve.ts", import.meta.url);

/** Runs a task for each connection, until it ends. */
async function serve(name: "hello" | "hold"): Promise<number> {
  const pool = await start();
  const options = { hostname: "127.0.0.1", port: 0, backlog: 1024 };
  const listener = TcpListener.bind(pool.io, options);
  const accept = async () => {
    for (;;) {
      const stream = await listener.accept();
      // A client that is killed is no failure.
      pool.run(name, [stream.detach()]).catch(() => {});
    }
  };
  accept();
  return listener.localAddress.port;
}

async function start(): Promise<Pool<typeof tasks>> {
  const options = { driver: "epoll", registrations: 4096 } as const;
  try {
    return await Pool.start<typeof tasks>(TASKS, options);
  } catch (error) {
    if (error instanceof UnsupportedError) throw new Unavailable(error.message);
    throw error;
  }
}

/** Answers HTTP. */
export const hello: Serve = () => serve("hello");

/** Accepts connections, and answers what they send. */
export const hold: Serve = () => serve("hold");
