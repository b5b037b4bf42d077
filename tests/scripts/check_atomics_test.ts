import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAtomics } from "../../scripts/check_atomics.ts";

const ACQUIRE =
  "// Acquire. Pairs with b() [P1].\nconst a = atomic.load<i32>(w);";
const RELEASE = "// Release. Pairs with a() [P1].\natomic.store<i32>(w, 1);";
const ROW = "| tag | edge | other end |\n|---|---|---|\n| [P1] | a | core |";
const HOST_ROW = "| [P1] | a | host |";

function check(core: string, ledger = "", facade = ""): string[] {
  const sources = [
    { path: "assembly/x.ts", text: core },
    { path: "src/x.ts", text: facade },
  ];
  const found = checkAtomics(sources, {
    path: "docs/atomics.md",
    text: ledger,
  });
  return found.map(({ path, line, message }) => `${path}:${line}: ${message}`);
}

test("checkAtomics() accepts an edge with two ends and a row", () => {
  assert.deepEqual(check(`${ACQUIRE}\n${RELEASE}`, ROW), []);
});

test("checkAtomics() accepts `Relaxed:` with a reason", () => {
  assert.deepEqual(check("// Relaxed: a guess.\natomic.load<i32>(w);"), []);
  assert.equal(check("// Relaxed:\natomic.load<i32>(w);").length, 1);
});

test("checkAtomics() wants a comment above each operation", () => {
  const missing = "no comment above it says what it pairs with";
  for (
    const operation of [
      "atomic.wait<i32>(w, 0, -1);",
      "memory.atomic.notify(w, 1);",
      "if (atomic.xchg<i32>(w, 1) == 0) return;",
    ]
  ) {
    const [found, ...others] = check(operation);
    assert.match(found!, new RegExp(missing));
    assert.deepEqual(others, []);
  }
});

test("checkAtomics() wants the comment directly above", () => {
  assert.equal(check("// Relaxed: x.\n\natomic.load<i32>(w);").length, 1);
  assert.equal(check("// Relaxed: x.\nf();\natomic.load<i32>(w);").length, 1);
  assert.equal(check("atomic.load<i32>(w); // Relaxed: x.").length, 1);
});

test("checkAtomics() finds the comment above the statement's first line", () => {
  const continued = "return a &&\n  (b ||\n    atomic.load<i32>(w) == 0);";
  assert.deepEqual(check(`// Relaxed: x.\n${continued}`), []);
  const inside = "return a &&\n  // Relaxed: x.\n  atomic.load<i32>(w) == 0;";
  assert.deepEqual(check(inside), []);
  const loop = "for (\n  let i = 0;\n  i < atomic.load<i32>(w);\n  i++\n) f();";
  assert.deepEqual(check(`// Relaxed: x.\n${loop}`), []);
});

test("checkAtomics() does not look beyond the statement", () => {
  const block = "// Relaxed: x.\nif (a) {\n  atomic.load<i32>(w);\n}";
  assert.equal(check(block).length, 1);
  const second = "// Relaxed: x.\nf(\n  a,\n);\natomic.load<i32>(w);";
  assert.equal(check(second).length, 1);
});

test("checkAtomics() wants an ordering beside the tag", () => {
  const [found] = check(
    `// Pairs [P1].\natomic.load<i32>(w);\n${RELEASE}`,
    ROW,
  );
  assert.match(found!, /^assembly\/x\.ts:2: .*no ordering named/);
});

test("checkAtomics() wants a tag beside the ordering", () => {
  const [found] = check("// Acquire.\natomic.load<i32>(w);");
  assert.match(found!, /neither `Relaxed: <reason>` nor a tag/);
});

test("checkAtomics() refuses an edge with one end", () => {
  assert.deepEqual(check(ACQUIRE, ROW), [
    "assembly/x.ts:2: [P1] has no other end",
  ]);
});

test("checkAtomics() counts two operations under one comment once", () => {
  const both = "// AcqRel [P1].\nf(atomic.load<i32>(w), atomic.load<i32>(v));";
  assert.match(check(both, ROW)[0]!, /no other end/);
});

test("checkAtomics() does not count what is relaxed as an end", () => {
  const mention = "// Relaxed: ordered by [P1].\natomic.load<i32>(w);";
  assert.match(check(`${ACQUIRE}\n${mention}`, ROW)[0]!, /no other end/);
});

test("checkAtomics() wants one row for each tag", () => {
  const edge = `${ACQUIRE}\n${RELEASE}`;
  assert.match(check(edge)[0]!, /\[P1\] has no row/);
  assert.deepEqual(check(edge, `${ROW}\n| [P1] | again | core |`), [
    "docs/atomics.md:4: [P1] has two rows",
  ]);
});

test("checkAtomics() refuses a row without an operation", () => {
  assert.deepEqual(check("", ROW), [
    "docs/atomics.md:3: [P1] is at no operation",
  ]);
});

test("checkAtomics() lets a host's edge end in the facade", () => {
  const facade = "// The write to the eventfd is the other end [P1].\nring();";
  assert.deepEqual(check(RELEASE, HOST_ROW, facade), []);
  assert.deepEqual(check(RELEASE, HOST_ROW), [
    "docs/atomics.md:1: [P1] is a host's, and no comment in src/ cites it",
  ]);
});

test("checkAtomics() holds the facade to the same rule", () => {
  const call = "Atomics.load(words, 0);";
  assert.match(check("", "", call)[0]!, /^src\/x\.ts:1: Atomics\.load: no com/);
  assert.deepEqual(check(RELEASE, ROW, `// Acquire [P1].\n${call}`), []);
  assert.equal(check("", "", "Atomics.waitAsync?.(words, 0, 0);").length, 1);
});

test("checkAtomics() ignores what is no operation", () => {
  const names = [
    "Atomics.pause();",
    'typeof Atomics.waitAsync === "function";',
    "// atomic.load is mentioned",
    'f("Atomics.load(x)");',
  ];
  assert.deepEqual(check("", "", names.join("\n")), []);
});
