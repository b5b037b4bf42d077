// Checks that Deno can import the module from a server, as it does from a
// registry: nothing of it is read from disk, and nothing but the import allowed.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSource, readSources } from "./problems.ts";
import { runMain, runOrThrow } from "./processes.ts";
import { runtimeNamed } from "./runtimes.ts";
import { smokeProgram } from "./smoke.ts";

/** Serves the module's sources, and nothing else. Returns its `host:port`. */
async function serve(server: Server): Promise<string> {
  const sources = [
    await readSource("mod.ts"),
    await readSource("task.ts"),
    ...await readSources("src", "loom"),
  ];
  const texts = new Map(sources.map(({ path, text }) => [`/${path}`, text]));
  server.on("request", (request, response) => {
    const text = texts.get(request.url ?? "");
    if (text === undefined) return response.writeHead(404).end();
    response.setHeader("content-type", "application/typescript");
    response.end(text);
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });
}

async function runSmoke(folder: string, origin: string): Promise<void> {
  const program = join(folder, "smoke.ts");
  await writeFile(
    program,
    smokeProgram({
      mod: `http://${origin}/mod.ts`,
      task: `http://${origin}/task.ts`,
      loom: `http://${origin}/loom/mod.ts`,
    }),
  );
  const flags = ["--no-config", "--no-lock", "--no-prompt"];
  // The thread imports the program itself, by a URL that is not in the source.
  const allowed = [`--allow-import=${origin}`, `--allow-read=${program}`];
  const args = ["run", ...flags, ...allowed, program];
  await runOrThrow(runtimeNamed("deno").path, args, {
    cwd: folder,
    // A cache of its own, so that everything is asked for.
    env: { DENO_DIR: join(folder, "cache"), DENO_NO_UPDATE_CHECK: "1" },
    timeout: 60_000,
  });
  console.log("served, on deno: ok");
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "layby-http-"));
  const server = createServer();
  try {
    await runSmoke(folder, await serve(server));
  } finally {
    server.close();
    await rm(folder, { recursive: true });
  }
}

if (import.meta.main) await runMain(main);
