import assert from "node:assert/strict";
import { coreOf } from "../cores.ts";
import { publish, sharedWords } from "../threads.ts";
import { unparksOf } from "../trace_checker.ts";
import { type Run, SCALE, stress } from "./harness.ts";
import { WAYS, type Ways } from "./parks.ts";
import { LEDGER } from "./timers_bodies.ts";

const BODIES = new URL("./timers_bodies.ts", import.meta.url);

/**
 * Starts a thread that serves the driver, where blocking parks do not. Returns
 * what ends it.
 */
function startServer(run: Run): () => void {
  if (run.variant.driver !== "event-loop") return () => {};
  const parker = run.parkers(1)[0]!;
  const end = sharedWords(1);
  run.spawn("serve", { parker, end });
  return () => {
    publish(end, 0, 1);
    run.runtime.unparker(parker).unpark();
  };
}

stress("every sleeper is woken by its timer, in time", BODIES, async (run) => {
  const { random } = run;
  const rounds = Math.ceil(60 * SCALE);
  const parkers = run.parkers(2 + random.index(4));
  const endServer = startServer(run);
  parkers.forEach((parker) => {
    run.spawn("alarmed", { parker, ways: random.pick(WAYS), rounds });
  });
  const core = coreOf(run.runtime);
  await run.until(() =>
    parkers.every(({ address, claim }) =>
      !core.exports.parkerIsClaimed(address, claim)
    )
  );
  endServer();
  await run.join();
});

stress("who leaves the driver leaves no timer behind", BODIES, async (run) => {
  const { random, variant } = run;
  const rounds = Math.ceil(250 * SCALE);
  const parkers = run.parkers(2 + random.index(3));
  const through = sharedWords(1);
  // Where blocking parks do not serve the driver, they would be left alone.
  const ways: readonly Ways[] = variant.driver === "time"
    ? ["park", "park", "yield", "any"]
    : ["yield", "loop"];
  parkers.forEach((_, place) => {
    const args = { parkers, place, rounds, through };
    run.spawn("leave", { ...args, ways: random.pick(ways) });
  });
  await run.join();
});

stress("a timer that many threads arm fires once", BODIES, async (run) => {
  const { random, runtime } = run;
  const targets = run.parkers(12);
  const timers = targets.map((target) => runtime.timer(target));
  const parkers = run.parkers(2 + random.index(3));
  const args = {
    timers: timers.map(({ handle }) => handle),
    steps: Math.ceil(800 * SCALE),
    busy: sharedWords(timers.length),
    ledger: sharedWords(timers.length * LEDGER.entries),
    deadlines: new Float64Array(new SharedArrayBuffer(8 * timers.length)),
    finished: sharedWords(1),
  };
  const torment = sharedWords(1);
  const endServer = startServer(run);
  run.spawn("torment", {
    addresses: parkers.map(({ address }) => address),
    byFutex: run.variant.wait === "futex",
    end: torment,
  });
  parkers.forEach((parker) => {
    run.spawn("meddle", { ...args, parker, ways: random.pick(WAYS) });
  });
  await run.until(() => Atomics.load(args.finished, 0) === parkers.length);
  // No thread of this runtime is awake that could fire them, but one that
  // sleeps in the driver.
  await run.until(() => timers.every(({ state }) => state === "fired"));
  publish(torment, 0, 1);
  endServer();
  for (const parker of parkers) runtime.unparker(parker).unpark();
  await run.join();

  const core = coreOf(runtime);
  targets.forEach((target, index) => {
    const entry = (place: number) =>
      Atomics.load(args.ledger, index * LEDGER.entries + place);
    const fired = unparksOf(core, target);
    const due = entry(LEDGER.armed) - entry(LEDGER.cancelled);
    const story = `timer ${index} fired ${fired} times, ${due} were due, ` +
      `${entry(LEDGER.replaced)} may have been replaced`;
    assert.ok(fired <= due, story);
    assert.ok(fired >= due - entry(LEDGER.replaced), story);
  });
});
