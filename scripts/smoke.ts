// The program with which a copy of the module, packed or served, shows that it
// is complete: it parks on both ends of a token, and in a thread of its own, and
// runs tasks on a pool.

/** By what names the program imports the entry points. */
export interface Specifiers {
  readonly mod: string;
  readonly task: string;
  readonly loom: string;
}

/** The program. It ends by itself. */
export function smokeProgram({ mod, task, loom }: Specifiers): string {
  return `
import { type ParkerHandle, Pool, Runtime } from ${JSON.stringify(mod)};
import { spawn } from ${JSON.stringify(task)};
import { lint } from ${JSON.stringify(loom)};

function expect(found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(\`\${found}, and not \${wanted}\`);
}

export function sum(from: number, to: number): number {
  if (to - from < 8) {
    let total = 0;
    for (let value = from; value < to; value++) total += value;
    return total;
  }
  const middle = (from + to) >> 1;
  const lower = spawn<typeof sum>("sum", [from, middle]);
  return sum(middle, to) + lower.join();
}

export default function main(runtime: Runtime, creator: ParkerHandle): number {
  runtime.unparker(creator).unpark();
  return 42;
}

// The thread runs this module too.
if ((import.meta as { main?: boolean }).main) {
  const runtime = Runtime.create({ parkers: 4, driver: "time" });
  const parker = runtime.parker();
  runtime.unparker(parker.handle).unpark();
  expect(parker.park(), "unparked");
  expect(parker.parkTimeout(5), "timed-out");
  const thread = runtime.spawn(new URL(import.meta.url), parker.handle);
  expect(parker.park(), "unparked");
  expect(await thread.result, 42);
  expect(await thread.exited, 0);
  runtime.shutdown();
  const tasks = { sum };
  const pool = await Pool.start<typeof tasks>(new URL(import.meta.url), {
    workers: 2,
  });
  expect(await pool.tasks.sum(0, 1000), 499500);
  expect(pool.runSync("sum", [0, 100]), 4950);
  await pool.shutdown();
  // A module without a memory.
  const [finding] = lint(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
  expect(finding?.rule, "memory-not-imported");
  console.log("smoke: ok");
}
`.trimStart();
}
