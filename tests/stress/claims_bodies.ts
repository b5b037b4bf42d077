// Threads that claim a parker, wait for its one token and release it, and
// threads that keep unparking what was released long ago.

import assert from "node:assert/strict";
import {
  type ParkerHandle,
  type Runtime,
  type Timer,
  type Unparker,
} from "../../mod.ts";
import { DONE } from "../../src/core/core.generated.ts";
import { regionsOf } from "../../src/core/layout.ts";
import { coreOf } from "../cores.ts";
import { bodies } from "../threads.ts";
import type { Orders } from "./harness.ts";
import { Sleeper, type Ways } from "./parks.ts";
import { Random } from "./random.ts";
import { torment } from "./torment.ts";

type Words = Int32Array<SharedArrayBuffer>;

/** What an owner and its granter tell each other, in a page of words. */
export const PAGE = {
  /** How many claims the owner has made, the one in force included. */
  claims: 0,
  address: 1,
  claim: 2,
  /** The last of the claims that was granted its token. */
  granted: 3,
  words: 4,
} as const;

/** What a claim is when the owner makes no more. */
const NO_MORE = -1;

interface Claimer extends Orders {
  /** The first word of its page. */
  readonly page: number;
  readonly pages: Words;
  readonly ways: Ways;
  readonly rounds: number;
  /** Counts whatever a granter waits for. */
  readonly news: Words;
}

interface Granter extends Orders {
  /** The first words of the pages of its owners. */
  readonly served: readonly number[];
  readonly pages: Words;
  readonly runtimeId: number;
  readonly news: Words;
}

/** What was granted, and may be stale. */
interface Grant {
  readonly page: number;
  readonly claims: number;
  readonly unparker: Unparker;
}

interface Churner extends Orders {
  readonly rounds: number;
  /** For each record the thread that has it, from 1. */
  readonly holders: Words;
}

const REMEMBERED = 64;
/** Stale unparks between two looks at the pages, at most. */
const BURST = 24;
/** Milliseconds until the timer of a claim is due, at most. */
const LATE = 0.5;

/** Claims a parker and awaits its token, again and again. */
async function claim(runtime: Runtime, args: Claimer): Promise<void> {
  const { page, pages, ways, rounds, news, progress, thread } = args;
  const random = new Random(args.seed);
  const late: Timer[] = [];
  const tell = () => {
    Atomics.add(news, 0, 1);
    Atomics.notify(news, 0);
  };
  for (let round = 1; round <= rounds; round++) {
    const sleeper = new Sleeper(runtime, runtime.parker(), random);
    const { handle } = sleeper.parker;
    Atomics.store(pages, page + PAGE.address, handle.address);
    Atomics.store(pages, page + PAGE.claim, handle.claim);
    Atomics.store(pages, page + PAGE.claims, round);
    tell();
    const sleep = sleeper.untilUnparked(ways);
    assert.equal(typeof sleep === "string" ? sleep : await sleep, "unparked");
    const granted = Atomics.load(pages, page + PAGE.granted);
    assert.equal(granted, round, "A token came from an earlier claim");
    // A timer that outlives its target, whose record another thread claims.
    const timer = random.oneIn(4) ? runtime.timer(handle) : undefined;
    timer?.schedule(runtime.now() + random.below(LATE));
    sleeper.parker.release();
    if (random.oneIn(2)) timer?.release();
    else if (timer) late.push(timer);
    if (late.length > 4) late.shift()!.release();
    Atomics.add(progress, thread, 1);
  }
  late.forEach((timer) => timer.release());
  Atomics.store(pages, page + PAGE.claims, NO_MORE);
  tell();
}

/** Grants each claim its token, and others none, however often it tries. */
function grant(runtime: Runtime, args: Granter): number {
  const { served, pages, news, progress, thread } = args;
  const random = new Random(args.seed);
  const grants: Grant[] = [];
  const seen = new Map(served.map((page) => [page, 0]));
  let stale = 0;

  /** A second unpark of a claim: of use to nobody, and no harm to the next. */
  const unparkAgain = ({ page, claims, unparker }: Grant) => {
    const now = Atomics.load(pages, page + PAGE.claims);
    const isLive = unparker.unpark();
    if (!isLive) stale++;
    if (now !== claims) assert.ok(!isLive, "A stale unpark found its parker");
  };

  while (seen.size > 0 && !runtime.isShutdown) {
    const heard = Atomics.load(news, 0);
    for (const [page, last] of seen) {
      const claims = Atomics.load(pages, page + PAGE.claims);
      if (claims === NO_MORE) seen.delete(page);
      if (claims === NO_MORE || claims === last) continue;
      const unparker = runtime.unparker(handleIn(args, page));
      Atomics.store(pages, page + PAGE.granted, claims);
      assert.ok(unparker.unpark(), "A claim in force was stale");
      seen.set(page, claims);
      grants.push({ page, claims, unparker });
      if (grants.length > REMEMBERED) grants.shift();
      Atomics.add(progress, thread, 1);
    }
    for (let left = random.index(BURST); left > 0; left--) {
      if (grants.length > 0) unparkAgain(random.pick(grants));
    }
    // Not for ever: an owner may have failed.
    Atomics.wait(news, 0, heard, 20);
  }
  return stale;
}

/** Claims and releases, two at a time, as fast as the core does. */
function churn(runtime: Runtime, args: Churner): void {
  const { holders, rounds, progress, thread } = args;
  const { exports, header } = coreOf(runtime);
  const { first, bytes } = regionsOf(header).parkers;
  const random = new Random(args.seed);
  const claimRecord = () => {
    const address = exports.parkerClaim(thread + 1);
    const base = exports.parkerBase(address);
    const holder = (address - first) / bytes;
    const other = Atomics.exchange(holders, holder, thread + 1);
    assert.equal(other, 0, "A record has two owners");
    return { address, base, holder };
  };
  const release = (
    { address, base, holder }: ReturnType<typeof claimRecord>,
  ) => {
    assert.equal(Atomics.exchange(holders, holder, 0), thread + 1);
    assert.equal(exports.parkerRelease(address, base), DONE);
  };
  for (let round = 0; round < rounds; round++) {
    const a = claimRecord();
    const b = claimRecord();
    const isReversed = random.oneIn(2);
    release(isReversed ? b : a);
    release(isReversed ? a : b);
    Atomics.add(progress, thread, 1);
  }
}

function handleIn({ pages, runtimeId }: Granter, page: number): ParkerHandle {
  return {
    kind: "parker",
    runtime: runtimeId,
    address: Atomics.load(pages, page + PAGE.address),
    claim: Atomics.load(pages, page + PAGE.claim),
  };
}

export default bodies({ claim, grant, churn, torment });
