// What the parts of the checker say to each other, and to its users. Types only.

/** A place in a source file. Lines count from 1, columns from 0. */
export interface SourcePlace {
  /** As the source map calls it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 0. */
  readonly column: number;
}

/** What an instruction does to memory. */
export type SiteKind =
  | "load"
  | "store"
  | "rmw"
  | "cmpxchg"
  | "wait"
  | "notify"
  | "fence"
  | "plain load"
  | "plain store"
  | "fill"
  | "copy";

/** What a read-modify-write does with what it finds. */
export type RmwName = "add" | "sub" | "and" | "or" | "xor" | "xchg";

/** An instruction of the original binary that touches memory. */
export interface Site {
  /** Its place in `Program.sites`. */
  readonly id: number;
  /** What it does. */
  readonly kind: SiteKind;
  /** As the text format has it: `i32.atomic.rmw8.add_u`. */
  readonly op: string;
  /** Bytes that it touches; 0 for a fence, and for a fill or a copy. */
  readonly bytes: 0 | 1 | 2 | 4 | 8 | 16;
  /** Whether its values are i64. */
  readonly wide: boolean;
  /** For a `rmw`. */
  readonly rmw?: RmwName;
  /** What is added to the address operand. */
  readonly offset: number;
  /** Where the instruction begins in the original binary, in bytes. */
  readonly pc: number;
  /** The function that it is in: its name or an export's, else `func N`. */
  readonly func: string;
  /** Where it comes from, if there is a source map. */
  readonly source?: SourcePlace;
}

/** The memory that the original binary imports. Sizes in pages of 64 KiB. */
export interface MemoryImport {
  /** The name of the module that it is imported from. */
  readonly module: string;
  /** Its own name there. */
  readonly name: string;
  /** What it begins with. */
  readonly initial: number;
  /** What it may grow to. */
  readonly maximum: number;
}

/** A binary that can be explored. */
export interface Program {
  /** Of the original binary, in hex. */
  readonly sha256: string;
  /** The original, rewritten and asyncified. */
  readonly module: WebAssembly.Module;
  /** All instructions that touch memory. */
  readonly sites: readonly Site[];
  /** The memory that threads share. */
  readonly memory: MemoryImport;
}
