// https://docs.deno.com/api/deno/~/Deno.serve

import { HELLO, HELLO_TYPE, type Serve } from "../subject.ts";

interface DenoServe {
  serve(
    options: { hostname: string; port: number; onListen(): void },
    handler: () => Response,
  ): { addr: { port: number } };
}

export const hello: Serve = () => {
  const { Deno: deno } = globalThis as unknown as { Deno: DenoServe };
  const { addr } = deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(HELLO, { headers: { "content-type": HELLO_TYPE } }),
  );
  return Promise.resolve(addr.port);
};
