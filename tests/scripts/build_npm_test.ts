import assert from "node:assert/strict";
import { test } from "node:test";
import { rewriteSpecifiers } from "../../scripts/build_npm.ts";

test("rewriteSpecifiers() points declarations to JavaScript", () => {
  for (
    const [before, after] of [
      ['export { A } from "./a.ts";', 'export { A } from "./a.js";'],
      [
        'import type { A } from "../b/a.ts";',
        'import type { A } from "../b/a.js";',
      ],
      ["let a: import('./a.ts').A;", "let a: import('./a.js').A;"],
      ['import "./a.generated.ts";', 'import "./a.generated.js";'],
    ] as const
  ) assert.equal(rewriteSpecifiers(before), after);
});

test("rewriteSpecifiers() leaves everything else", () => {
  const text = '/** See "./a.ts" and import "x.ts". */\ntype A = "./a.ts";';
  assert.equal(rewriteSpecifiers(text), text);
});
