// A worker of the isolated page, with a pool of its own: it may block.

import { type LaybyError, Pool, Runtime } from "../../mod.ts";
import type * as tasks from "./tasks.ts";

function codeOf(call: () => unknown): string {
  try {
    return `${call()}`;
  } catch (error) {
    const { code, message } = error as LaybyError;
    return typeof code === "string" ? code : message;
  }
}

async function main(): Promise<unknown[]> {
  const { mayBlock } = Runtime.create();
  const module = new URL("/tasks.js", location.href);
  // This bundle has layby in it.
  const entry = new URL("/mod.ts", location.href);
  const pool = await Pool.start<typeof tasks>(module, { workers: 1, entry });
  const results = [
    mayBlock,
    pool.runSync("double", [21]),
    codeOf(() => pool.runSync("asBlob", ["text"])),
    codeOf(() => pool.runSync("textOf", [new Blob([])])),
    codeOf(() => pool.runSync("block", [100], { timeout: 10 })),
    codeOf(() => pool.runSync("fail", ["odd"])),
  ];
  // The blob that came too late is still to be received.
  await pool.drain();
  await pool.shutdown();
  return [...results, "done"];
}

postMessage(await main().catch((error) => `${(error as Error).stack}`));
