import assert from "node:assert/strict";
import { test } from "node:test";
import { layers, lineAt } from "../../scripts/source.ts";

function codeOf(source: string): string {
  return layers(source).code.replace(/ +/g, " ").trim();
}

test("layers() keeps every offset", () => {
  const source = 'a; // b\n/* c\n*/ "d" + `e${f}` /g/';
  const { code, comments } = layers(source);
  assert.equal(code.length, source.length);
  assert.equal(comments.length, source.length);
  assert.equal(code.split("\n").length, source.split("\n").length);
});

test("layers() takes comments and strings out of the code", () => {
  assert.equal(codeOf("a(); // Deno\nb();"), "a(); \nb();");
  assert.equal(codeOf("a(/* Deno */);"), "a( );");
  assert.equal(codeOf(`a("Deno", 'Bun');`), `a(" ", ' ');`);
  assert.equal(codeOf(String.raw`a("\"Deno");`), 'a(" ");');
});

test("layers() keeps the code in a template", () => {
  assert.equal(codeOf("`Deno ${Bun.x({})} Deno`;"), "` ( Bun.x({})) `;");
  assert.equal(codeOf("`${`${a}`}` + b;"), "`( `( a)`)` + b;");
});

test("layers() tells a regular expression from a division", () => {
  assert.equal(codeOf("x = /Deno['\"]/.test(a);"), "x = .test(a);");
  assert.equal(codeOf("x = a / b / c;"), "x = a / b / c;");
  assert.equal(codeOf("return /[/]Deno/;"), "return ;");
});

test("layers() finds comments and strings", () => {
  const { comments, strings } = layers('a("b"); // "c" [P1]');
  assert.equal(comments.trim(), '// "c" [P1]');
  assert.deepEqual(strings, [{ value: "b", start: 2 }]);
});

test("lineAt() counts from 1", () => {
  assert.equal(lineAt("a\nb\nc", 0), 1);
  assert.equal(lineAt("a\nb\nc", 4), 3);
});
