// The heap's chunks: each is one thread's, is free when all that was put into it
// was read, and is nobody's when its thread has died.

import { CHUNK_BYTES, RETURNED } from "../../src/core/core.generated.ts";
import type { Alone, Body } from "../../loom/src/scenario.ts";
import { type Entry, pr } from "../entry.ts";
import { memberOf, submit, waitForAll } from "../pool_facade.ts";
import { type PoolPlan, PoolWorld } from "../pool_world.ts";

/** Words of a task. */
const RESULT = 16;
const VALUE = 48;
/** The threads of the two workers. */
const ONE = 2;
const OTHER = 3;

interface HeapPlan extends PoolPlan {
  readonly name: string;
  readonly prepare?: (alone: Alone, pool: PoolWorld) => void;
  readonly threads: (pool: PoolWorld) => Record<string, Body>;
  readonly final: (
    alone: Alone,
    pool: PoolWorld,
    results: Readonly<Record<string, unknown>>,
  ) => void;
  readonly mortal?: readonly string[];
}

function heap(plan: HeapPlan): Entry {
  const { name, prepare, threads, final, mortal = [] } = plan;
  const pool = new PoolWorld(plan);
  return pr({
    name,
    setup(alone) {
      pool.setup(alone);
      prepare?.(alone, pool);
    },
    threads: threads(pool),
    mortal,
    ...(mortal.length === 0 ? {} : {
      *recover(t) {
        yield* t.call("workerRecover", 0, 0);
      },
    }),
    final: (alone, results) => final(alone, pool, results),
  }, { deaths: mortal.length });
}

/** Where a piece in a chunk could be. */
function pieceIn(pool: PoolWorld, chunk: number): number {
  return pool.heap + chunk * CHUNK_BYTES + 8;
}

/** Checks which chunks are free. */
function checkFree(alone: Alone, pool: PoolWorld, free: readonly number[]) {
  const all = Array.from({ length: pool.plan.chunks }, (_, chunk) => chunk);
  const found = all.filter((chunk) => pool.isChunkFree(alone, chunk));
  alone.assert(found.join() === free.join(), `free are ${found}`);
}

const claims = heap({
  name: "two threads claim two chunks in a row, of three",
  workers: 2,
  chunks: 3,
  threads: () => ({
    *one(t) {
      return yield* t.call("chunksClaim", ONE, 2, 3);
    },
    *other(t) {
      return yield* t.call("chunksClaim", OTHER, 2, 3);
    },
  }),
  final(alone, pool, { one, other }) {
    const claimed = [one, other].filter((first) => first !== -1);
    // Each may stand in the other's way.
    alone.assert(claimed.length < 2, `both have a row: ${claimed}`);
    const first = Number(claimed[0] ?? -2);
    const free = [0, 1, 2].filter((chunk) =>
      chunk !== first && chunk !== first + 1
    );
    checkFree(alone, pool, free);
  },
});

const pieces = heap({
  name: "a chunk is free when it is sealed and all pieces are read",
  workers: 2,
  chunks: 1,
  prepare(alone) {
    alone.call("chunksClaim", ONE, 1, 1);
  },
  threads: (pool) => ({
    *owner(t) {
      yield* t.call("chunkSeal", 0, 2);
    },
    *reader(t) {
      yield* t.call("chunkFree", pieceIn(pool, 0));
    },
    *other(t) {
      yield* t.call("chunkFree", pieceIn(pool, 0));
      return yield* t.call("chunksClaim", OTHER, 1, 1);
    },
  }),
  final(alone, pool, { other }) {
    checkFree(alone, pool, other === 0 ? [] : [0]);
  },
});

const rows = heap({
  name: "a row of chunks is free when its piece is read",
  workers: 2,
  chunks: 3,
  prepare(alone) {
    alone.call("chunksClaim", ONE, 2, 3);
    alone.call("chunkSeal", 0, 1);
  },
  threads: (pool) => ({
    *reader(t) {
      yield* t.call("chunkFree", pieceIn(pool, 0));
    },
    *other(t) {
      return yield* t.call("chunksClaim", OTHER, 2, 3);
    },
  }),
  final(alone, pool, { other }) {
    const free = [[2], [0]][Number(other)] ?? [0, 1, 2];
    checkFree(alone, pool, free);
  },
});

/** A worker that dies, whose result a caller reads and frees meanwhile. */
const dies = heap({
  name: "a dead worker's chunk is free when its last result is read",
  workers: 1,
  chunks: 2,
  prepare(alone, pool) {
    alone.call("chunksClaim", pool.threadOf(0), 1, 1);
    pool.submit(alone, 0, 0);
    pool.take(alone, 0);
    alone.write(pool.task(0) + RESULT, pieceIn(pool, 0));
    alone.write(pool.task(0) + VALUE, 100);
  },
  threads: (pool) => ({
    *mortal(t) {
      yield* t.call("workerFinish", 0, pool.task(0), RETURNED);
      yield* t.call("chunkSeal", 0, 1);
    },
    *creator(t) {
      const member = memberOf(pool, t);
      member.pending.set(pool.task(0), 0);
      yield* waitForAll(member);
      // Another use of the record, while chunks are looked through.
      yield* submit(member, 1);
    },
  }),
  mortal: ["mortal"],
  final(alone, pool) {
    // What was still needed is free after the next death.
    if (!pool.isChunkFree(alone, 0)) alone.call("workerRecover", 0, 0);
    checkFree(alone, pool, [0, 1]);
  },
});

/** A worker that died before it was anything. */
const neverBegan = heap({
  name: "a worker that never began has no chunks to give back",
  workers: 1,
  chunks: 1,
  closed: [0],
  threads: () => ({
    *supervisor(t) {
      yield* t.call("workerRecover", 0, 0);
    },
    *other(t) {
      return yield* t.call("chunksClaim", OTHER, 1, 1);
    },
  }),
  final(alone, pool, { other }) {
    alone.assert(other === 0, "a free chunk was not to be had");
    checkFree(alone, pool, []);
  },
});

export const scenarios: readonly Entry[] = [
  claims,
  pieces,
  rows,
  dies,
  neverBegan,
];
