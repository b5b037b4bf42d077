// A part of the Mandelbrot set as a PNG file. Rows differ much in what they
// take: a worker that is done with its own steals others'.
//
//   node examples/mandelbrot/main.ts mandelbrot.png [WIDTH]
//   bun examples/mandelbrot/main.ts mandelbrot.png [WIDTH]
//   deno run -A examples/mandelbrot/main.ts mandelbrot.png [WIDTH]

import { writeFileSync } from "node:fs";
import process from "node:process";
import { Pool } from "../../mod.ts";
import { encodePng } from "./png.ts";
import type * as tasks from "./tasks.ts";

const BAND_ROWS = 4;

const [file = "mandelbrot.png", size = "960"] = process.argv.slice(2);
const width = Number(size);
if (!Number.isInteger(width) || width < 2) {
  console.error(`WIDTH is a number of pixels, 2 or more: it was ${size}`);
  process.exit(1);
}
const height = Math.round(width * 2 / 3);
const view = { re: -0.7453, im: 0.1127, span: 0.0065, width, height };

function* bands(): Generator<tasks.Band> {
  for (let from = 0; from < height; from += BAND_ROWS) {
    yield { view, from, to: Math.min(from + BAND_ROWS, height) };
  }
}

const module = new URL("./tasks.ts", import.meta.url);
await using pool = await Pool.start<typeof tasks>(module);
const began = performance.now();
const pixels = new Uint8Array(3 * width * height);
let at = 0;
// In the order of the bands, whoever is done first.
for await (const rows of pool.map("render", bands())) {
  pixels.set(rows, at);
  at += rows.length;
}
const seconds = ((performance.now() - began) / 1000).toFixed(2);
writeFileSync(file, encodePng(pixels, width));
console.log(
  `${file}: ${width} x ${height}, by ${pool.workers} workers in ${seconds} s`,
);
