// How long does it take from a fresh process to a runtime?

// Nothing is imported here that layby would otherwise import first.
import process from "node:process";

/** "mod.ts", "dist/mod.js", or "loader". */
const subject = process.argv[2] ?? "mod.ts";

if (subject === "loader") await import("./loader.ts");
else await measure();

async function measure(): Promise<void> {
  // Not a literal, which Deno would load before this program starts.
  const module = new URL(`../${subject}`, import.meta.url).href;
  const start = performance.now();
  const { Runtime }: typeof import("../mod.ts") = await import(module);
  const imported = performance.now();
  const runtime = Runtime.create();
  const created = performance.now();

  const { emit, lower } = await import("./harness.ts");
  const { Worker } = await import("node:worker_threads");
  const { WASM_BASE64 } = await import("../src/core/core.generated.ts");
  const worker = new Worker(new URL("./workers/attach.ts", import.meta.url), {
    workerData: { module, handle: runtime.handle },
  });
  const [importing, attaching] = await new Promise<[number, number]>(
    (resolve, reject) => {
      worker.on("message", resolve);
      worker.on("error", reject);
    },
  );
  const row = (name: string, unit: string, value: number) =>
    lower("load", name, unit, value);
  emit([
    row(`import + create, ${subject}`, "ms", created - start),
    row(`create, ${subject}`, "ms", created - imported),
    row(`attach, ${subject}`, "ms", attaching),
    row(`import + attach, ${subject}`, "ms", importing + attaching),
    row("wasm size", "bytes", atob(WASM_BASE64).length),
  ]);
  await worker.terminate();
}
