// What the parts of the checker say to each other, and to its users. Types only.

/** A place in a source file. Lines count from 1, columns from 0. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
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
  readonly source?: SourcePlace;
}

/** The memory that the original binary imports. Sizes in pages of 64 KiB. */
export interface MemoryImport {
  readonly module: string;
  readonly name: string;
  readonly initial: number;
  readonly maximum: number;
}

/** A binary that can be explored. */
export interface Program {
  /** Of the original binary, in hex. */
  readonly sha256: string;
  /** The original, rewritten and asyncified. */
  readonly module: WebAssembly.Module;
  readonly sites: readonly Site[];
  readonly memory: MemoryImport;
}
