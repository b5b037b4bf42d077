// Builds the native subject of the pool benches, tokio/main.rs, with the
// machine's cargo. Runs on Deno, Bun and Node.

import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { inRoot } from "../../scripts/paths.ts";
import { run } from "../../scripts/processes.ts";

const SOURCES = ["Cargo.toml", "main.rs"];
const source = inRoot("bench/native/tokio");
const folder = inRoot("build/native/tokio");
const binary = `${folder}/target/release/tokio-pool`;

/** Where Debian's packages of crates are, such as librust-tokio-dev. */
const DEBIAN = "/usr/share/cargo/registry";

const BUILD = ["build", "--release", "--quiet"];
const FROM_DEBIAN = [
  "--offline",
  ...["--config", `source.debian.directory="${DEBIAN}"`],
  ...["--config", `source.crates-io.replace-with="debian"`],
];

/**
 * Builds `tokio/main.rs` below `build/native` if that is missing or older.
 *
 * @returns The path of the program, or `undefined` if this machine cannot build
 * it; the reason is then on stderr, and otherwise the version of Tokio.
 */
export async function nativeTokio(): Promise<string | undefined> {
  if (!isBuilt()) {
    mkdirSync(folder, { recursive: true });
    for (const name of SOURCES) {
      cpSync(`${source}/${name}`, `${folder}/${name}`);
    }
    const problem = await build();
    if (problem !== undefined) {
      console.error(`tokio: skipped, ${problem}`);
      return undefined;
    }
  }
  console.error(`tokio ${tokioVersion()}`);
  return binary;
}

function isBuilt(): boolean {
  const built = statSync(binary, { throwIfNoEntry: false });
  return built !== undefined &&
    SOURCES.every((name) =>
      statSync(`${source}/${name}`).mtimeMs <= built.mtimeMs
    );
}

/** Resolves to what went wrong, or to `undefined` if nothing did. */
async function build(): Promise<string | undefined> {
  const isThere = existsSync(DEBIAN);
  const args = isThere ? [...BUILD, ...FROM_DEBIAN] : BUILD;
  const { code, output } = await run("cargo", args, { cwd: folder });
  if (code === 0) return undefined;
  if (code === 127) return "there is no cargo on PATH";
  const hint = isThere ? "" : " (on Debian, librust-tokio-dev has the crates)";
  return `cargo cannot build it${hint}: ${output.trim()}`;
}

/** The version that cargo has chosen, if it has built the program. */
export function tokioVersion(): string | undefined {
  const path = `${folder}/Cargo.lock`;
  if (!existsSync(path)) return undefined;
  const lock = readFileSync(path, "utf8");
  return /name = "tokio"\nversion = "(.*)"/.exec(lock)?.[1];
}
