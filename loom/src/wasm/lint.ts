// Finds what makes a binary unfit for threads: state of which each instance has
// a copy, and writes that each instantiation does again over live memory. An
// exploration would not show these: it instantiates everything at first.

import { type Outline, readOutline } from "./outline.ts";

/** What is wrong with a binary. */
export interface Finding {
  /** A stable name: `mutable-global`. */
  readonly rule: string;
  /** What is wrong, and why it matters. */
  readonly message: string;
}

type Rule = (outline: Outline) => readonly string[];

const RULES: Readonly<Record<string, Rule>> = {
  "active-data": ({ data }) =>
    indicesOf(data).map((index) =>
      `Data segment ${index} is active: each thread that instantiates the ` +
      "module writes it again, over what the others have there"
    ),
  "mutable-global": ({ globals }) =>
    indicesOf(globals).map((index) =>
      `Global ${index} is mutable: each thread has a copy of it`
    ),
  "start-function": ({ start }) =>
    start === undefined
      ? []
      : [`Function ${start} runs whenever a thread instantiates the module`],
  "foreign-import": ({ imports }) =>
    imports.filter(({ kind }) => kind !== "memory").map((entry) =>
      `The ${entry.kind} ${entry.module}.${entry.name} is imported: what it ` +
      "does is not in the memory"
    ),
  "memory-not-imported": ({ memories, imports }) => {
    if (memories.length > 0) {
      return ["A memory is defined: each thread has one of its own"];
    }
    const isImported = imports.some(({ kind }) => kind === "memory");
    return isImported ? [] : ["No memory is imported"];
  },
  "memory-not-shared": (outline) =>
    memoriesOf(outline).filter(({ shared }) => !shared).map(({ name }) =>
      `The memory ${name} is not shared`
    ),
  "several-memories": (outline) => {
    const { length } = memoriesOf(outline);
    return length > 1 ? [`There are ${length} memories`] : [];
  },
  "no-maximum": (outline) =>
    memoriesOf(outline).filter(({ maximum }) => maximum === undefined).map(
      ({ name }) => `The memory ${name} has no maximum`,
    ),
};

/**
 * Finds what makes a binary unfit for threads. Empty if nothing does.
 *
 * @throws {UnsupportedWasmError} If it has a section or a type that is unknown.
 */
export function lint(wasm: Uint8Array): Finding[] {
  const outline = readOutline(wasm);
  return Object.entries(RULES).flatMap(([rule, find]) =>
    find(outline).map((message) => ({ rule, message }))
  );
}

function indicesOf(flags: readonly boolean[]): number[] {
  return [...flags.keys()].filter((index) => flags[index]);
}

function memoriesOf({ imports, memories }: Outline) {
  const imported = imports.flatMap(({ module, name, limits }) =>
    limits ? [{ ...limits, name: `${module}.${name}` }] : []
  );
  const defined = memories.map((limits, index) => ({
    ...limits,
    name: `${imported.length + index}`,
  }));
  return [...imported, ...defined];
}
