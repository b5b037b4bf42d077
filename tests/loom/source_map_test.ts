import assert from "node:assert/strict";
import { test } from "node:test";
import { readSourceMap } from "../../loom/src/wasm/source_map.ts";

const SOURCES = ["assembly/a.ts", "assembly/b.ts"];

const read = (mappings: string, rest: object = {}) =>
  readSourceMap(
    JSON.stringify({
      version: 3,
      sources: SOURCES,
      names: [],
      mappings,
      ...rest,
    }),
  );

// By hand: U is 10, oB is 20, gC is 32, D is -1.
const place = read("UAAA,oBACE,gCCGD");

test("a byte has the place that is mapped to it", () => {
  assert.deepEqual(place(10), { file: "assembly/a.ts", line: 1, column: 0 });
  assert.deepEqual(place(30), { file: "assembly/a.ts", line: 2, column: 2 });
  assert.deepEqual(place(62), { file: "assembly/b.ts", line: 5, column: 1 });
});

test("a byte between two mappings has the place of the one before", () => {
  assert.deepEqual(place(29), place(10));
  assert.deepEqual(place(61), place(30));
  assert.deepEqual(place(1e6), place(62));
});

test("a byte before all mappings has no place", () => {
  assert.equal(place(9), undefined);
  assert.equal(read("")(0), undefined);
});

test("a mapping without a source is passed over", () => {
  const place = read("UAAA,U,UAAC");
  assert.equal(place(25)?.column, 0);
  assert.equal(place(30)?.column, 1);
});

test("a mapping before the body is not one of the instruction", () => {
  assert.equal(place(29, 10)?.line, 1);
  assert.equal(place(29, 11), undefined);
});

test("a mapping may go back, and may have a name", () => {
  const place = read("oBACEA,VADDA");
  assert.equal(place(10)?.line, 1);
  assert.equal(place(20)?.line, 2);
});

test("of two mappings of a byte the last counts", () => {
  assert.equal(read("UAAA,AACA")(10)?.line, 2);
});

test("mappings of other lines are not the binary's", () => {
  assert.equal(read("UAAA;UACA")(20)?.line, 1);
});

test("the root is put in front of a source, up to its last slash", () => {
  const fileOf = (sourceRoot?: string) => read("AAAA", { sourceRoot })(0)?.file;
  assert.equal(fileOf(), "assembly/a.ts");
  assert.equal(fileOf("https://x/"), "https://x/assembly/a.ts");
  assert.equal(fileOf("https://x/y"), "https://x/assembly/a.ts");
  assert.equal(fileOf("root"), "root/assembly/a.ts");
  // As AssemblyScript has it.
  assert.equal(fileOf("./core"), "assembly/a.ts");
});

test("what is no source map is refused", () => {
  assert.throws(() => readSourceMap("{}"), TypeError);
  assert.throws(() => readSourceMap("null"), TypeError);
  assert.throws(() => readSourceMap("{"), SyntaxError);
  assert.throws(() => read("?"), TypeError);
  assert.throws(() => read("AAAA", { version: 2 }), TypeError);
  assert.throws(() => read("AAAA", { sources: undefined }), TypeError);
});
