// Writes a PNG file: eight bits each of red, green and blue, no more.
// https://www.w3.org/TR/png-3/

import { Buffer } from "node:buffer";
import { deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
const BITS = 8;
const RGB = 2;
/** A byte of a row is written as its difference to the one above. */
const FILTER_UP = 2;

/** @param pixels Three bytes each, row by row from the top. */
export function encodePng(pixels: Uint8Array, width: number): Buffer {
  const stride = 3 * width;
  const height = pixels.length / stride;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = BITS;
  header[9] = RGB;
  const rows = new Uint8Array((1 + stride) * height);
  for (let y = 0, to = 0; y < height; y++) {
    rows[to++] = FILTER_UP;
    for (let from = y * stride; from < (y + 1) * stride; from++) {
      rows[to++] = pixels[from]! - (pixels[from - stride] ?? 0);
    }
  }
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(content.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** https://www.w3.org/TR/png-3/#D-CRCAppendix */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return ~crc >>> 0;
}
