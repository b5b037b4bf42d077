// A program of its own, for bare_test.ts: a pool in a runtime that looks like one
// that nobody knows, and has no WebAssembly. Bun does not let go of `Bun`.

import type { LaybyError } from "../../mod.ts";
import { spawn, worker } from "../../task.ts";

for (
  const name of ["Deno", "process", "navigator", "WebAssembly", "Buffer"]
) {
  Reflect.deleteProperty(globalThis, name);
}
Reflect.deleteProperty(globalThis, "SharedArrayBuffer");

const exports = {
  fib(n: number): number {
    if (n < 2) return n;
    const other = spawn<(n: number) => number>("fib", [n - 1]);
    return exports.fib(n - 2) + other.join();
  },
  async names(): Promise<string[]> {
    const before = worker.name;
    await new Promise((resolve) => setTimeout(resolve, 1));
    return [before, worker.name];
  },
  text: (it: string): string => it,
};

async function main(): Promise<unknown[]> {
  const { Pool } = await import("../../mod.ts");
  const code = await Pool.start({ exports }).then(
    () => "started",
    (error: LaybyError) => error.code,
  );
  const fallback = "inline";
  await using pool = await Pool.start({ exports }, { fallback });
  const results: unknown[] = [
    code,
    await pool.tasks.fib(10),
    await pool.tasks.names(),
  ];
  const text = "é🙂".repeat(1000);
  results.push(await pool.tasks.text(text) === text);
  await using _ = await Pool.start({ exports }, { fallback, name: "other" });
  const afterAwait = await pool.tasks.names().then(
    (names) => names,
    (error: Error) => error.message,
  );
  return [...results, afterAwait];
}

const alive = setInterval(() => {}, 1000);
console.log(JSON.stringify(await main()));
clearInterval(alive);
