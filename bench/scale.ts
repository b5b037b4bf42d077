// Does it take longer to wake a thread when more threads are parked?

import process from "node:process";
import { ready, sleep } from "./echoes.ts";
import {
  type Contender,
  emit,
  interleave,
  lower,
  type Row,
} from "./harness.ts";
import { LaybyCrew } from "./layby_crew.ts";
import { ANSWERED } from "./workers/notes.ts";

const TURNS = { batches: 7, batch: 12, warmUp: 40 };
/** Threads that start at the same time. */
const STARTING = 8;
const START_TIMEOUT = 60_000;
/** Calls in turn find each thread's code compiled only after so many calls. */
const WARM_UP = 2_000;
/** More threads than these are not called in turn: they start cold. */
const MOST_IN_TURN = 64;

const [
  /** "scale_one_core" or "scale_unpinned". The caller has pinned the process. */
  bench = "scale_unpinned",
  ...sizes
] = process.argv.slice(2);
/** Where the threads share a core, what a call takes does not depend on where
 * the kernel has put the one that is called. */
const inTurn = bench === "scale_one_core";

/** Starts threads until there are so many, and checks that each answers. */
async function grow(crew: LaybyCrew, size: number): Promise<void> {
  const first = crew.notes.length;
  while (crew.notes.length < size) {
    for (let thread = 0; thread < STARTING; thread++) {
      if (crew.notes.length < size) crew.add();
    }
    const late = sleep(START_TIMEOUT).then(() => {
      throw new Error("they take too long");
    });
    await Promise.race([ready(crew.notes), crew.failed, late]);
  }
  const calls = inTurn && size <= MOST_IN_TURN ? WARM_UP : 10;
  for (let thread = first; thread < size; thread++) {
    crew.call(thread, calls);
    if (crew.notes[thread]![ANSWERED] === calls) continue;
    throw new Error(`thread ${thread} has not answered each call`);
  }
}

/** One thread is called, and the others stay parked. */
function callsOfOne(crew: LaybyCrew, name: string): Contender[] {
  return [
    { subject: `layby ${name}`, run: (trips) => crew.call(0, trips) },
    { subject: `unpark ${name}`, run: (trips) => crew.callTimed(0, trips) },
  ];
}

/** Each thread is called, one after the other. */
function callsInTurn(crew: LaybyCrew, size: string): Contender[] {
  if (!inTurn || Number(size) > MOST_IN_TURN) return [];
  const subject = `layby ${size} in turn`;
  return [{ subject, run: (trips) => crew.callInTurn(trips) }];
}

async function measure(contenders: readonly Contender[]): Promise<Row[]> {
  const times = await interleave(contenders, TURNS);
  return times.map((ms, index) =>
    lower(bench, contenders[index]!.subject, "µs", ms * 1e3)
  );
}

// One thread in a runtime of its own, measured again beside each size.
const alone = new LaybyCrew({ parkers: 2 });
await grow(alone, 1);
const rows = await measure([
  ...callsOfOne(alone, "1"),
  ...callsInTurn(alone, "1"),
]);
const crew = new LaybyCrew({ parkers: 1024 });
for (const size of sizes) {
  try {
    await grow(crew, Number(size));
  } catch (error) {
    console.error(`cannot run ${size} threads: ${error}`);
    break;
  }
  rows.push(
    ...await measure([
      ...callsOfOne(crew, size),
      ...callsOfOne(alone, `1 beside ${size}`),
      ...callsInTurn(crew, size),
    ]),
  );
}
emit(rows);
alone.runtime.shutdown();
crew.runtime.shutdown();
// Hundreds of threads take their time to end.
process.exit();
