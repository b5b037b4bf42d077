import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLayers } from "../../scripts/check_layers.ts";

function check(files: Record<string, string>): string[] {
  const sources = Object.entries(files).map(([path, text]) => ({ path, text }));
  return checkLayers(sources).map(({ path, line, message }) =>
    `${path}:${line}: ${message}`
  );
}

function assertRefused(path: string, text: string, message: RegExp): void {
  const [found, ...others] = check({ [path]: text });
  assert.match(found ?? "(accepted)", message);
  assert.deepEqual(others, []);
}

test("checkLayers() accepts imports that go down or sideways", () => {
  assert.deepEqual(
    check({
      "mod.ts": 'export { Runtime } from "./src/runtime.ts";',
      "src/runtime.ts": 'import { compose } from "./compose.ts";',
      "src/compose.ts": 'import { epoll } from "./drivers/epoll.ts";\n' +
        'import { denoHost } from "./hosts/deno.ts";',
      "src/time/timers.ts": 'import { Parker } from "../park/parker.ts";',
      "src/park/parker.ts": 'import type { Core } from "../core/module.ts";',
      "src/core/module.ts": 'import { ParkError } from "../errors.ts";',
      "src/drivers/epoll.ts": 'import type { Driver } from "../driver.ts";',
      "src/hosts/deno.ts": 'import { spawn } from "./shared.ts";',
      "assembly/index.ts": 'export { EMPTY } from "./parker";',
    }),
    [],
  );
});

test("checkLayers() refuses imports that go up", () => {
  for (
    const [path, target] of [
      ["src/errors.ts", "./core/module.ts"],
      ["src/core/module.ts", "../park/parker.ts"],
      ["src/park/parker.ts", "../runtime.ts"],
      ["src/runtime.ts", "../mod.ts"],
      ["src/drivers/epoll.ts", "../park/parker.ts"],
      ["src/drivers/epoll.ts", "../hosts/deno.ts"],
      ["src/hosts/deno.ts", "../drivers/epoll.ts"],
      ["src/hosts/deno.ts", "../core/module.ts"],
      ["src/park/parker.ts", "../drivers/epoll.ts"],
      ["mod.ts", "./src/hosts/deno.ts"],
    ] as const
  ) {
    assertRefused(path, `import { a } from "${target}";`, /may not import/);
  }
});

test("checkLayers() looks at every way to import", () => {
  for (
    const text of [
      'import "./runtime.ts";',
      'import type { A } from "./runtime.ts";',
      'export { a } from "./runtime.ts";',
      'import {\n  a,\n  b,\n} from "./runtime.ts";',
      'const a = await import("./runtime.ts");',
    ]
  ) assertRefused("src/errors.ts", text, /may not import src\/runtime\.ts/);
});

test("checkLayers() refuses a folder that is no layer", () => {
  const text = 'import { a } from "../errors.ts";';
  assertRefused("src/misc/a.ts", text, /misc is no layer/);
});

test("checkLayers() keeps the core and the facade apart", () => {
  assertRefused("assembly/a.ts", 'import { b } from "../src/b";', /alone/);
  assertRefused(
    "src/core/a.ts",
    'import { b } from "../../assembly/b.ts";',
    /al/,
  );
  assertRefused("assembly/a.ts", 'import { b } from "b";', /imports b/);
});

test("checkLayers() refuses packages", () => {
  assertRefused("src/errors.ts", 'import { a } from "jsr:@std/a";', /nothing/);
});

test("checkLayers() keeps names where they belong", () => {
  const park = "src/park/parker.ts";
  assertRefused(park, "new WebAssembly.Module(b);", /only src\/core\/module/);
  assertRefused(park, "let m: WebAssembly.Module;", /only src\/core\/module/);
  assertRefused(park, "globalThis.Deno;", /only src\/hosts\/ may name `Deno`/);
  assertRefused(park, "Bun.nanoseconds();", /only src\/hosts\//);
  assertRefused(park, "new Worker(url);", /only src\/hosts\//);
  assertRefused(park, 'import fs from "node:fs";', /`node:fs`/);
  assertRefused(park, 'process.getBuiltinModule("node:ffi");', /`node:ffi`/);
  assertRefused(park, "atomic.load<i32>(w);", /only assembly\//);
  assertRefused("mod.ts", "`${Deno.pid}`;", /only src\/hosts\//);
});

test("checkLayers() lets those name them who may", () => {
  assert.deepEqual(
    check({
      "src/core/module.ts": "new WebAssembly.Module(bytes);",
      "src/hosts/bun.ts": 'import { dlopen } from "bun:ffi";\nnew Worker(Bun);',
      "src/core/core.generated.ts": "let m: WebAssembly.Module;",
      "assembly/parker.ts": "atomic.load<i32>(w);",
    }),
    [],
  );
});

test("checkLayers() does not look for names in prose", () => {
  const text =
    "// Deno and Bun\n/** WebAssembly */\nconst a = 'Worker' + WorkerId;";
  assert.deepEqual(check({ "src/park/parker.ts": text }), []);
});

test("checkLayers() refuses circles", () => {
  const [found] = check({
    "assembly/a.ts": 'import { b } from "./b";',
    "assembly/b.ts": 'import { c } from "./c";',
    "assembly/c.ts": '\nimport { a } from "./a";',
  });
  assert.equal(
    found,
    "assembly/c.ts:2: imports in a circle: " +
      "assembly/a.ts -> assembly/b.ts -> assembly/c.ts -> assembly/a.ts",
  );
});

test("checkLayers() refuses long files, unless they are generated", () => {
  assertRefused("assembly/a.ts", "\n".repeat(400) + "a;\n", /longer than 400/);
  assert.deepEqual(check({ "assembly/a.ts": "a;\n".repeat(400) }), []);
  const path = "src/core/core.generated.ts";
  assert.deepEqual(check({ [path]: "a;\n".repeat(500) }), []);
});
