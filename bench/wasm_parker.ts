// The contender in bare WebAssembly: the state machine of js_parker.ts and
// native/park.c, with nothing around it.

/** What threads share: structured clone carries it. */
export interface WasmParkers {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** Bytes from one parker to the next. */
const STRIDE = 128;

// States: EMPTY 0, PARKED 1, NOTIFIED 3. In base64, since the compiler that makes
// it of this text would go on to use the CPU while the bench runs:
//
//   (module
//     (import "env" "memory" (memory 1 1 shared))
//     (func (export "unpark") (param $word i32)
//       (if (i32.eq (i32.atomic.rmw.xchg (local.get $word) (i32.const 3))
//                   (i32.const 1))
//         (then (drop
//           (memory.atomic.notify (local.get $word) (i32.const 1))))))
//     (func $take (param $word i32) (result i32)
//       (i32.eq (i32.atomic.rmw.cmpxchg
//           (local.get $word) (i32.const 3) (i32.const 0))
//         (i32.const 3)))
//     (func (export "park") (param $word i32)
//       (if (call $take (local.get $word)) (then (return)))
//       (if (i32.atomic.rmw.cmpxchg
//             (local.get $word) (i32.const 0) (i32.const 1))
//         (then
//           (drop (i32.atomic.rmw.xchg (local.get $word) (i32.const 0)))
//           (return)))
//       (loop $again
//         (drop (memory.atomic.wait32
//           (local.get $word) (i32.const 1) (i64.const -1)))
//         (br_if $again (i32.eqz (call $take (local.get $word)))))))
const BASE64 =
  "AGFzbQEAAAABCgJgAX8AYAF/AX8CEAEDZW52Bm1lbW9yeQIDAQEDBAMAAQAHEQIGdW5wYXJrAAAE" +
  "cGFyawACCmIDGQAgAEED/kECAEEBRgRAIABBAf4AAgAaCwsPACAAQQNBAP5IAgBBA0YLNgAgABAB" +
  "BEAPCyAAQQBBAf5IAgAEQCAAQQD+QQIAGg8LA0AgAEEBQn/+AQIAGiAAEAFFDQALCw==";

/** A module, and a memory of 512 parkers without a token. */
export function newWasmParkers(): WasmParkers {
  const bytes = Uint8Array.from(atob(BASE64), (char) => char.charCodeAt(0));
  const pages = { initial: 1, maximum: 1, shared: true };
  return {
    module: new WebAssembly.Module(bytes),
    memory: new WebAssembly.Memory(pages),
  };
}

/** Both ends of a parker. Any thread may unpark; only one may park. */
export class WasmParker {
  readonly #exports: Record<"park" | "unpark", (word: number) => void>;
  readonly #word: number;

  constructor({ module, memory }: WasmParkers, place: number) {
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    this.#exports = instance.exports as never;
    this.#word = place * STRIDE;
  }

  /** Makes the token available, and wakes the owner if it is parked. */
  unpark(): void {
    this.#exports.unpark(this.#word);
  }

  /** Blocks until the token is there, and takes it. */
  park(): void {
    this.#exports.park(this.#word);
  }
}
