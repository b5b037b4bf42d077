import assert from "node:assert/strict";
import type { ParkerHandle } from "../../mod.ts";
import { coreOf } from "../cores.ts";
import { sharedWords } from "../threads.ts";
import { SCALE, stress } from "./harness.ts";
import { WAYS } from "./parks.ts";
import { BOOK } from "./shutdown_bodies.ts";

const BODIES = new URL("./shutdown_bodies.ts", import.meta.url);

stress("a shutdown ends every park, wherever it is", BODIES, async (run) => {
  const { random } = run;
  const threads = 2 + random.index(4);
  // A runtime can be shut down once: so threads go through many.
  const rounds = Math.ceil(12 * Math.min(SCALE, 10));
  const runtimes = Array.from({ length: rounds }, () => run.another());
  const parkers = runtimes.map((runtime) =>
    Array.from(
      { length: threads },
      (): ParkerHandle => runtime.parker().detach(),
    )
  );
  const book = sharedWords(rounds * BOOK.words);
  for (let place = 0; place < threads; place++) {
    run.spawn("suffer", {
      runtimes: runtimes.map(({ handle }) => handle),
      parkers,
      place,
      ways: random.pick(WAYS),
      book,
      // Some are shut down by a thread of their own, or by two.
      fatal: random.oneIn(3) ? random.index(200) : Infinity,
    });
  }
  for (let round = 0; round < rounds; round++) {
    const word = (place: number) =>
      Atomics.load(book, round * BOOK.words + place);
    const runtime = runtimes[round]!;
    const unparkers = parkers[round]!.map((handle) => runtime.unparker(handle));
    const steps = random.index(200);
    await run.until(() => {
      // All may be asleep, with nothing else to wake them.
      unparkers.forEach((unparker) => unparker.unpark());
      return word(BOOK.steps) >= steps || runtime.isShutdown;
    });
    runtime.shutdown();
    await run.until(() => word(BOOK.ended) === threads);
    run.check(runtime);
    assert.equal(coreOf(runtime).exports.timersArmed(), 0);
  }
  await run.join();
  assert.ok(runtimes.every((runtime) => runtime.isShutdown));
});
