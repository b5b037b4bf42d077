import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import process from "node:process";
import { test } from "node:test";
import { WASM_BASE64 } from "../../src/core/core.generated.ts";
import {
  compileMutant,
  mutatedSources,
  readMutants,
} from "../../verify/mutants.ts";

/** To compile them takes minutes, the first time. */
const COMPILES = process.env["LAYBY_COMPILE_MUTANTS"] !== undefined;

const mutants = readMutants();

/** The values of which each is what some of the mutants have in common. */
function repeated(values: readonly string[]): string[] {
  return values.filter((value, at) => values.indexOf(value) !== at);
}

test("there are at least 40 mutants", () => {
  assert.ok(mutants.length >= 40, `there are ${mutants.length}`);
});

test("no two mutants have one name, or one text", () => {
  assert.deepEqual(repeated(mutants.map(({ name }) => name)), []);
  assert.deepEqual(repeated(mutants.map(({ text }) => text)), []);
  for (const { name } of mutants) assert.match(name, /^[a-z]+(_[a-z]+)+$/);
});

test("every mutant says what is wrong, and who sees it or why nobody does", () => {
  for (const { name, text, seenBy, equivalent } of mutants) {
    assert.match(text, /^.{20,}\.$/, name);
    assert.match(seenBy ?? equivalent ?? "", /^.{20,}\.$/, name);
    assert.ok(!seenBy || !equivalent, `${name} says both`);
  }
});

test("every mutant applies to the sources, and no two are the same", () => {
  const sources = mutants.map((mutant) =>
    JSON.stringify([...mutatedSources(mutant)])
  );
  assert.deepEqual(repeated(sources), []);
});

if (COMPILES) {
  test("every mutant compiles to a binary of its own", async () => {
    const names = new Map([[WASM_BASE64, "the release"]]);
    for (const mutant of mutants) {
      const binary = Buffer.from(await compileMutant(mutant));
      const base64 = binary.toString("base64");
      const twin = names.get(base64);
      assert.equal(twin, undefined, `${mutant.name} is ${twin}`);
      names.set(base64, mutant.name);
    }
  });
}
