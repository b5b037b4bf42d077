// The program with which a copy of the module, packed or served, shows that it
// is complete: it parks on both ends of a token.

/** The program. It imports the module by `specifier`, and ends by itself. */
export function smokeProgram(specifier: string): string {
  return `
import { Runtime } from ${JSON.stringify(specifier)};

function expect(found: string, wanted: string): void {
  if (found !== wanted) throw new Error(\`\${found}, and not \${wanted}\`);
}

const runtime = await Runtime.create({ parkers: 4, driver: "time" });
const parker = runtime.parker();
runtime.unparker(parker.handle).unpark();
expect(parker.park(), "unparked");
expect(parker.parkTimeout(5), "timed-out");
await runtime.shutdown();
console.log("smoke: ok");
`.trimStart();
}
