import assert from "node:assert/strict";
import { publish, sharedWords } from "../threads.ts";
import { SCALE, stress } from "./harness.ts";
import { WAYS } from "./parks.ts";

const BODIES = new URL("./work_bodies.ts", import.meta.url);

/** How many pieces of work, for each way to wait for it. */
const PIECES = { park: 500_000, hurry: 200_000, yield: 300_000, any: 200_000 };

for (const [ways, pieces] of Object.entries(PIECES)) {
  const name = `a consumer of many producers misses no work, by ${ways}`;
  stress(name, BODIES, async (run) => {
    const pending = sharedWords(1);
    const parker = run.parkers(1)[0]!;
    const producers = 1 + run.random.index(4);
    const count = Math.ceil(pieces * SCALE / producers);
    const total = count * producers;
    run.spawn("consume", { parker, ways, total, pending });
    for (let producer = 0; producer < producers; producer++) {
      run.spawn("produce", { parker, count, pending });
    }
    const [done] = await run.join();
    assert.equal(done, total);
    assert.equal(Atomics.load(pending, 0), 0);
  });
}

stress("carriers lose no letter under torment", BODIES, async (run) => {
  const { random } = run;
  const parkers = run.parkers(2 + random.index(4));
  const count = 1 + random.index(parkers.length + 1);
  const length = Math.ceil(2000 * SCALE / count);
  const letters = sharedWords(count);
  const passes = sharedWords(count).fill(length);
  const end = sharedWords(1);
  run.spawn("torment", {
    addresses: parkers.map(({ address }) => address),
    byFutex: run.variant.wait === "futex",
    end,
  });
  parkers.forEach((_, place) => {
    const ways = random.pick(WAYS);
    run.spawn("carry", { parkers, ways, place, letters, passes });
  });
  await run.until(() =>
    passes.every((_, letter) => Atomics.load(passes, letter) === 0)
  );
  publish(end, 0, 1);
  const [, ...carried] = await run.join();
  assert.equal(carried.reduce((sum, each) => sum + each), count * length);
});
