// Outcomes of instructions that no scenario reaches, and why that is right.

/** An outcome that is not reached, wherever the instruction is. */
export interface Gap {
  /** The function that the instruction is in. */
  readonly func: string;
  /** As the text format has it. */
  readonly op: string;
  /** As the checker names it. */
  readonly outcome: string;
  readonly why: string;
}

export const GAPS: readonly Gap[] = [];
