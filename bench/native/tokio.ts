// Builds the native subjects of the pool and the net benches, tokio/main.rs and
// tokio/net.rs, with the machine's cargo. Runs on Deno, Bun and Node.

import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { inRoot } from "../../scripts/paths.ts";
import { run } from "../../scripts/processes.ts";

const source = inRoot("bench/native/tokio");
const folder = inRoot("build/native/tokio");

/** A program of the crate. */
interface Program {
  readonly name: string;
  readonly main: string;
  readonly features: readonly string[];
}

const POOL: Program = { name: "tokio-pool", main: "main.rs", features: [] };
const NET: Program = { name: "tokio-net", main: "net.rs", features: ["net"] };

const MANIFEST = "Cargo.toml";
/** Cargo wants all of them to be there, whichever it builds. */
const SOURCES = [MANIFEST, POOL.main, NET.main];

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
export function nativeTokio(): Promise<string | undefined> {
  return ensure(POOL);
}

/** The same of `tokio/net.rs`. */
export function nativeTokioNet(): Promise<string | undefined> {
  return ensure(NET);
}

async function ensure(program: Program): Promise<string | undefined> {
  const binary = `${folder}/target/release/${program.name}`;
  if (!isBuilt(program, binary)) {
    mkdirSync(folder, { recursive: true });
    for (const name of SOURCES) {
      cpSync(`${source}/${name}`, `${folder}/${name}`);
    }
    const problem = await build(program);
    if (problem !== undefined) {
      console.error(`tokio: skipped, ${problem}`);
      return undefined;
    }
  }
  console.error(`tokio ${tokioVersion()}`);
  return binary;
}

function isBuilt({ main }: Program, binary: string): boolean {
  const built = statSync(binary, { throwIfNoEntry: false });
  return built !== undefined &&
    [MANIFEST, main].every((name) =>
      statSync(`${source}/${name}`).mtimeMs <= built.mtimeMs
    );
}

/** Resolves to what went wrong, or to `undefined` if nothing did. */
async function build(program: Program): Promise<string | undefined> {
  const isThere = existsSync(DEBIAN);
  const args = [
    ...BUILD,
    ...["--bin", program.name],
    ...program.features.flatMap((name) => ["--features", name]),
    ...(isThere ? FROM_DEBIAN : []),
  ];
  const { code, output } = await run("cargo", args, { cwd: folder });
  if (code === 0) return undefined;
  if (code === 127) return "there is no cargo on PATH";
  const hint = isThere ? "" : " (on Debian, librust-tokio-dev has the crates)";
  return `cargo cannot build it${hint}: ${output.trim()}`;
}

/** The version that cargo has chosen, if it has built a program. */
export function tokioVersion(): string | undefined {
  const path = `${folder}/Cargo.lock`;
  if (!existsSync(path)) return undefined;
  const lock = readFileSync(path, "utf8");
  return /name = "tokio"\nversion = "(.*)"/.exec(lock)?.[1];
}
