// The program with which a copy of the module, packed or served, shows that it
// is complete: it parks on both ends of a token, and in a thread of its own.

/**
 * The program. It imports the module by `specifier`, its checker by `loom`, and
 * ends by itself.
 */
export function smokeProgram(specifier: string, loom: string): string {
  return `
import { type ParkerHandle, Runtime } from ${JSON.stringify(specifier)};
import { lint } from ${JSON.stringify(loom)};

function expect(found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(\`\${found}, and not \${wanted}\`);
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
  // A module without a memory.
  const [finding] = lint(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
  expect(finding?.rule, "memory-not-imported");
  console.log("smoke: ok");
}
`.trimStart();
}
