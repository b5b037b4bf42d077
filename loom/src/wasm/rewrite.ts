// Replaces whatever touches memory by calls of imported functions, so that a
// scheduler may decide which thread goes on before each. See hooks.ts for these
// functions. It works on the bytes: a stack machine has the operands of an
// instruction where a call wants them, and nothing else has to move.
//
// Imported functions come first: by their number, each index of a function in
// the binary moves up.

import type { MemoryImport, Site } from "../types.ts";
import { AddedTypes } from "./added_types.ts";
import { type AddSite, BodyRewriter } from "./body.ts";
import { emit } from "./emit.ts";
import { refuse, UnsupportedWasmError } from "./errors.ts";
import { HOOKS } from "./hooks.ts";
import { functionNames } from "./names.ts";
import { type Outline, readOutline } from "./outline.ts";
import type { FindPlace } from "./source_map.ts";
import { Wrappers } from "./wrappers.ts";

/** The most pages of 64 KiB that a memory can have. */
const MOST_PAGES = 65536;

/** What the rewriter cannot find in the binary. */
export interface RewriteOptions {
  readonly place?: FindPlace | undefined;
}

/** A binary whose accesses are calls of the module "loom". */
export interface Rewritten {
  readonly wasm: Uint8Array;
  /** The last argument of the calls is an index of these. */
  readonly sites: Site[];
  /** As the original has it. The one that is imported now is not shared. */
  readonly memory: MemoryImport;
}

/** Of a function, by its name and where its body starts. */
type AddSiteOf = (func: string, bodyStart: number) => AddSite;

/**
 * Rewrites a binary.
 *
 * @throws {UnsupportedWasmError} If it has anything that is not known.
 */
export function rewrite(
  wasm: Uint8Array,
  { place }: RewriteOptions = {},
): Rewritten {
  const outline = readOutline(wasm);
  const memory = onlyImport(outline);
  const types = new AddedTypes(outline.types);
  const hookTypes = HOOKS.map(([, signature]) => types.indexOf(signature));
  const wrappers = new Wrappers(HOOKS.length + outline.functions, types);
  const sites: Site[] = [];
  const addSiteOf: AddSiteOf = (func, start) => (access, pc, offset) => {
    const source = place?.(pc, start);
    const site = { id: sites.length, ...access, offset, pc, func };
    sites.push(source ? { ...site, source } : site);
    return site.id;
  };
  const bodies = rewriteBodies(outline, wrappers, addSiteOf);
  const emitted = { outline, memory, types, hookTypes, wrappers, bodies };
  return { wasm: emit(emitted), sites, memory };
}

/** The one memory: the only thing that may be imported. */
function onlyImport({ imports, memories }: Outline): MemoryImport {
  for (const { kind, module, name, at } of imports) {
    if (kind !== "memory") refuse(`The imported ${kind} ${module}.${name}`, at);
  }
  const [entry, second] = imports;
  if (second) {
    refuse(`A second memory, ${second.module}.${second.name},`, second.at);
  }
  if (!entry?.limits) throw new UnsupportedWasmError("No memory is imported");
  if (memories.length > 0) {
    throw new UnsupportedWasmError("A memory is defined, not imported");
  }
  const { module, name, limits } = entry;
  const { minimum: initial, maximum = MOST_PAGES } = limits;
  return { module, name, initial, maximum };
}

function rewriteBodies(
  outline: Outline,
  wrappers: Wrappers,
  addSiteOf: AddSiteOf,
): (readonly number[])[] {
  const code = outline.sections.get("code");
  const nameOf = functionNames(outline);
  const bodies: (readonly number[])[] = [];
  const count = code?.u32() ?? 0;
  for (let index = 0; code && index < count; index++) {
    const body = code.part(code.u32());
    const addSite = addSiteOf(nameOf(index), body.position);
    bodies.push(new BodyRewriter(body, wrappers, addSite).rewrite());
  }
  return bodies;
}
