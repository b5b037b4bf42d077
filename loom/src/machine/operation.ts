// What a thread is about to do: an operation, and what it does to memory.

/** The kinds of operation. */
export const LOAD = 0;
export const STORE = 1;
export const ADD = 2;
export const SUB = 3;
export const AND = 4;
export const OR = 5;
export const XOR = 6;
export const XCHG = 7;
export const CMPXCHG = 8;
export const WAIT = 9;
export const NOTIFY = 10;
export const FENCE = 11;
/** The end of a sleep. */
export const RETURN = 12;
export const PLAIN_LOAD = 13;
export const PLAIN_STORE = 14;

/** Of all kinds, by their numbers. */
export const NAMES: readonly string[] = [
  ...["load", "store", "add", "sub", "and", "or", "xor", "xchg", "cmpxchg"],
  ...["wait", "notify", "fence", "wake", "plain load", "plain store"],
];

/** An operation that a thread has announced. One for each thread, reused. */
export class Operation {
  code = FENCE;
  /** Its place among the program's sites; -1 if a body does it. */
  site = -1;
  /** In bytes. */
  address = 0;
  bytes = 4;
  /** Whether its values are bigints. */
  wide = false;
  /** The value; what is expected; how many to wake. */
  first: number | bigint = 0;
  /** The replacement. */
  second: number | bigint = 0;
  /** Whether a sleep may time out. */
  timed = false;

  /** Becomes another. */
  set(
    code: number,
    site: number,
    address: number,
    bytes: number,
    wide: boolean,
    first: number | bigint,
    second: number | bigint,
    timed: boolean,
  ): void {
    this.code = code;
    this.site = site;
    this.address = address;
    this.bytes = bytes;
    this.wide = wide;
    this.first = first;
    this.second = second;
    this.timed = timed;
  }

  /** Becomes the same as another. */
  copy(other: Operation): void {
    this.set(
      other.code,
      other.site,
      other.address,
      other.bytes,
      other.wide,
      other.first,
      other.second,
      other.timed,
    );
  }
}
