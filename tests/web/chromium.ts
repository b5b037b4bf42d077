// Chromium without a window: where it is, and how it is started and ended.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { tmpdir } from "node:os";
import process from "node:process";

/** What it is called, by one packager or another. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"],
  ...["--no-first-run", "--disable-background-networking"],
  ...[
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
  ],
];

/** Milliseconds until it is ended by force. */
const PATIENCE = 2000;

/** The path of the browser; undefined if there is none. */
export function findChromium(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** Shows a page, until `end` is settled. Throws if the browser ends before. */
export async function showPage(
  path: string,
  url: string,
  end: Promise<void>,
): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), "layby-chromium-"));
  const args = [...FLAGS, `--user-data-dir=${profile}`, url];
  // A group of its own: it has many processes.
  const child = spawn(path, args, {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaints = "";
  child.stderr.on("data", (text) => complaints += text);
  const exited = new Promise<void>((resolve) => child.once("close", resolve));
  const early = exited.then(() => {
    throw new Error(`The browser ended early:\n${complaints}`);
  });
  try {
    await Promise.race([end, early]);
  } finally {
    early.catch(() => {});
    const kill = (signal: NodeJS.Signals) => {
      if (child.pid === undefined || child.exitCode !== null) return;
      process.kill(-child.pid, signal);
    };
    kill("SIGTERM");
    const timer = setTimeout(() => kill("SIGKILL"), PATIENCE);
    await exited;
    clearTimeout(timer);
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
