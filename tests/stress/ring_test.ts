import assert from "node:assert/strict";
import type { ParkerHandle } from "../../mod.ts";
import { publish, sharedWords } from "../threads.ts";
import { type Run, SCALE, stress } from "./harness.ts";
import { WAYS, type Ways } from "./parks.ts";

const BODIES = new URL("./ring_bodies.ts", import.meta.url);

interface Ring {
  readonly ways: readonly Ways[];
  readonly stations: number;
  readonly rounds: number;
  readonly clock?: ParkerHandle | undefined;
}

/** Starts the threads of a ring. Returns the word that counts its passes. */
function startRing(run: Run, { ways, stations, rounds, clock }: Ring) {
  const handles = run.parkers(stations);
  const passes = sharedWords(1);
  handles.forEach((parker, place) => {
    run.spawn("station", {
      parker,
      next: handles[(place + 1) % stations],
      ways: ways[place % ways.length],
      place,
      stations,
      rounds,
      passes,
      clock,
    });
  });
  run.runtime.unparker(handles[0]!).unpark();
  return passes;
}

/** Starts a tormentor of all parkers, which ends with this word. */
function startTorment(run: Run, handles: readonly ParkerHandle[]) {
  const end = sharedWords(1);
  run.spawn("torment", {
    addresses: handles.map(({ address }) => address),
    byFutex: run.variant.wait === "futex",
    end,
  });
  return end;
}

function passesOf(words: Int32Array): number {
  return Atomics.load(words, 0);
}

for (const ways of ["park", "hurry", "yield"] as const) {
  stress(`a ring passes its token exactly, by ${ways}`, BODIES, async (run) => {
    // Those in a hurry never sleep: more of them would want for processors.
    const stations = ways === "hurry" ? 2 : 2 + run.random.index(3);
    const rounds = Math.ceil(3000 * SCALE / stations);
    const passes = startRing(run, { ways: [ways], stations, rounds });
    await run.join();
    assert.equal(passesOf(passes), rounds * stations);
  });
}

stress("rings pass their tokens under torment", BODIES, async (run) => {
  const { random } = run;
  const clock = run.parkers(1)[0]!;
  const end = sharedWords(1);
  const rings = [2, 2 + random.index(2)].map((stations) => {
    const rounds = Math.ceil(800 * SCALE / stations);
    const ways = Array.from({ length: stations }, () => random.pick(WAYS));
    const passes = startRing(run, { ways, stations, rounds, clock });
    return { passes, expected: stations * rounds };
  });
  run.spawn("clock", { parker: clock, ways: "loop", end });
  const torment = startTorment(run, [clock]);
  await run.until(() =>
    rings.every(({ passes, expected }) => passesOf(passes) === expected)
  );
  publish(end, 0, 1);
  publish(torment, 0, 1);
  run.runtime.unparker(clock).unpark();
  await run.join();
});
