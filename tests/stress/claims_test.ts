import assert from "node:assert/strict";
import { coreOf } from "../cores.ts";
import { publish, sharedWords } from "../threads.ts";
import { PAGE } from "./claims_bodies.ts";
import { SCALE, stress, VARIANTS } from "./harness.ts";
import { WAYS } from "./parks.ts";

const BODIES = new URL("./claims_bodies.ts", import.meta.url);

stress("a record has one owner at a time", BODIES, async (run) => {
  const threads = 3 + run.random.index(3);
  const rounds = Math.ceil(100_000 * SCALE / threads);
  const holders = sharedWords(2 * threads);
  for (let thread = 0; thread < threads; thread++) {
    run.spawn("churn", { rounds, holders });
  }
  await run.join();
  // As many as were ever needed at a time, and all of them free.
  assert.ok(coreOf(run.runtime).exports.parkersUsed() <= 2 * threads);
  assert.ok(holders.every((holder) => holder === 0));
}, VARIANTS.slice(0, 1));

stress("a claim is granted one token, and its own", BODIES, async (run) => {
  const { random, runtime } = run;
  const owners = 2 + random.index(3);
  const rounds = Math.ceil(300 * SCALE);
  const pages = sharedWords(owners * PAGE.words);
  const places = Array.from({ length: owners }, (_, at) => at * PAGE.words);
  const news = sharedWords(1);
  const end = sharedWords(1);
  // The records that owners will claim, by turns.
  const records = Array.from({ length: owners }, () => runtime.parker());
  records.forEach((parker) => parker.release());
  run.spawn("torment", {
    addresses: records.map(({ handle }) => handle.address),
    byFutex: run.variant.wait === "futex",
    end,
  });
  for (const half of [0, 1]) {
    run.spawn("grant", {
      served: places.filter((_, index) => index % 2 === half),
      pages,
      runtimeId: coreOf(runtime).header.id,
      news,
    });
  }
  for (const page of places) {
    run.spawn("claim", { page, pages, ways: random.pick(WAYS), rounds, news });
  }
  await run.until(() =>
    places.every((page) => Atomics.load(pages, page + PAGE.claims) < 0)
  );
  publish(end, 0, 1);
  const [, ...results] = await run.join();
  const stale = results[0] + results[1];
  assert.ok(stale > 0, "No unpark was stale");
  const free = records.map(({ handle }) => handle.address);
  const taken = free.map(() => runtime.parker());
  // Nothing was lost from the free list, and nothing is on it twice.
  assert.deepEqual(
    taken.map(({ handle }) => handle.address).sort((a, b) => a - b),
    free,
  );
  taken.forEach((parker) => parker.release());
});
