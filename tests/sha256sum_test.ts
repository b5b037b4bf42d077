import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { listFiles } from "../examples/sha256sum/files.ts";
import { formatBytes } from "../examples/sha256sum/format.ts";
import { readOptions } from "../examples/sha256sum/options.ts";
import { Progress } from "../examples/sha256sum/progress.ts";
import {
  type Outcome,
  outcomeOf,
  ROOT,
  SCRIPT_ARGS,
  start,
  TIMEOUT,
  withFiles,
} from "./programs.ts";

const MAIN = join(ROOT, "examples/sha256sum/main.ts");
const IS_LINUX = process.platform === "linux";
const ON_LINUX = { skip: IS_LINUX ? false : "only on Linux" };

function sha256sum(cwd: string, ...args: string[]): Promise<Outcome> {
  return outcomeOf(start([MAIN, ...args], cwd));
}

/** What should be printed for these paths, by `node:crypto`. */
function expected(cwd: string, paths: readonly string[]): string {
  const lines = inOrder(paths).map((path) => {
    const escaped = path.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")
      .replaceAll("\r", "\\r");
    const mark = escaped === path ? "" : "\\";
    return `${mark}${digestOf(readFileSync(join(cwd, path)))}  ${escaped}\n`;
  });
  return Buffer.from(lines.join("")).toString("latin1");
}

function inOrder(paths: readonly string[]): string[] {
  return paths.toSorted((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b))
  );
}

function digestOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The lines on stderr that are no part of the summary. */
function complaints({ stderr }: Outcome): string[] {
  return stderr.split("\n").filter((line) =>
    line !== "" && !/^layby: \d/.test(line)
  );
}

// The files of a directory `b` come after `b-` and `b.c`, since a slash does.
const NAMES = ["b-", "b.c", "b/x", "b0", "B", "a", "deep/er/and/deeper"]
  .concat(["sp ace", " ", "-dash", "--help", ".hidden/.file", "'quote'", "#"])
  .concat(["e\u0301 é", "\uffee", "\u{10000}", "node_modules/kept"])
  .concat(IS_LINUX ? ["new\nline", "back\\slash", "\r", "\\n\n\\", "*?"] : [])
  .concat(IS_LINUX ? ["tab\t", "\x1b[31m", '"'] : []);

test("sha256sum prints what the system's does, by path bytes", async () => {
  const paths = NAMES.map((path) => `dir/${path}`);
  const files = paths.map((path) => [path, `content of ${path}\n`] as const);
  await withFiles(Object.fromEntries(files), async (cwd) => {
    if (IS_LINUX) addSpecialFiles(cwd);
    const outcome = await sha256sum(cwd, "dir");
    assert.equal(outcome.stdout, expected(cwd, paths));
    assert.deepEqual(complaints(outcome), []);
    assert.equal(outcome.code, 0);
    const system = spawnSync("sha256sum", ["--", ...inOrder(paths)], { cwd });
    if (system.status !== 0) return;
    assert.equal(outcome.stdout, system.stdout.toString("latin1"));
    const input = Buffer.from(outcome.stdout, "latin1");
    const check = spawnSync("sha256sum", ["-c", "--strict"], { cwd, input });
    assert.equal(check.status, 0);
  });
});

/** Adds what is passed over: links, also to a directory, and a FIFO. */
function addSpecialFiles(cwd: string): void {
  mkdirSync(join(cwd, "elsewhere"));
  writeFileSync(join(cwd, "elsewhere/file"), "");
  symlinkSync("../elsewhere", join(cwd, "dir/link to a directory"));
  symlinkSync("a", join(cwd, "dir/link"));
  symlinkSync("nowhere", join(cwd, "dir/dangling"));
  assert.equal(spawnSync("mkfifo", [join(cwd, "dir/fifo")]).status, 0);
}

test("sha256sum loses no file whose name is not UTF-8", ON_LINUX, async () => {
  await withFiles({ "dir/plain": "" }, async (cwd) => {
    spawnSync("sh", ["-c", `cp dir/plain "$(printf 'dir/\\377')"`], { cwd });
    const outcome = await sha256sum(cwd, "dir");
    const digest = createHash("sha256").digest("hex");
    if ("Deno" in globalThis) {
      assert.equal(outcome.stdout, `${digest}  dir/plain\n`);
      assert.match(outcome.stderr, /^layby: dir\/.*may not be UTF-8$/m);
      assert.equal(outcome.code, 1);
    } else {
      const lines = [`${digest}  dir/plain\n`, `${digest}  dir/\xff\n`];
      assert.equal(outcome.stdout, lines.join(""));
      assert.equal(outcome.code, 0);
    }
  });
});

test("sha256sum reads large files in chunks, and sums up", async () => {
  const large = new Uint8Array(16 * 1024 * 1024);
  for (let i = 0; i < large.length; i += 4099) large[i] = i;
  const files = { "dir/a": "small", "dir/b": large, "dir/c": "small" };
  await withFiles(files, async (cwd) => {
    const outcome = await sha256sum(cwd, "dir", "--workers", "2");
    const { code, stdout, stderr } = outcome;
    assert.equal(stdout, expected(cwd, ["dir/a", "dir/b", "dir/c"]));
    assert.equal(code, 0);
    const [work, tasks, latency, idle, ...more] = stderr.trimEnd().split("\n");
    assert.match(
      work!,
      /^layby: 3 files, 16\.8 MB in \d+\.\d\d s, \d+ MB\/s$/,
    );
    // A large file is a task of its own, and so are those before and after it.
    assert.match(
      tasks!,
      /^layby: 2 workers, 3 tasks, \d+ of them stolen in \d+ steals?, \d+ parks?$/,
    );
    assert.match(
      latency!,
      /^layby: \d+\.\d+ ms a call \(p50\), \d+\.\d+ ms \(p99\), waiting included$/,
    );
    const use = /^layby: (\d+\.\d\d) % of a core used while idle$/.exec(idle!);
    // It is about 0.2. With a worker that spins it is 100.
    assert.ok(Number(use![1]) < 25, stderr);
    assert.deepEqual(more, []);
  });
});

/** What `--json` prints in a line. */
interface Line {
  readonly path?: string;
  readonly digest?: string;
  readonly bytes?: number;
  readonly error?: string;
  readonly summary?: {
    readonly files: number;
    readonly failures: number;
    readonly tasks: number;
    readonly latencyMs: { readonly p50: number; readonly p99: number };
    readonly workers: readonly { readonly tasks: number }[];
  };
}

test("sha256sum --json prints a line for each file, and all it knows", async () => {
  const files = { "d/é": "1", "d/b": "22", "d/\n": "" };
  await withFiles(files, async (cwd) => {
    const { code, stdout, stderr } = await sha256sum(
      cwd,
      "--json",
      "--workers=3",
      "d",
    );
    assert.equal(stderr, "");
    assert.equal(code, 0);
    const text = Buffer.from(stdout, "latin1").toString();
    const lines = text.trimEnd().split("\n").map((it) =>
      JSON.parse(it) as Line
    );
    const { summary } = lines.pop()!;
    const line = (path: string, content: string) => {
      const bytes = Buffer.from(content);
      return { path, digest: digestOf(bytes), bytes: bytes.length };
    };
    assert.deepEqual(
      lines,
      [line("d/\n", ""), line("d/b", "22"), line("d/é", "1")],
    );
    const { latencyMs: { p50, p99 }, workers, tasks, ...counts } = summary!;
    assert.equal(counts.files, 3);
    assert.equal(counts.failures, 0);
    assert.equal(workers.length, 3);
    assert.equal(tasks, workers.reduce((sum, worker) => sum + worker.tasks, 0));
    assert.ok(p50 > 0 && p50 <= p99, text);
  });
});

test("sha256sum hashes more files than are on their way at a time", async () => {
  const first = Array.from({ length: 50 }, (_, i) => `d/${i}/0`);
  const files = Object.fromEntries(first.map((path) => [path, path]));
  await withFiles(files, async (cwd) => {
    const paths = [...first];
    // Links, since some file systems take seconds to make so many files.
    for (let i = 50; i < 5000; i++) {
      const path = `d/${i % 50}/${i}`;
      linkSync(join(cwd, first[(i + 1) % 50]!), join(cwd, path));
      paths.push(path);
    }
    const { code, stdout, stderr } = await sha256sum(cwd, "d");
    assert.equal(stdout, expected(cwd, paths));
    assert.match(stderr, /^layby: 5,000 files, /);
    assert.equal(code, 0);
  });
});

test("sha256sum ends quietly when nobody reads on", async () => {
  await withFiles({ "d/0": "" }, async (cwd) => {
    // More output than a pipe has room for.
    for (let i = 1; i < 1000; i++) {
      linkSync(join(cwd, "d/0"), join(cwd, `d/${i}${"x".repeat(200)}`));
    }
    const child = start([MAIN, "d"], cwd);
    child.stdout!.once("data", () => child.stdout!.destroy());
    const closed = await outcomeOf(child);
    assert.equal(closed.stderr, "");
    assert.equal(closed.code, 0);
  });
});

test("sha256sum of an empty directory is nothing", async () => {
  await withFiles({}, async (cwd) => {
    const outcome = await sha256sum(cwd, ".");
    assert.equal(outcome.stdout, "");
    assert.deepEqual(complaints(outcome), []);
    assert.equal(outcome.code, 0);
  });
});

test("sha256sum fails if there is no such directory", async () => {
  await withFiles({}, async (cwd) => {
    assert.deepEqual(await sha256sum(cwd, "no\nsuch"), {
      code: 1,
      stdout: "",
      stderr: "layby: no\\x0asuch: no such file or directory\n",
    });
  });
});

test("sha256sum fails if it does not understand its arguments", async () => {
  const { code, stdout, stderr } = await sha256sum(ROOT, "--worker", "2");
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(
    stderr,
    /^layby: no such option: --worker\n\nusage: npm start \[-- /,
  );
});

test("readOptions() takes options in any order, and says what is wrong", () => {
  const none = {
    dir: undefined,
    workers: undefined,
    json: false,
    help: false,
  };
  assert.deepEqual(readOptions([]), none);
  assert.deepEqual(readOptions(["-h"]), { ...none, help: true });
  assert.deepEqual(
    readOptions(["--workers", "4", "d", "--json"]),
    { ...none, dir: "d", workers: 4, json: true },
  );
  assert.deepEqual(readOptions(["--", "--json"]), { ...none, dir: "--json" });
  const range = "--workers takes a whole number from 1 to 256: it was given";
  const cases = [
    [["a", "b"], "more than one DIR"],
    [["-x"], "no such option: -x"],
    [["--json=yes"], "--json takes no value: it was given yes"],
    [["--workers"], `${range} none`],
    [["--workers", "0"], `${range} 0`],
    [["--workers=-1"], `${range} -1`],
    [["--workers=257"], `${range} 257`],
    [["--workers", "two"], `${range} two`],
  ] as const;
  for (const [args, message] of cases) {
    assert.throws(() => readOptions(args), { name: "UsageError", message });
  }
});

// The permission bits of a file do not bind root; those of a kernel setting do.
const WRITE_ONLY = "/proc/sys/net/ipv4/route/flush";
const IS_ROOT = process.getuid?.() === 0;
const FOR_USERS = { skip: IS_ROOT && "root can read every file" };
const FOR_ROOT = {
  skip: !(IS_ROOT && existsSync(WRITE_ONLY)) &&
    `needs root and ${WRITE_ONLY}`,
};

test("sha256sum reports what a user cannot read", FOR_USERS, async () => {
  const files = { "d/a": "1", "d/b": "2", "d/c/d": "3", "d/e": "4" };
  await withFiles(files, async (cwd) => {
    chmodSync(join(cwd, "d/b"), 0);
    chmodSync(join(cwd, "d/c"), 0);
    const outcome = await sha256sum(cwd, "d");
    chmodSync(join(cwd, "d/c"), 0o700);
    assert.equal(outcome.stdout, expected(cwd, ["d/a", "d/e"]));
    assert.deepEqual(complaints(outcome), [
      "layby: d/b: permission denied",
      "layby: d/c: permission denied",
    ]);
    assert.match(outcome.stderr, /^layby: 2 files, 2 bytes in /m);
    assert.equal(outcome.code, 1);
  });
});

test("sha256sum reports what root cannot read", FOR_ROOT, async () => {
  const outcome = await sha256sum(dirname(WRITE_ONLY), ".");
  assert.deepEqual(complaints(outcome), ["layby: ./flush: permission denied"]);
  assert.match(outcome.stdout, /^[\da-f]{64} {2}\.\/gc_interval$/m);
  assert.equal(outcome.code, 1);
  const { stdout } = await sha256sum(dirname(WRITE_ONLY), ".", "--json");
  const failure = { path: "./flush", error: "permission denied" };
  assert.ok(stdout.split("\n").includes(JSON.stringify(failure)), stdout);
  assert.match(stdout, /^\{"summary":\{"files":\d+,"bytes":\d+,"failures":1,/m);
});

test("sha256sum reports output that cannot be written", ON_LINUX, async () => {
  await withFiles({ "d/a": "1" }, (cwd) => {
    const command = [process.execPath, ...SCRIPT_ARGS, MAIN, "d"];
    const { status, stderr } = spawnSync(
      "sh",
      ["-c", 'exec "$@" > /dev/full', "sh", ...command],
      { cwd, timeout: TIMEOUT },
    );
    assert.match(`${stderr}`, /^layby: write error: no space left on device/i);
    assert.equal(status, 1);
  });
});

test("sha256sum stands where the user does who calls npm", async () => {
  await withFiles({ "d/a": "1" }, async (cwd) => {
    const env = { INIT_CWD: cwd };
    const { code, stdout } = await outcomeOf(start([MAIN, "d"], ROOT, env));
    assert.equal(stdout, expected(cwd, ["d/a"]));
    assert.equal(code, 0);
  });
});

test("sha256sum hashes the project's own files by default", async () => {
  const cwd = join(ROOT, "src");
  const { stdout } = await outcomeOf(start([MAIN], ROOT, { INIT_CWD: cwd }));
  assert.ok(stdout.includes(expected(cwd, ["../LICENSE"])));
  assert.match(stdout, /^[\da-f]{64} {2}\.\.\/src\/runtime\.ts$/m);
  assert.doesNotMatch(stdout, / {2}\.\.\/(\.git|node_modules)\//);
});

test("listFiles() takes a file, a link and a path with a slash", async () => {
  await withFiles({ "dir/file": "12" }, (cwd) => {
    symlinkSync("dir", join(cwd, "link"));
    const list = (path: string) => [...listFiles(`${cwd}/${path}`, [])];
    const found = (path: string) => [{ path: `${cwd}/${path}`, size: 2 }];
    assert.deepEqual(list("dir/file"), found("dir/file"));
    assert.deepEqual(list("link"), found("link/file"));
    assert.deepEqual(list("dir//"), found("dir/file"));
  });
});

test("formatBytes() takes the largest unit that fits", () => {
  const cases = [
    [1, "1 byte"],
    [999, "999 bytes"],
    [999_949, "999.9 kB"],
    [999_950, "1.0 MB"],
    [12_345_678_901, "12.3 GB"],
  ] as const;
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
});

function fakeTerminal(isTTY: boolean) {
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  return { isTTY, columns: 60, write, written };
}

const HALF_DONE = {
  files: 1000,
  bytes: 5e6,
  totalFiles: 2000,
  totalBytes: 1e7,
  isListed: true,
};

test("Progress.draw() fits into a line of the terminal", () => {
  const terminal = fakeTerminal(true);
  const progress = new Progress(terminal);
  progress.draw(HALF_DONE);
  progress.draw(HALF_DONE);
  assert.equal(terminal.written.length, 1);
  const line = terminal.written[0]!.replace("\r\x1b[K", "");
  const bar = "############............";
  assert.ok(line.startsWith(`[${bar}]  50 %  1,000 of 2,000 files  `), line);
  assert.equal(line.length, 59);
  progress.clear();
  progress.clear();
  assert.deepEqual(terminal.written.slice(1), ["\r\x1b[K"]);
});

test("Progress.draw() draws nothing if it is for no terminal", () => {
  const terminal = fakeTerminal(false);
  const progress = new Progress(terminal);
  progress.draw(HALF_DONE);
  progress.clear();
  assert.deepEqual(terminal.written, []);
});

test("Progress.follow() draws until it is disposed of", async () => {
  const terminal = fakeTerminal(true);
  let isDrawn = () => {};
  const drawn = new Promise<void>((resolve) => isDrawn = resolve);
  {
    using _ = new Progress(terminal).follow(() => {
      isDrawn();
      return HALF_DONE;
    });
    await drawn;
  }
  assert.equal(terminal.written.length, 2);
  assert.equal(terminal.written[1], "\r\x1b[K");
});
