// What does it cost to take a value to a worker and back?

import { checkEqual, lower, quantile, type Row } from "../../harness.ts";
import { timesWithin } from "./calls.ts";
import { type Job, open } from "./job.ts";

const KIB = 1024;
/** Milliseconds for each. */
const WARM_UP = 300;
const WINDOW = 600;

const PAYLOADS: Readonly<Record<string, unknown>> = {
  "1KiB": bytesOf(KIB),
  "64KiB": bytesOf(64 * KIB),
  "1MiB": bytesOf(KIB * KIB),
  "object": treeOf(4, 4),
};

/** Echoes bytes, and a tree of objects. */
export async function payload(job: Job): Promise<Row[]> {
  const pool = await open(job);
  const rows: Row[] = [];
  for (const [name, value] of Object.entries(PAYLOADS)) {
    const found = await pool.run("echo", value);
    checkEqual({ sent: plain(value), echoed: plain(found) });
    const call = () => pool.run("echo", value);
    await timesWithin(WARM_UP, call);
    const times = await timesWithin(WINDOW, call);
    const us = quantile(times, 0.5) * 1e3;
    rows.push(lower(`${job.bench}_${name}`, job.subject, "µs", us));
  }
  return rows;
}

function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index * 7);
}

/** A tree of objects, as they come from JSON. */
function treeOf(depth: number, breadth: number): unknown {
  return {
    name: `a node at ${depth}`,
    weight: depth / 3,
    flags: [true, false, null],
    children: depth === 1
      ? []
      : Array.from({ length: breadth }, () => treeOf(depth - 1, breadth)),
  };
}

/** To compare: some pools return another kind of bytes. */
function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? Array.from(value) : value;
}
