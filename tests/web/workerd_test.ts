import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { bundle } from "../../scripts/build_npm.ts";
import { inRoot } from "../../scripts/paths.ts";
import type { Outcome } from "./checks.ts";
import { findWorkerd, type Program, serve } from "./workerd.ts";

/** Milliseconds for all programs. */
const LIMIT = 120_000;

/** Modules by their names: where each begins, and what it imports. */
const MODULES = {
  "tests/web/main.js": ["tests/web/workerd_main.ts", "*/mod.ts"],
  "tests/web/tasks.js": ["tests/web/tasks.ts", "*/mod.ts"],
  "mod.ts": ["scripts/npm_entry.ts", "binaryen"],
} as const;

const PROGRAMS: readonly Omit<Program, "modules">[] = [
  {
    name: "compatible with Node",
    date: "2026-11-01",
    flags: [],
    bindings: { hasUrls: false, hasContext: true },
  },
  {
    name: "not compatible with Node",
    date: "2025-01-01",
    flags: [],
    bindings: { hasUrls: false, hasContext: false },
  },
  {
    name: "with URLs of modules",
    date: "2026-11-01",
    flags: ["new_module_registry"],
    bindings: { hasUrls: true, hasContext: true },
  },
];

const workerd = findWorkerd();
const skip = workerd === undefined &&
  "workerd is not installed: run npm ci in tests/web";

async function testProgram(t: TestContext, origin: string): Promise<void> {
  const response = await fetch(origin);
  assert.equal(response.status, 200, await response.clone().text());
  for (const { name, error } of await response.json() as Outcome[]) {
    await t.test(name, () => {
      if (error !== undefined) throw new Error(error);
    });
  }
  await t.test("a pool that requests share", async () => {
    const paths = Array.from({ length: 8 }, (_, place) => `/${place}`);
    const answers = await Promise.all(paths.map(async (path) => {
      const answer = await fetch(`${origin}${path}`);
      return answer.json();
    }));
    assert.deepEqual(answers, paths);
  });
}

test("workerd", { skip, timeout: LIMIT }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "layby-workerd-"));
  try {
    const modules: Record<string, string> = {};
    for (const [name, [entry, external]] of Object.entries(MODULES)) {
      const file = name.replaceAll("/", "-");
      modules[name] = file;
      await bundle(inRoot(entry), join(folder, file), external);
    }
    const programs = PROGRAMS.map((program) => ({ ...program, modules }));
    await serve(workerd!, folder, programs, async (origins) => {
      for (const [name, origin] of origins) {
        await t.test(name, (t) => testProgram(t, origin));
      }
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
