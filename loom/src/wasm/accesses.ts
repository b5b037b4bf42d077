// The instructions that touch memory: what each is called, and what it does.

import type { RmwName, Site, SiteKind } from "../types.ts";

/** What can be told of an instruction by its opcode. */
export interface Access {
  readonly kind: SiteKind;
  readonly op: string;
  readonly bytes: Site["bytes"];
  readonly wide: boolean;
  readonly rmw?: RmwName;
}

const FIRST_PLAIN = 0x28;

/** In the order of their opcodes, from 0x28 on. */
const PLAIN =
  `i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s
  i32.load16_u i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s
  i64.load32_u i32.store i64.store f32.store f64.store i32.store8 i32.store16
  i64.store8 i64.store16 i64.store32`.split(/\s+/).map(plainAccess);

function plainAccess(op: string): Access {
  const bits = /(?:load|store)(\d+)/.exec(op)?.[1] ?? op.slice(1, 3);
  return {
    kind: op.includes("load") ? "plain load" : "plain store",
    op,
    bytes: bytesOf(bits),
    wide: op.startsWith("i64"),
  };
}

/** The load or the store that an opcode is, if it is one. */
export function plainOf(opcode: number): Access | undefined {
  return PLAIN[opcode - FIRST_PLAIN];
}

/** The seven forms of each atomic access: type, bits, in opcode order. */
const FORMS = [
  ["i32", "32"],
  ["i64", "64"],
  ["i32", "8"],
  ["i32", "16"],
  ["i64", "8"],
  ["i64", "16"],
  ["i64", "32"],
] as const;

/** The atomic accesses of seven forms each, in opcode order from 0xfe 0x10. */
const FAMILIES = [
  "load",
  "store",
  "add",
  "sub",
  "and",
  "or",
  "xor",
  "xchg",
  "cmpxchg",
] as const;

type Family = typeof FAMILIES[number];

const ATOMICS: ReadonlyMap<number, Access> = new Map<number, Access>([
  [0x00, atomic("notify", "memory.atomic.notify", 4)],
  [0x01, atomic("wait", "memory.atomic.wait32", 4)],
  [0x02, { ...atomic("wait", "memory.atomic.wait64", 8), wide: true }],
  [0x03, atomic("fence", "atomic.fence", 0)],
  ...FAMILIES.flatMap((family, row) =>
    FORMS.map((_, column): [number, Access] => [
      0x10 + row * FORMS.length + column,
      familyAccess(family, column),
    ])
  ),
]);

function atomic(kind: SiteKind, op: string, bytes: Site["bytes"]): Access {
  return { kind, op, bytes, wide: false };
}

function familyAccess(family: Family, form: number): Access {
  const [type, bits] = FORMS[form]!;
  const narrow = type.slice(1) === bits ? "" : bits;
  const shape = { bytes: bytesOf(bits), wide: type === "i64" };
  if (family === "load" || family === "store") {
    const sign = family === "load" && narrow ? "_u" : "";
    return {
      kind: family,
      op: `${type}.atomic.${family}${narrow}${sign}`,
      ...shape,
    };
  }
  const op = `${type}.atomic.rmw${narrow}.${family}${narrow && "_u"}`;
  if (family === "cmpxchg") return { kind: family, op, ...shape };
  return { kind: "rmw", op, ...shape, rmw: family };
}

function bytesOf(bits: string): Site["bytes"] {
  return Number(bits) / 8 as Site["bytes"];
}

/** The atomic instruction with an opcode behind 0xfe, if there is one. */
export function atomicOf(opcode: number): Access | undefined {
  return ATOMICS.get(opcode);
}
