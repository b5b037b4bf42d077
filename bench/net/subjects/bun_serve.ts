// https://bun.com/docs/api/http

import { HELLO, HELLO_TYPE, type Serve } from "../subject.ts";

interface BunServe {
  serve(
    options: { hostname: string; port: number; fetch(): Response },
  ): { port: number };
}

export const hello: Serve = () => {
  const { Bun: bun } = globalThis as unknown as { Bun: BunServe };
  const { port } = bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () =>
      new Response(HELLO, { headers: { "content-type": HELLO_TYPE } }),
  });
  return Promise.resolve(port);
};
