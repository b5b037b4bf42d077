// Tasks that move what they return, and tasks that keep it.

import { spawn, transfer } from "../../../task.ts";

let kept = new Uint8Array(0);

/** Returns bytes that the module keeps: the same ones again, if so many. */
export function keep(length: number): Uint8Array {
  if (kept.length !== length) kept = new Uint8Array(length).fill(7);
  return kept;
}

/** Moves those. */
export function moveKept(): Uint8Array {
  return transfer(kept, [kept.buffer]);
}

export async function moveKeptLater(): Promise<Uint8Array> {
  await undefined;
  return moveKept();
}

/** How many are left here. */
export function countKept(): number {
  return kept.length;
}

/** Moves one of two buffers in an object. */
export function moveOne(): { moved: Float64Array; copied: Uint8Array } {
  const pair = { moved: new Float64Array([1, 2]), copied: keep(10) };
  return transfer(pair, [pair.moved.buffer]);
}

/** Says that it moves bytes, and returns them in another object. */
export function moveNested(): { bytes: Uint8Array } {
  return { bytes: transfer(kept, [kept.buffer]) };
}

/** A spawned task moves what it keeps. Returns how much came, and what it is. */
export function joinMoved(): [number, number] {
  const { length } = spawn<typeof moveKept>("moveKept", []).join();
  return [length, kept.length];
}

export function movePort(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage("hello");
  return transfer(port2, [port2]);
}

/** Moves or returns what cannot be sent. */
export function moveBadly(how: string): unknown {
  const bytes = new Uint8Array(8);
  const wrong: Record<string, () => unknown> = {
    "a number": () => transfer(5 as never, []),
    "no list": () => transfer(bytes, bytes.buffer as never),
    "no buffer": () => transfer(bytes, [{} as never]),
    "twice": () => transfer(bytes, [bytes.buffer, bytes.buffer]),
    "gone": () => {
      structuredClone(bytes, { transfer: [bytes.buffer] });
      return transfer(bytes, [bytes.buffer]);
    },
    "a buffer that is gone": () => {
      structuredClone(bytes, { transfer: [bytes.buffer] });
      return bytes.buffer;
    },
  };
  return wrong[how]!();
}
