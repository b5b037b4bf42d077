// Records that change hands: who claims one has it alone, and who comes late
// with a handle of the claim before changes nothing.

import {
  ARMED,
  CONFLICT,
  DONE,
  DRIVER,
  MUTEX,
  SLEEP,
  STALE,
} from "../../src/core/core.generated.ts";
import type { Body, Steps, ThreadContext } from "../../loom/src/scenario.ts";
import { START } from "../clock.ts";
import { type Entry, expectResults, full, pr } from "../entry.ts";
import { park, unpark } from "../facade.ts";
import { raise, untilRaised } from "../flag.ts";
import {
  DRIVER_FIRST,
  indexOf,
  newWorld,
  OWN_WORDS,
  type World,
} from "../world.ts";

/** A stale unpark, and a new owner that looks for its token. */
function staleUnpark(): Entry {
  const world = newWorld({ flags: OWN_WORDS, parkers: 1 });
  const { address, claim } = world.parker(0);
  return pr({
    name: "an unpark by a stale handle gives the next claim no token",
    setup: world.setup,
    threads: {
      *owner(t) {
        const released = yield* t.call("parkerRelease", address, claim);
        t.assert(released === DONE, `the release returned ${released}`);
        const again = yield* t.call("parkerClaim", 1);
        t.assert(again === address, "another record");
        return yield* t.call("parkerBase", address);
      },
      *late(t) {
        yield* unpark(world.local(t, 2), { address, claim });
      },
    },
    final(alone, results) {
      const word = alone.read(address);
      alone.assert(word === results.owner, "a token that nobody gave");
      alone.assert(word === claim + 16, `the word is ${word}`);
      world.check(alone, { parkers: [] });
    },
  });
}

/** A stale unpark beside the sleep of the next owner. */
function staleWake(where: string, flags: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const { address, claim } = world.parker(0);
  const next = { address, claim: claim + 16 };
  const [claimed, given] = [world.scratch(0), world.scratch(1)];
  return pr({
    name: `an unpark by a stale handle does not end the next's park: ${where}`,
    setup: world.setup,
    threads: {
      *owner(t) {
        yield* t.call("parkerRelease", address, claim);
        yield* t.call("parkerClaim", 1);
        yield* raise(t, claimed);
        const result = yield* park(world.local(t, 1), next);
        t.assert((yield* t.load(given)) === 1, "a token that nobody gave");
        return result;
      },
      *late(t) {
        yield* unpark(world.local(t, 2), { address, claim });
      },
      *other(t) {
        yield* untilRaised(t, claimed);
        yield* t.store(given, 1);
        yield* unpark(world.local(t, 3), next);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: ["unparked"] });
      world.check(alone, { parkers: [] });
    },
  });
}

/** Where the threads mark whose a parker is. */
function markOf(world: World, address: number): number {
  return world.scratch(indexOf(world, address));
}

/** Claims a parker, and marks it as the thread's own. */
function* claimOwn(t: ThreadContext, world: World, thread: number): Steps {
  const address = yield* t.call("parkerClaim", thread);
  t.assert(address !== 0, "there is no parker left");
  const before = yield* t.exchange(markOf(world, address), thread);
  t.assert(before === 0, "two threads have one record");
  return address;
}

/** Gives one's own parker back. */
function* releaseOwn(
  t: ThreadContext,
  world: World,
  address: number,
): Steps<void> {
  yield* t.exchange(markOf(world, address), 0);
  const claim = yield* t.call("parkerBase", address);
  const code = yield* t.call("parkerRelease", address, claim);
  t.assert(code === DONE, `a release returned ${code}`);
}

/** Records from behind those in use. */
function grow(): Entry {
  const world = newWorld({ spare: { parkers: 2 } });
  return pr({
    name: "two claims at once get two records",
    setup: world.setup,
    threads: {
      *first(t) {
        return yield* claimOwn(t, world, 1);
      },
      *second(t) {
        return yield* claimOwn(t, world, 2);
      },
    },
    final(alone) {
      const third = alone.call("parkerClaim", 3);
      alone.assert(third === 0, "more parkers than there are");
    },
  });
}

/** One record, and two that want it. */
function last(): Entry {
  const world = newWorld({ spare: { parkers: 1 } });
  const claim = (thread: number): Body => (t) => t.call("parkerClaim", thread);
  return pr({
    name: "of two claims of the last record, one gets it",
    setup: world.setup,
    threads: { first: claim(1), second: claim(2) },
    final(alone, { first, second }) {
      const isRight = (first === 0) !== (second === 0);
      alone.assert(isRight, `claims returned ${first} and ${second}`);
    },
  });
}

/**
 * A free list of records, popped and pushed by several: each claims (`c`) and
 * gives back the first that it has (`r`).
 */
function freeList(name: string, plans: readonly string[]): Entry {
  const world = newWorld({ parkers: 3 });
  const threads: Record<string, Body> = {};
  plans.forEach((plan, index) => {
    threads[`thread ${index}`] = function* (t) {
      const held: number[] = [];
      for (const step of plan) {
        if (step === "c") held.push(yield* claimOwn(t, world, index + 1));
        else yield* releaseOwn(t, world, held.shift()!);
      }
      return held.length;
    };
  });
  const add = plans.length > 2 ? full : pr;
  return add({
    name,
    setup(alone) {
      world.setup(alone);
      for (let index = 0; index < 3; index++) {
        const { address, claim } = world.parker(index);
        alone.call("parkerRelease", address, claim);
      }
    },
    threads,
    final(alone, results) {
      const held = Object.values(results).map(Number);
      const left = 3 - held.reduce((sum, count) => sum + count, 0);
      // As many are left, and no more.
      for (let count = 0; count < left; count++) {
        const address = alone.call("parkerClaim", 9);
        alone.assert(address !== 0, "the free list has lost a record");
        const owner = alone.read(markOf(world, address));
        alone.assert(owner === 0, "the free list has a record that is taken");
      }
      const more = alone.call("parkerClaim", 9);
      alone.assert(more === 0, "the free list has a record twice");
    },
  });
}

/** Two that adopt one parker, beside its owner who leaves it. */
function adoption(): Entry {
  const world = newWorld({ flags: OWN_WORDS, parkers: 1 });
  const { address, claim } = world.parker(0);
  const data = world.scratch(0);
  const adopter = (thread: number): Body =>
    function* (t) {
      const isMine = yield* t.call("parkerAdopt", address, claim, thread);
      if (!isMine) return false;
      t.assert((yield* t.exchange(data, 2)) === 1, "what the owner left");
      return true;
    };
  return pr({
    name: "of two threads that adopt a detached parker, one has it",
    setup: world.setup,
    threads: {
      *owner(t) {
        yield* t.store(data, 1);
        return yield* t.call("parkerDetach", address, claim, 1);
      },
      first: adopter(2),
      second: adopter(3),
    },
    final(alone, { owner, first, second }) {
      alone.assert(owner === 1, "it was not the owner's");
      alone.assert(!(first && second), "both have adopted it");
      const isFree = alone.call("parkerAdopt", address, claim, 4) !== 0;
      alone.assert(isFree !== Boolean(first || second), "nobody can adopt it");
    },
  });
}

/** A thread that detaches what is not its own. */
function foreignDetach(): Entry {
  const world = newWorld({ parkers: 1 });
  const { address, claim } = world.parker(0);
  return pr({
    name: "a parker is detached by its owner, and by nobody else",
    setup: world.setup,
    threads: {
      *owner(t) {
        return yield* t.call("parkerDetach", address, claim, 1);
      },
      *other(t) {
        return yield* t.call("parkerDetach", address, claim, 2);
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: [1], other: [0] });
      world.check(alone);
    },
  });
}

/** Threads that attach. */
function threadIds(): Entry {
  const world = newWorld({});
  const body: Body = (t) => t.call("threadNext");
  return pr({
    name: "threads that attach at once have an id each",
    setup: world.setup,
    threads: { first: body, second: body },
    final(alone, { first, second }) {
      const isRight = Number(first) + Number(second) === 3 && first !== second;
      alone.assert(isRight, `the ids ${first} and ${second}`);
    },
  });
}

/** A token that stays with a parker as it changes hands. */
function adoptedToken(): Entry {
  const world = newWorld({ flags: OWN_WORDS, parkers: 1 });
  const { address, claim } = world.parker(0);
  return pr({
    name: "a token comes with the parker that is adopted",
    setup: world.setup,
    threads: {
      *owner(t) {
        yield* t.call("parkerDetach", address, claim, 1);
      },
      *adopter(t) {
        if (!(yield* t.call("parkerAdopt", address, claim, 2))) return "late";
        return yield* park(world.local(t, 2), { address, claim });
      },
      *other(t) {
        yield* unpark(world.local(t, 3), { address, claim });
      },
    },
    final(alone, results) {
      expectResults(alone, results, { adopter: ["unparked", "late"] });
      world.check(alone, { tokens: results.adopter === "late" });
    },
  });
}

/** A release of a parker by somebody else, as its owner parks. */
function releaseParked(where: string, flags: number, parked: number): Entry {
  const world = newWorld({ flags, parkers: 1 });
  const { address, claim } = world.parker(0);
  return pr({
    name: `a parker is released, or parked, but not both: ${where}`,
    setup: world.setup,
    threads: {
      *owner(t) {
        return yield* t.call("parkerCommit", address, claim);
      },
      *other(t) {
        return yield* t.call("parkerRelease", address, claim);
      },
    },
    final(alone, { owner, other }) {
      const isParked = owner === parked && other === CONFLICT;
      const isReleased = owner === STALE && other === DONE;
      const both = `${owner} of the park, ${other} of the release`;
      alone.assert(isParked || isReleased, both);
      if (owner === SLEEP) alone.call("parkerEndSleep", address, claim, 1);
      if (owner === DRIVER) alone.call("parkerLeave", address, claim, 0, 1);
      world.check(alone, { parkers: isParked ? [0] : [] });
    },
  });
}

/** A lock that changes hands. */
function staleLock(): Entry {
  const world = newWorld({ locks: ["mutex"] });
  const { address, claim } = world.lock(0);
  return pr({
    name: "a lock released by a stale handle stays the next claim's",
    setup: world.setup,
    threads: {
      *owner(t) {
        if (!(yield* t.call("lockRelease", address, claim))) return 0;
        yield* t.call("lockClaim", MUTEX);
        return yield* t.call("lockBase", address);
      },
      *late(t) {
        return yield* t.call("lockRelease", address, claim);
      },
    },
    final(alone, { owner, late }) {
      alone.assert((owner === 0) === (late === 1), "released twice, or never");
      const isOld = alone.call("lockIsClaimed", address, claim) !== 0;
      alone.assert(!isOld, "the handle that is stale is in force");
      const isNew = alone.call("lockIsClaimed", address, Number(owner)) !== 0;
      alone.assert(isNew === (owner !== 0), "it is not the next claim's");
    },
  });
}

/** A release that an unpark comes in between. */
function releaseUnparked(): Entry {
  const world = newWorld({ flags: DRIVER_FIRST, parkers: 1 });
  const { address, claim } = world.parker(0);
  return pr({
    name: "a parker unparked as it is released is free, without a token",
    setup: world.setup,
    threads: {
      *owner(t) {
        return yield* t.call("parkerRelease", address, claim);
      },
      *other(t) {
        yield* unpark(world.local(t, 2), { address, claim });
      },
    },
    final(alone, results) {
      expectResults(alone, results, { owner: [DONE] });
      alone.assert(alone.read(address) === claim + 8, "it is not free");
      world.check(alone, { parkers: [] });
    },
  });
}

/** Two releases by one handle. */
function releaseTwice(): Entry {
  const world = newWorld({ parkers: 1, locks: ["mutex"] });
  const { address, claim } = world.parker(0);
  const lock = world.lock(0);
  const releaser: Body = function* (t) {
    const code = yield* t.call("parkerRelease", address, claim);
    const isFreed = yield* t.call("lockRelease", lock.address, lock.claim);
    return (code === DONE ? 1 : 0) + (isFreed ? 10 : 0);
  };
  return pr({
    name: "of two releases of one claim, one frees the record",
    setup: world.setup,
    threads: { first: releaser, second: releaser },
    final(alone, { first, second }) {
      const sum = Number(first) + Number(second);
      alone.assert(sum === 11, `releases returned ${first} and ${second}`);
      alone.assert(alone.call("parkerClaim", 1) === address, "not free");
      alone.assert(alone.call("parkerClaim", 1) === 0, "free twice");
      alone.assert(alone.call("lockClaim", MUTEX) === lock.address, "not free");
      alone.assert(alone.call("lockClaim", MUTEX) === 0, "free twice");
    },
  });
}

/** [L1]: a lock by a handle that is in force is ready. */
function freshLock(): Entry {
  const world = newWorld({ spare: { locks: 1 } });
  const published = world.scratch(0);
  return pr({
    name: "a lock that is claimed is unlocked",
    setup(alone) {
      world.setup(alone);
      // What the claim before left behind: a mutex that nobody unlocked.
      const address = alone.call("lockClaim", MUTEX);
      const claim = alone.call("lockBase", address);
      alone.call("mutexTryLock", address, 9);
      alone.call("lockRelease", address, claim);
    },
    threads: {
      *claimer(t) {
        const address = yield* t.call("lockClaim", MUTEX);
        const claim = yield* t.call("lockBase", address);
        yield* t.store(published, address);
        return claim;
      },
      *other(t) {
        const address = yield* t.load(published);
        if (address === 0) return;
        const claim = yield* t.call("lockBase", address);
        if (!(yield* t.call("lockIsClaimed", address, claim))) return;
        const code = yield* t.call("mutexTryLock", address, 2);
        t.assert(code === 0, "it holds the state of the claim before");
        yield* t.call("mutexUnlock", address, 2);
      },
    },
    final(alone) {
      world.check(alone);
    },
  });
}

/** [T1]: a timer by a stale handle. */
function staleTimer(): Entry {
  const world = newWorld({ parkers: 2, timers: [{ target: 0 }] });
  const { address, claim } = world.timer(0);
  const next = world.parker(1);
  return pr({
    name: "a timer armed by a stale handle does not fire for the next claim",
    setup: world.setup,
    threads: {
      *owner(t) {
        yield* t.call("timerRelease", address, claim, 1);
        const again = yield* t.call("timerClaim", next.address, next.claim);
        t.assert(again === address, "another record");
        return yield* t.call("timerState", address);
      },
      *late(t) {
        return yield* t.call("timerArm", address, claim, START + 1, 2);
      },
    },
    final(alone, results) {
      const state = alone.call("timerState", address);
      alone.assert(state === 0, `the next claim's timer is in state ${state}`);
      expectResults(alone, results, { owner: [0] });
      world.check(alone);
    },
  });
}

/** [T1]: the same for who cancels. */
function staleCancel(): Entry {
  const world = newWorld({ parkers: 2, timers: [{ target: 0 }] });
  const { address, claim } = world.timer(0);
  const next = world.parker(1);
  return pr({
    name: "a timer cancelled by a stale handle stays armed for the next claim",
    setup: world.setup,
    threads: {
      *owner(t) {
        yield* t.call("timerRelease", address, claim, 1);
        yield* t.call("timerClaim", next.address, next.claim);
        const base = yield* t.call("timerBase", address);
        yield* t.call("timerArm", address, base, START + 1, 1);
      },
      *late(t) {
        return yield* t.call("timerCancel", address, claim, 2);
      },
    },
    final(alone, results) {
      const state = alone.call("timerState", address);
      alone.assert(state === ARMED, `the next claim's timer: state ${state}`);
      expectResults(alone, results, { late: [0, -1] });
      world.check(alone, { armed: true });
    },
  });
}

/** [T1]: the same for who releases. */
function staleRelease(): Entry {
  const world = newWorld({ parkers: 2, timers: [{ target: 0 }] });
  const { address, claim } = world.timer(0);
  const next = world.parker(1);
  return pr({
    name: "a timer released by a stale handle stays the next claim's",
    setup: world.setup,
    threads: {
      *owner(t) {
        const isFreed = yield* t.call("timerRelease", address, claim, 1);
        if (!isFreed) return 0;
        yield* t.call("timerClaim", next.address, next.claim);
        return yield* t.call("timerBase", address);
      },
      *late(t) {
        return yield* t.call("timerRelease", address, claim, 2);
      },
    },
    final(alone, { owner, late }) {
      alone.assert((owner === 0) === (late === 1), "released twice, or never");
      const base = Number(owner);
      const isClaimed = alone.call("timerIsClaimed", address, base) !== 0;
      alone.assert(isClaimed === (base !== 0), "it is not the next claim's");
    },
  });
}

export const scenarios: readonly Entry[] = [
  staleUnpark(),
  staleWake("on its own word", OWN_WORDS),
  staleWake("in the driver", DRIVER_FIRST),
  grow(),
  last(),
  freeList("a record popped and pushed meanwhile is nobody's twice (ABA)", [
    "c",
    "ccr",
  ]),
  freeList("records popped and pushed by two threads are all there", [
    "cr",
    "crc",
  ]),
  freeList("records popped and pushed by three threads are all there", [
    "cr",
    "cr",
    "crc",
  ]),
  adoption(),
  adoptedToken(),
  foreignDetach(),
  threadIds(),
  releaseParked("on its own word", OWN_WORDS, SLEEP),
  releaseParked("in the driver", DRIVER_FIRST, DRIVER),
  staleLock(),
  releaseUnparked(),
  releaseTwice(),
  freshLock(),
  staleTimer(),
  staleCancel(),
  staleRelease(),
];
