// The driver of src/drivers/selector.ts as bodies of threads, call by call, and
// the operating system's selector as words of the scenario's.
//
// Like epoll on a bell that is edge-triggered and never drained: each write is
// an event of its own, until a wait returns it; then it is gone.

import { DONE, READABLE, STALE, WAKE } from "../src/core/core.generated.ts";
import type { Alone, Steps, ThreadContext } from "../loom/src/scenario.ts";
import type { Local, Place, World } from "./world.ts";

/** What `Atomics.wait()` returns when the time has passed. */
const WAIT_TIMED_OUT = 2;
/** Ways to wait. */
const WAYS = 4;
/** Descriptors that the selector knows of. */
const FDS = 3;
/** Bits of the events' word for the bell, and for each descriptor. */
const SHIFT = 8;
/** In that word: the descriptors of selector and bell are closed. */
const CLOSED = 1 << 31;
/** How what the core returns says what is to be delivered. */
const CODE = 3;
/** READ of the facade. */
const READ = 1;

// The scenario's words from here on.
const EVENTS = 32;
const CLAIMS = 33;
const BYTES = CLAIMS + FDS;

function eventsOf(world: World): number {
  return world.scratch(EVENTS);
}

/** Which claim the selector knows a descriptor by, less that of the set-up. */
function claimWord(world: World, fd: number): number {
  return world.scratch(CLAIMS + fd);
}

function bytesOf(world: World, fd: number): number {
  return world.scratch(BYTES + fd);
}

// ==== The operating system ====

function* notify(t: ThreadContext, world: World, event: number): Steps<void> {
  const before = yield* t.add(eventsOf(world), event);
  t.assert(before >= 0, "a selector is used that is closed");
  yield* t.notify(eventsOf(world));
}

/** As `arrive()`, of an event that somebody has fetched already. */
export function* write(
  t: ThreadContext,
  world: World,
  fd: number,
): Steps<void> {
  yield* t.add(bytesOf(world, fd), 1);
}

/** Another process writes a byte to a descriptor. */
export function* arrive(
  t: ThreadContext,
  world: World,
  fd: number,
): Steps<void> {
  yield* write(t, world, fd);
  yield* notify(t, world, 1 << (SHIFT * (fd + 1)));
}

/** A byte that is there when the threads begin; its event is not. */
export function putByte(alone: Alone, world: World, fd: number): void {
  alone.write(bytesOf(world, fd), 1);
}

/** An event that is there when the threads begin, and the only one. */
export function putEvent(alone: Alone, world: World, fd: number): void {
  alone.write(eventsOf(world), 1 << (SHIFT * (fd + 1)));
}

/** Reads all that there is. Returns how many bytes. */
export function* read(me: Local, fd: number): Steps {
  return yield* me.t.exchange(bytesOf(me.world, fd), 0);
}

/** Blocks until there is an event. Returns them all. */
function* select(me: Local, isSleep: boolean, due: number): Steps {
  const { t, world, clock } = me;
  const word = eventsOf(world);
  if (isSleep) {
    const isTimed = clock.left(due) !== Infinity;
    const ended = yield* t.wait(word, 0, isTimed);
    if (ended === WAIT_TIMED_OUT) clock.timedOut(due);
  }
  const events = yield* t.exchange(word, 0);
  t.assert(events >= 0, "a selector is slept in that is closed");
  return events;
}

function* close(me: Local): Steps<void> {
  const before = yield* me.t.exchange(eventsOf(me.world), CLOSED);
  me.t.assert(before >= 0, "a selector is closed twice");
}

/** Whether the descriptors of the selector are closed. */
export function isClosed(alone: Alone, world: World): boolean {
  return alone.read(eventsOf(world)) < 0;
}

// ==== src/drivers/selector.ts ====

/** `park()`: sleeps until there is an event, or until then. */
export function* sleepInSelector(me: Local, due: number): Steps {
  const { t, clock, tally } = me;
  if (!(yield* t.call("pollSleep"))) return 0;
  if (yield* t.call("pollHasLost")) yield* renewAll(me);
  const isSleep = clock.left(due) > 0 && (yield* t.call("bellCommit")) !== 0;
  const turn = yield* t.call("pollTurn");
  if (isSleep) tally.sleeps++;
  const served = yield* takeEvents(me, yield* select(me, isSleep, due), turn);
  yield* t.call("bellHear");
  if (yield* t.call("pollWake")) yield* close(me);
  return served;
}

function* takeEvents(me: Local, events: number, turn: number): Steps {
  const { t, world } = me;
  let served = 0;
  for (let fd = 0; fd < FDS; fd++) {
    if ((events >>> (SHIFT * (fd + 1)) & 0xff) === 0) continue;
    const { address, claim } = world.registration(fd);
    const since = yield* t.load(claimWord(world, fd));
    const place = { address, claim: claim + since };
    served += yield* takeEvent(me, place, READABLE, turn);
  }
  return served;
}

/** Takes in an event. Returns 1 if it is for a claim in force. */
export function* takeEvent(
  me: Local,
  { address, claim }: Place,
  ready: number,
  turn: number,
): Steps {
  const { t } = me;
  const ways = yield* t.call("registrationSet", address, claim, ready, turn);
  if (ways === 0) return 0;
  for (let way = 0; way < WAYS; way++) {
    if ((ways & 1 << way) !== 0) yield* tell(me, address, way, false);
  }
  return 1;
}

/** `#tell()`: tells who waits in this way. */
export function* tell(
  me: Local,
  address: number,
  way: number,
  mayRing: boolean,
): Steps<void> {
  const told = yield* me.t.call("registrationTell", address, way);
  if (told === 0) return;
  const code = told & CODE;
  me.t.assert(code !== DONE && code !== STALE, "there is nothing to deliver");
  if (code === WAKE) yield* me.t.notify(told & ~CODE);
  else if (mayRing) yield* ringSelector(me);
}

/** `unpark()`. */
export function* ringSelector(me: Local): Steps<void> {
  if ((yield* me.t.call("bellRing")) === WAKE) yield* wakeOwner(me);
}

/** `wakeOwner()`: writes to the bell. */
export function* wakeOwner(me: Local): Steps<void> {
  yield* use(me, function* () {
    me.tally.writes++;
    yield* notify(me.t, me.world, 1);
  });
}

/** `shutdown()`. */
export function* shutSelector(me: Local): Steps<void> {
  yield* me.t.call("bellRing");
  yield* wakeOwner(me);
  yield* closeSelector(me);
}

/** The end of `shutdown()`. */
export function* closeSelector(me: Local): Steps<void> {
  if (yield* me.t.call("pollClose")) yield* close(me);
}

/** `close()`, for who was told that it is the last. */
export function closeLast(me: Local): Steps<void> {
  return close(me);
}

/** Uses the descriptors. Returns false if they are being closed. */
export function* use(
  me: Local,
  action: () => Steps<void>,
): Steps<boolean> {
  if (!(yield* me.t.call("pollEnter"))) return false;
  yield* action();
  if (yield* me.t.call("pollLeave")) yield* close(me);
  return true;
}

/** Registers a descriptor. Returns its place; its address is 0 if it cannot. */
export function* register(me: Local, fd: number): Steps<Place> {
  const { t, world } = me;
  const address = yield* t.call("registrationClaim", fd, 0);
  if (address === 0) return { address, claim: 0 };
  const claim = yield* t.call("registrationBase", address);
  const first = world.registration(fd);
  t.assert(address === first.address, "a registration lies elsewhere");
  const isOpen = yield* use(me, function* () {
    yield* t.call("registrationAsked", address, READ);
    yield* t.store(claimWord(world, fd), claim - first.claim);
    // What is there is an event.
    if (yield* t.load(bytesOf(world, fd))) yield* notifyOf(me, fd);
  });
  if (isOpen) return { address, claim };
  if (yield* t.call("registrationEnd", address, claim)) {
    yield* t.call("registrationFree", address);
  }
  return { address: 0, claim };
}

function* notifyOf(me: Local, fd: number): Steps<void> {
  yield* notify(me.t, me.world, 1 << (SHIFT * (fd + 1)));
}

/** Ends a registration. Returns whether this call did it. */
export function* deregister(
  me: Local,
  { address, claim }: Place,
): Steps<boolean> {
  const { t } = me;
  yield* t.call("registrationFd", address);
  yield* t.call("registrationInterest", address);
  if (!(yield* t.call("registrationEnd", address, claim))) return false;
  // Removed from the selector: events that were fetched before come late.
  yield* use(me, function* () {});
  yield* tellAll(me, address);
  yield* t.call("registrationFree", address);
  return true;
}

/** `bury()`, of a thread that has registered nothing. */
export function* buryTeller(me: Local): Steps<void> {
  const { t, world } = me;
  const { first, bytes } = world.regions.registrations;
  for (let index = 0; index < (yield* t.call("registrationsUsed")); index++) {
    const address = first + index * bytes;
    yield* tellAll(me, address, yield* t.call("registrationDue", address));
  }
}

function* tellAll(me: Local, address: number, ways = -1): Steps<void> {
  for (let way = 0; way < WAYS; way++) {
    if ((ways & 1 << way) !== 0) yield* tell(me, address, way, true);
  }
}

/** Asks for everything again, after the death of who had fetched events. */
function* renewAll(me: Local): Steps<void> {
  const { t, world } = me;
  const { first, bytes } = world.regions.registrations;
  for (let index = 0; index < (yield* t.call("registrationsUsed")); index++) {
    if (!(yield* renew(me, first + index * bytes))) index = -1;
  }
}

function* renew(me: Local, address: number): Steps<boolean> {
  const { t, world } = me;
  const claim = yield* t.call("registrationBase", address);
  const fd = yield* t.call("registrationFd", address);
  const interest = yield* t.call("registrationInterest", address);
  const isClaimed = () => t.call("registrationIsClaimed", address, claim);
  if (interest === 0 || !(yield* isClaimed())) return true;
  yield* t.store(claimWord(world, fd), claim - world.registration(fd).claim);
  if (yield* t.load(bytesOf(world, fd))) yield* notifyOf(me, fd);
  return (yield* isClaimed()) !== 0;
}
