// UTF-8, in memory that may be shared. Browsers refuse to code text there.
// https://github.com/whatwg/encoding/issues/172

const encoder = new TextEncoder();
/** It decodes all there is: no BOM is taken off. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Whether the platform decodes from shared memory, and encodes into it. */
const takesShared = probe();

function probe(): boolean {
  try {
    const bytes = new Uint8Array(new SharedArrayBuffer(1));
    encoder.encodeInto("a", bytes);
    return decoder.decode(bytes) === "a";
  } catch {
    return false;
  }
}

function takes(bytes: Uint8Array): boolean {
  return takesShared || bytes.buffer instanceof ArrayBuffer;
}

/** Writes text. Returns how many bytes that took; there is room for all. */
export function encodeText(text: string, bytes: Uint8Array): number {
  if (takes(bytes)) return encoder.encodeInto(text, bytes).written;
  const own = encoder.encode(text);
  bytes.set(own);
  return own.length;
}

/** Reads text. */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(takes(bytes) ? bytes : bytes.slice());
}
