import { sharedWords } from "../threads.ts";
import { SCALE, stress, VARIANTS } from "./harness.ts";

const BODIES = new URL("./races_bodies.ts", import.meta.url);

// The steps are the core's alone: they do not depend on how a host sleeps.
stress("no race of two steps loses anything", BODIES, async (run) => {
  const { runtime } = run;
  const parkers = Array.from({ length: 3 }, () => runtime.parker());
  const args = {
    rounds: Math.ceil(1500 * SCALE),
    parkers: parkers.map(({ handle }) => handle),
    timer: runtime.timer(parkers[1]!.handle).handle,
    far: runtime.now() + 1e9,
    words: sharedWords(4),
  };
  run.spawn("race", { ...args, side: 0 });
  run.spawn("race", { ...args, side: 1 });
  await run.join();
}, VARIANTS.slice(0, 1));
