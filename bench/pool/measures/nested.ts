// How many tasks a second, if tasks spawn tasks and join them?

import { checkEqual, type Row } from "../../harness.ts";
import type { RunningPool } from "../subject.ts";
import { type Job, open } from "./job.ts";
import { warmUp } from "./throughput.ts";

const NODES = 1_000_000;
/** Milliseconds that a tree may take. A slow pool gets a smaller one. */
const LONGEST = 2_000;

/** Counts the nodes of a tree, with a task for each. */
export async function nested(job: Job): Promise<Row[]> {
  const { bench, subject } = job;
  const pool = await open(job);
  const count = pool.tree?.bind(pool);
  const time = (nodes: number) =>
    timeOf(nodes, count ?? ((size) => countHere(pool, size)));
  const rate = await warmUp(time);
  const nodes = count ? NODES : Math.min(NODES, Math.ceil(rate * LONGEST));
  if (nodes < NODES) console.error(`only ${nodes} of ${NODES} nodes`);
  const value = nodes / await time(nodes) * 1e3;
  return [{ bench, subject, unit: "nodes/s", value, better: "higher" }];
}

/** Milliseconds that a tree takes. */
async function timeOf(
  nodes: number,
  count: (nodes: number) => Promise<number>,
): Promise<number> {
  const start = performance.now();
  const counted = await count(nodes);
  const taken = performance.now() - start;
  checkEqual({ "no pool": nodes, "the pool": counted });
  return taken;
}

/**
 * What is left to a pool whose tasks cannot spawn: a task says which children
 * there are, and the caller submits and joins these.
 */
async function countHere(pool: RunningPool, nodes: number): Promise<number> {
  const children = await pool.run("fork", nodes) as number[];
  const counts = children.map((size) => countHere(pool, size));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 1);
}
