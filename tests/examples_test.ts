import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type ChildProcess, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inflateSync } from "node:zlib";
import { render, type View } from "../examples/mandelbrot/tasks.ts";
import { currentHost } from "../src/compose.ts";
import { outcomeOf, ROOT, start, textOf, withFiles } from "./programs.ts";

const NO_TERMINATION = {
  skip: process.platform === "win32" ? "no SIGTERM on Windows" : false,
};

/** Runs an example to its end. Returns its lines. */
async function linesOf(
  name: string,
  args: readonly string[] = [],
  cwd = ROOT,
): Promise<string[]> {
  const script = join(ROOT, "examples", name);
  const { code, stdout, stderr } = await outcomeOf(
    start([script, ...args], cwd),
  );
  assert.equal(stderr, "");
  assert.equal(code, 0);
  return textOf(stdout).split("\n");
}

for (
  const [name, last] of [
    ["primes/main.ts", "78498"],
    ["ping_pong.ts", "20000 turns taken, one after the other"],
    ["parallel_sum.ts", "1 + … + 4000000 = 8000002000000, by 4 threads"],
    ["deadline.ts", "parkAsync() was ended by a signal"],
  ] as const
) {
  test(`examples/${name} comes to the right result`, async () => {
    assert.equal((await linesOf(name)).at(-1), last);
  });
}

test("README.md begins with examples/primes", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)];
  const shown = blocks.slice(0, 2).map((it) => withoutHeader(it[1]!));
  const files = ["tasks.ts", "main.ts"].map((name) => {
    const path = join(ROOT, "examples/primes", name);
    const text = withoutHeader(readFileSync(path, "utf8"));
    return text.replace(
      '"../../mod.ts";',
      '"@layby/layby"; // npm: "layby"',
    );
  });
  assert.deepEqual(shown, files);
});

/** Code without the comments that it begins with. */
function withoutHeader(code: string): string {
  return code.replace(/^(?:\/\/.*\n|\n)+/, "");
}

test("examples/queens.ts counts the ways for 8 queens", async () => {
  const lines = await linesOf("queens.ts", ["8"]);
  assert.equal(lines.length, 1);
  assert.match(
    lines[0]!,
    /^8 queens: 92 ways, in \d+\.\d\d s, by \d+ workers? with \d+ steals$/,
  );
});

test("examples/word_count.ts counts words of all files", async () => {
  const files = { a: "To be, or not to be", b: "Être ou ne pas être: être" };
  await withFiles(files, async (cwd) => {
    assert.deepEqual(await linesOf("word_count.ts", ["a", "b"], cwd), [
      "      3 être",
      "      2 be",
      "      2 to",
      "      1 ne",
      "      1 not",
      "      1 or",
      "      1 ou",
      "      1 pas",
      "2 files have 8 different words",
    ]);
  });
});

test("examples/word_count.ts fails at a file that is not there", async () => {
  const script = join(ROOT, "examples/word_count.ts");
  const paths = ["README.md", "no such", "LICENSE"];
  const { code, stdout, stderr } = await outcomeOf(start([script, ...paths]));
  assert.equal(stdout, "");
  assert.match(stderr, /^word_count: .*no such/i);
  assert.equal(code, 1);
});

test("examples/mandelbrot makes a PNG file of the rows in order", async () => {
  await withFiles({}, async (cwd) => {
    const lines = await linesOf("mandelbrot/main.ts", ["m.png", "31"], cwd);
    assert.match(
      lines.join("\n"),
      /^m\.png: 31 x 21, by \d+ workers? in \d+\.\d\d s$/,
    );
    const { width, height, pixels } = decodePng(
      readFileSync(join(cwd, "m.png")),
    );
    assert.deepEqual([width, height], [31, 21]);
    const view: View = {
      re: -0.7453,
      im: 0.1127,
      span: 0.0065,
      width,
      height,
    };
    assert.deepEqual(pixels, render({ view, from: 0, to: height }));
    assert.ok(new Set(pixels).size > 100, "It is a picture of something");
  });
});

/** Decodes a PNG file of the one kind that the example writes. */
function decodePng(file: Buffer) {
  assert.equal(file.toString("latin1", 0, 8), "\x89PNG\r\n\x1a\n");
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < file.length;) {
    const length = file.readUInt32BE(at);
    const type = file.toString("latin1", at + 4, at + 8);
    chunks.set(type, file.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  assert.deepEqual([...chunks.keys()], ["IHDR", "IDAT", "IEND"]);
  // The check sum of a chunk that has nothing in it.
  assert.equal(file.readUInt32BE(file.length - 4), 0xae426082);
  const header = chunks.get("IHDR")!;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  assert.deepEqual([...header.subarray(8)], [8, 2, 0, 0, 0]);
  const stride = 3 * width;
  const rows = inflateSync(chunks.get("IDAT")!);
  assert.equal(rows.length, (1 + stride) * height);
  const pixels = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const row = rows.subarray((1 + stride) * y, (1 + stride) * (y + 1));
    assert.equal(row[0], 2);
    for (let x = 0; x < stride; x++) {
      const at = stride * y + x;
      pixels[at] = row[1 + x]! + (pixels[at - stride] ?? 0);
    }
  }
  return { width, height, pixels };
}

/** An example that serves until it is told to end. */
class Server {
  readonly child: ChildProcess;
  readonly #outcome: ReturnType<typeof outcomeOf>;
  #printed = "";

  constructor(name: string) {
    this.child = start([join(ROOT, "examples", name), "0"]);
    this.#outcome = outcomeOf(this.child);
    this.child.stdout!.on("data", (chunk: Buffer) => this.#printed += chunk);
  }

  /** Resolves to what it prints that matches. */
  async printed(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.#printed);
      if (found) return found[0];
      const ended = await Promise.race([
        new Promise((resolve) => this.child.stdout!.once("data", resolve)),
        this.#outcome.then(({ stderr }) => new Error(stderr)),
      ]);
      if (ended instanceof Error) throw ended;
    }
  }

  /** Tells it to end. Resolves when it has. */
  async end(): Promise<void> {
    // After kill() of its own, Deno tells no code, whatever there was.
    process.kill(this.child.pid!, "SIGTERM");
    const { code, stdout, stderr } = await this.#outcome;
    // Node says that its FFI is experimental.
    assert.equal(stderr.replace(/^.*ExperimentalWarning.*\n.*\n/gm, ""), "");
    assert.match(stdout, /^done$/m);
    assert.equal(code, 0);
  }
}

/** Asks for something that takes long, and leaves. */
async function askAndLeave(url: string): Promise<void> {
  const client = new AbortController();
  const answer = fetch(url, { signal: client.signal });
  setTimeout(() => client.abort(), 300);
  await assert.rejects(answer, { name: "AbortError" });
}

test(
  "examples/primes_server answers, and stops for who leaves",
  NO_TERMINATION,
  async () => {
    const server = new Server("primes_server/main.ts");
    const shown = await server.printed(/http:\S+/);
    const get = async (path: string) => {
      const response = await fetch(new URL(path, shown));
      return [response.status, await response.json()];
    };
    assert.deepEqual(
      await get("/primes?below=1000"),
      [200, { below: 1000, count: 168 }],
    );
    assert.deepEqual(
      await get("/primes?below=-1"),
      [400, { error: "below is a number from 0 to 1e9: it was -1" }],
    );
    assert.equal((await get("/"))[0], 404);
    await askAndLeave(new URL("/primes?below=1000000000", shown).href);
    await server.printed(/a client has left/);
    const [status, metrics] = await get("/metrics");
    assert.equal(status, 200);
    assert.equal(metrics.completed, 1);
    assert.equal(metrics.cancelled, 1);
    await server.end();
  },
);

/** What the example's driver needs: epoll, and C functions. */
const WITH_EPOLL = {
  skip: typeof currentHost().ffi() === "string"
    ? `needs ${currentHost().ffi()}`
    : process.platform !== "linux" && "only on Linux",
};

test(
  "examples/http_server.ts answers curl, wrk and others",
  WITH_EPOLL,
  async () => {
    const server = new Server("http_server.ts");
    const shown = await server.printed(/http:\S+/);
    const get = async (path: string) => {
      const response = await fetch(new URL(path, shown));
      return [response.status, await response.text()];
    };
    assert.deepEqual(await get("/hello"), [200, "Hello, World!\n"]);
    assert.match(`${await get("/worker")}`, /^200,layby-\d\n$/);
    assert.equal((await get("/"))[0], 404);
    const post = await fetch(shown, { method: "POST", body: "x" });
    assert.equal(post.status, 400);
    await post.text();
    const all = Array.from({ length: 200 }, () => get("/hello"));
    for (const [status] of await Promise.all(all)) assert.equal(status, 200);
    // Requests that come together, and one in pieces.
    assert.equal(
      await exchange(shown, ["GET /hello HTTP/1.1\r\n\r\n".repeat(3)]),
      3,
    );
    assert.equal(
      await exchange(shown, ["GET /hel", "lo HTTP/1.1\r\n", "\r\n"]),
      1,
    );
    for (const args of [["curl", "-s", shown], ["wrk", "-c8", "-d1s", shown]]) {
      const [command, ...rest] = args as [string, ...string[]];
      const { status, stdout, error } = spawnSync(command, rest, {
        encoding: "utf8",
        timeout: 20_000,
      });
      if (error) console.error(`${command} is not here: ${error.message}`);
      else {
        assert.equal(status, 0);
        assert.match(stdout, /Hello, World!|Requests\/sec/);
        assert.doesNotMatch(stdout, /Non-2xx|Socket errors/);
      }
    }
    await server.end();
  },
);

/** Sends pieces over one connection. Returns how many answers came. */
async function exchange(
  url: string,
  pieces: readonly string[],
): Promise<number> {
  const { port } = new URL(url);
  const socket = net.connect(Number(port), "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => text += chunk);
  for (const piece of pieces) {
    socket.write(piece);
    await sleep(30);
  }
  const count = () => text.split("Hello, World!").length - 1;
  for (let tries = 0; tries < 100 && count() === 0; tries++) await sleep(10);
  socket.destroy();
  return count();
}

/** Installs what the example needs, once. Returns why that is not possible. */
function missingHono(): string | false {
  const cwd = join(ROOT, "examples/hono");
  if (existsSync(join(cwd, "node_modules/hono"))) return false;
  const args = ["ci", "--no-audit", "--no-fund"];
  const npm = spawnSync("npm", args, { cwd, timeout: 60_000 });
  if (npm.status === 0) return false;
  const reason = npm.error?.message ??
    `${npm.stderr}`.trim().split("\n").at(-1);
  console.error(`examples/hono is not tested: npm ci failed: ${reason}`);
  return "npm ci failed";
}

const WITH_HONO = { skip: NO_TERMINATION.skip || missingHono() };

test("examples/hono answers, and stops for who leaves", WITH_HONO, async () => {
  const server = new Server("hono/main.ts");
  const shown = await server.printed(/http:\S+/);
  const answer = await fetch(new URL("/collatz/1000", shown));
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), { start: 871, steps: 178 });
  await askAndLeave(new URL("/collatz/1000000000", shown).href);
  await server.printed(/a client has left/);
  const metrics = await (await fetch(new URL("/metrics", shown))).json();
  assert.equal(metrics.completed, 1);
  assert.equal(metrics.cancelled, 1);
  await server.end();
});
