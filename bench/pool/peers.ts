// Installs the pools that others have written, next to this file, on demand.

import { statSync } from "node:fs";
import { inRoot } from "../../scripts/paths.ts";
import { run } from "../../scripts/processes.ts";

const FOLDER = "bench/pool";

/** Installs what `package-lock.json` here names, if it is not there yet. */
export async function installPeers(): Promise<void> {
  const installed = modified("node_modules/.package-lock.json");
  if (installed >= modified("package-lock.json")) return;
  console.error(`npm ci in ${FOLDER}: the pools to compare with`);
  const args = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
  const { code, output } = await run("npm", args, { cwd: inRoot(FOLDER) });
  if (code === 0) return;
  console.error(`They are skipped, as npm failed:\n${output.trimEnd()}`);
}

function modified(path: string): number {
  const found = statSync(inRoot(`${FOLDER}/${path}`), {
    throwIfNoEntry: false,
  });
  return found?.mtimeMs ?? -Infinity;
}
