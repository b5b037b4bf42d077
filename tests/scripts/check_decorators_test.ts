import assert from "node:assert/strict";
import { test } from "node:test";
import { checkDecorators } from "../../scripts/check_decorators.ts";

function linesOf(text: string): number[] {
  return checkDecorators({ path: "assembly/x.ts", text }).map(({ line }) =>
    line
  );
}

test("checkDecorators() refuses those that the formatter deletes", () => {
  assert.deepEqual(linesOf("@inline function f(): void {}"), [1]);
  assert.deepEqual(linesOf("a;\n@inline\nexport function f(): void {}"), [2]);
  assert.deepEqual(linesOf("@lazy export const a: i32 = 1;"), [1]);
  const external = '@external("env", "x")\ndeclare function f(): void;';
  assert.deepEqual(linesOf(external), [1]);
});

test("checkDecorators() accepts those on classes and members", () => {
  assert.deepEqual(linesOf("@unmanaged\nexport class A {}"), []);
  assert.deepEqual(linesOf("class A {\n  @inline static f(): void {}\n}"), []);
  assert.deepEqual(linesOf("// @inline function f() {}"), []);
});
