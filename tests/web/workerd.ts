// Cloudflare's runtime: where it is, and how it serves a program.
// https://github.com/cloudflare/workerd

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { inRoot } from "../../scripts/paths.ts";

/** The name of a package for this machine, by what Node calls it. */
const ARCHITECTURES: Readonly<Record<string, string | undefined>> = {
  x64: "64",
  arm64: "arm64",
};

/** A program, and how it is configured. */
export interface Program {
  readonly name: string;
  /** Files by the names of the modules. The first is the program. */
  readonly modules: Readonly<Record<string, string>>;
  /** https://developers.cloudflare.com/workers/configuration/compatibility-flags/ */
  readonly date: string;
  readonly flags: readonly string[];
  /** What it is given as its environment. */
  readonly bindings: Readonly<Record<string, boolean>>;
}

/** What workerd says on its control pipe. */
interface Announcement {
  readonly event: "listen";
  readonly socket: string;
  readonly port: number;
}

/** The path of workerd; undefined if it is not installed. */
export function findWorkerd(): string | undefined {
  const architecture = ARCHITECTURES[process.arch];
  const name = `@cloudflare/workerd-${process.platform}-${architecture}`;
  const path = inRoot(`tests/web/node_modules/${name}/bin/workerd`);
  return existsSync(path) ? path : undefined;
}

// https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp
function configure(programs: readonly Program[]): string {
  const list = (items: readonly string[]) => `[${items.join(", ")}]`;
  const text = (value: string) => JSON.stringify(value);
  const services = programs.map(({ name, modules, date, flags, bindings }) => {
    const files = Object.entries(modules).map(([module, file]) =>
      `(name = ${text(module)}, esModule = embed ${text(file)})`
    );
    const values = Object.entries(bindings).map(([key, value]) =>
      `(name = ${text(key)}, json = ${text(JSON.stringify(value))})`
    );
    return `(name = ${text(name)}, worker = (modules = ${list(files)}, ` +
      `compatibilityDate = ${text(date)}, bindings = ${list(values)}, ` +
      `compatibilityFlags = ${list(flags.map(text))}))`;
  });
  const sockets = programs.map(({ name }) =>
    `(name = ${text(name)}, address = "127.0.0.1:0", http = (), ` +
    `service = ${text(name)})`
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = ${list(services)},
  sockets = ${list(sockets)},
);
`;
}

/**
 * Serves programs while `use` uses them.
 *
 * @param folder Where the files of the programs are.
 * @param use Told where each is, by its name.
 */
export async function serve(
  path: string,
  folder: string,
  programs: readonly Program[],
  use: (origins: ReadonlyMap<string, string>) => Promise<void>,
): Promise<void> {
  const file = join(folder, "config.capnp");
  await writeFile(file, configure(programs));
  const args = ["serve", file, "--experimental", "--control-fd=1"];
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (text) => complaints += text);
  const exited = new Promise<void>((resolve) => child.once("close", resolve));
  const early = exited.then(() => {
    throw new Error(`workerd ended early:\n${complaints}`);
  });
  try {
    const origins = new Map<string, string>();
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const { socket, port } = JSON.parse(line) as Announcement;
        origins.set(socket, `http://127.0.0.1:${port}`);
        if (origins.size === programs.length) resolve();
      });
    });
    await Promise.race([ready, early]);
    await Promise.race([use(origins), early]);
  } finally {
    early.catch(() => {});
    child.kill("SIGKILL");
    await exited;
  }
}
