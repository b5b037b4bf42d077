// The glue of the pool's facade as bodies of threads: what src/pool/ does around
// the core, call by call.
//
// Left out is what no other thread can see. Words that the core accesses
// atomically are accessed so here, too, though not there: each is read or written
// as a whole, and what it is by then is checked again.

import { DRIVER, RETURNED, TASK_IDLE } from "../src/core/core.generated.ts";
import type { Steps } from "../loom/src/scenario.ts";
import { bury, parkUntilToken, sleepOn, wakeAll } from "./facade.ts";
import { openLoop, sleepOnAsync } from "./loop_facade.ts";
import type { PoolWorld } from "./pool_world.ts";
import { wakeOwner } from "./selector.ts";
import { BELL, type Local, type Place } from "./world.ts";

// Words of a caller's line.
const DOUBT = 4;
const PENDING_WAKES = 20;
const OUTBOX = 64;
const OUTBOX_SIZE = 8;
// Words of a task's: those from `CALLEE` on are the facade's.
const LINK = 8;
const PAYLOAD_AT = 12;
const RESULT_AT = 16;
const CALLEE = 20;
const RESULT = 48;
const LISTED = 8;
const OUTCOME_SHIFT = 5;
const OUTCOME = 3;

/** What a numbered task returns. */
const resultOf = (number: number) => number + 100;

/** What a task does, on the worker that runs it. */
export type TaskBody = (worker: Member) => Steps<unknown>;

/** What the numbered tasks do, beyond being counted. */
export type TaskBodies = Readonly<Record<number, TaskBody>>;

/** A thread that takes part in a pool. */
export interface Member {
  readonly pool: PoolWorld;
  readonly me: Local;
  readonly caller: number;
  /** The worker that it is; -1 for the creator. */
  readonly worker: number;
  readonly place: Place;
  readonly bodies: TaskBodies;
  /** By address, the number of each of its tasks in flight. */
  readonly pending: Map<number, number>;
  /** Tasks of its own that are not in use. */
  readonly free: number[];
  /** What came of its tasks, by their numbers. */
  readonly outcomes: Map<number, number>;
}

/** Makes a thread the pool's creator, 0, or one of its workers. */
export function memberOf(
  pool: PoolWorld,
  t: Local["t"],
  caller = 0,
  bodies: TaskBodies = {},
): Member {
  return {
    pool,
    me: pool.local(t, caller),
    caller,
    worker: caller - 1,
    place: pool.parkerOf(caller),
    bodies,
    pending: new Map(),
    free: [],
    outcomes: new Map(),
  };
}

// ==== src/pool/calls.ts ====

/** Takes a record and writes what is to be run. Returns 0 if there is none. */
function* prepare(
  { me: { t }, pool, caller, free, pending }: Member,
  number: number,
): Steps {
  const task = free.pop() ?? (yield* t.call("taskClaim", caller));
  if (task === 0) return 0;
  if (pool.plan.chunks > 0) {
    yield* t.store(task + PAYLOAD_AT, 0);
    yield* t.store(task + RESULT_AT, 0);
  }
  yield* t.plainStore(task + CALLEE, number);
  pending.set(task, number);
  return task;
}

/** Submits a task. Returns its address, or 0 after a shutdown. */
export function* submit(member: Member, number: number, priority = 1): Steps {
  const { me: { t }, caller } = member;
  const task = yield* prepare(member, number);
  t.assert(task !== 0, "there is no free task");
  if (!(yield* t.call("taskSubmit", caller, task, priority))) {
    member.pending.delete(task);
    member.free.push(task);
    return 0;
  }
  yield* flush(member);
  return task;
}

/** Submits tasks, and wakes one worker for all of them. */
export function* submitAll(
  member: Member,
  numbers: readonly number[],
): Steps<void> {
  const { me: { t }, caller, pool } = member;
  const tasks: number[] = [];
  for (const number of numbers) {
    const task = yield* prepare(member, number);
    t.assert(task !== 0, "there is no free task");
    const last = tasks.at(-1);
    // The core accesses it atomically.
    if (last) yield* t.store(last + LINK, pool.indexOf(task) + 1);
    yield* t.store(task + LINK, 0);
    tasks.push(task);
  }
  yield* t.call("taskSubmitAll", tasks[0]!, 1);
  yield* t.call("callerNotify", caller);
  yield* flush(member);
}

/** Settles all tasks that are done. */
export function* drain(member: Member): Steps<void> {
  const { me: { t }, pool, caller } = member;
  const line = pool.caller(caller);
  if (
    (yield* t.load(line)) === 0 && (yield* t.load(line + DOUBT)) === 0
  ) return;
  do yield* drainList(member); while (
    (yield* t.load(line + DOUBT)) !== 0 &&
    (yield* t.call("callerSweep", caller))
  );
}

function* drainList(member: Member): Steps<void> {
  const { me: { t }, pool, caller } = member;
  const finished: number[] = [];
  let link = yield* t.call("callerTake", caller);
  while (link !== 0) {
    const task = pool.task(link - 1);
    finished.push(task);
    link = yield* t.load(task + LINK);
  }
  while (finished.length > 0) yield* settle(member, finished.pop()!);
}

function* settle(member: Member, task: number): Steps<void> {
  const { me: { t }, caller, pending } = member;
  const number = pending.get(task);
  if (number === undefined) {
    yield* t.call("callerDiscard", caller, task);
    return;
  }
  const seen = yield* t.call("taskSeen", task);
  const outcome = (seen >> OUTCOME_SHIFT) & OUTCOME;
  if (outcome === RETURNED) yield* readResult(member, task, number);
  yield* end(member, task, outcome);
}

function* readResult(
  { me: { t }, pool }: Member,
  task: number,
  number: number,
): Steps<void> {
  const result = yield* t.plainLoad(task + RESULT);
  t.assert(result === resultOf(number), `task ${number} returned ${result}`);
  if (pool.plan.chunks === 0) return;
  const piece = yield* t.load(task + RESULT_AT);
  if (piece === 0) return;
  const owner = yield* t.load(pool.chunkWord(pool.chunkOf(piece)) + 4);
  t.assert(owner !== 0, "a result lies in a chunk that is free");
  yield* t.call("chunkFree", piece);
}

/** Notes what came of a task, and gives its record back. */
function* end(member: Member, task: number, outcome: number): Steps<void> {
  const { me: { t }, pending, free, outcomes } = member;
  const number = pending.get(task)!;
  pending.delete(task);
  t.assert(!outcomes.has(number), `task ${number} has two outcomes`);
  outcomes.set(number, outcome);
  if (((yield* t.load(task)) & LISTED) === 0) {
    yield* t.store(task, TASK_IDLE);
    free.push(task);
    return;
  }
  yield* t.call("taskCollect", task);
  yield* t.call("taskFree", task);
}

/** Wakes whom the core has noted, where waking is the host's. */
export function* flush({ me, pool, caller }: Member): Steps<void> {
  if (!me.isHostWait && !me.hasSelector) return;
  const { t } = me;
  const line = pool.caller(caller);
  const count = yield* t.plainLoad(line + PENDING_WAKES);
  if (count === 0) return;
  yield* t.plainStore(line + PENDING_WAKES, 0);
  if (count > OUTBOX_SIZE) return yield* wakeAll(me);
  for (let place = 0; place < count; place++) {
    const address = yield* t.plainLoad(line + OUTBOX + 4 * place);
    if (address === BELL && me.hasSelector) yield* wakeOwner(me);
    else yield* t.notify(address);
  }
}

/** Waits until all tasks of the thread are done. */
export function* waitForAll(member: Member): Steps<void> {
  for (;;) {
    yield* drain(member);
    if (member.pending.size === 0) return;
    if ((yield* parkUntilToken(member.me, member.place)) === "shutdown") return;
  }
}

/** As `Map.get()`: what came of a task; -1 if nothing has yet. */
export function outcomeOf({ outcomes }: Member, number: number): number {
  return outcomes.get(number) ?? -1;
}

// ==== src/pool/crew.ts ====

/** Recovers from the death of a worker. */
export function* recover(member: Member, worker: number): Steps<void> {
  const { me, caller } = member;
  const isLast = yield* me.t.call("workerRecover", worker, caller);
  yield* flush(member);
  yield* bury(me, isLast);
}

// ==== src/pool/sleep.ts ====

/** `wakeUp()`: a task goes on in the event loop of a worker that sleeps there. */
export function* wakeUp({ me: { t }, worker, place }: Member): Steps<void> {
  yield* t.call("workerUnpark", worker, 1);
  yield* t.call("workerEndSearch", worker);
  // It is awake: there is nobody to wake.
  yield* t.call("parkerUnpark", place.address, place.claim);
}

/** `toBlock()`: a task blocks in the event loop, on a parker of its own. */
export function* toBlock(
  member: Member,
  inner: Place,
  callee: (blocked: Member) => Steps<void>,
): Steps<void> {
  const { me: { t }, caller, place } = member;
  yield* wakeUp(member);
  yield* t.call("callerOpen", caller, inner.address, inner.claim);
  yield* callee({ ...member, place: inner });
  yield* t.call("callerOpen", caller, place.address, place.claim);
  yield* t.call("parkerUnpark", place.address, place.claim);
}

/**
 * `inLoop()`, of a worker that the pool takes for asleep, and whose event loop
 * does something meanwhile.
 */
export function* sleepInLoop(
  member: Member,
  meanwhile: Steps<unknown>,
): Steps<void> {
  const { me, me: { t }, place, place: { address, claim } } = member;
  const loop = yield* openLoop(me, place);
  const code = yield* t.call("parkerCommitLoop", address, claim);
  // What goes on in the event loop does so, whether there was a token or not.
  yield* meanwhile;
  if (code === DRIVER) yield* sleepOnAsync(me, loop, place);
}

// ==== src/pool/joins.ts ====

/** Starts a task of the worker's own, or runs it if there is no record. */
export function* spawn(member: Member, number: number): Steps {
  const { me: { t }, worker } = member;
  const task = yield* prepare(member, number);
  if (task === 0) {
    yield* call(member, number);
    member.outcomes.set(number, RETURNED);
    return 0;
  }
  yield* t.call("workerSpawn", worker, task);
  yield* flush(member);
  return task;
}

/** Waits for a spawned task, and runs others meanwhile. */
export function* join(member: Member, task: number): Steps<void> {
  if (task === 0 || !member.pending.has(task)) return;
  const isBack = (yield* takeBack(member, task)) ||
    (yield* waitFor(member, task));
  if (isBack) yield* runOwn(member, task);
}

/**
 * The rest of a join, of a worker that has taken a task that is asynchronous and
 * would go on in its event loop.
 */
export function* joinOn(
  member: Member,
  task: number,
  taken: number,
): Steps<void> {
  const { me: { t }, worker } = member;
  yield* t.call("workerGiveBack", worker, taken);
  yield* flush(member);
  const isBack = yield* waitFor(member, task, false);
  if (isBack) yield* runOwn(member, task);
}

function* runOwn(member: Member, task: number): Steps<void> {
  yield* call(member, member.pending.get(task)!);
  yield* end(member, task, RETURNED);
}

function* takeBack(member: Member, task: number): Steps {
  const { me: { t }, worker } = member;
  const isBack = yield* t.call("workerTakeBack", worker, task);
  yield* flush(member);
  return isBack;
}

/** Returns whether the task was given back, and is this worker's to run. */
function* waitFor(member: Member, task: number, mayRun = true): Steps {
  const isBack = yield* waitUntil(member, task, mayRun);
  yield* member.me.t.call("workerEndSearch", member.worker);
  yield* flush(member);
  return isBack;
}

function* waitUntil(member: Member, task: number, mayRun: boolean): Steps {
  const { me: { t }, pool, worker, pending } = member;
  for (;;) {
    yield* drain(member);
    if (!pending.has(task)) return 0;
    if (pool.isQueued(yield* t.call("taskSeen", task))) {
      if (yield* takeBack(member, task)) return 1;
    }
    if (yield* t.call("shutdownBegun")) return 0;
    const other = mayRun ? yield* t.call("workerNext", worker) : 0;
    yield* flush(member);
    if (other !== 0) yield* execute(member, other);
    else if (mayRun) yield* sleep(member);
    else yield* parkUntilToken(member.me, member.place);
  }
}

// ==== src/pool/worker.ts ====

/** Opens the worker's records in the core. */
export function* open(member: Member): Steps<void> {
  const { me: { t, thread }, caller, worker, place } = member;
  yield* t.call("callerOpen", caller, place.address, place.claim);
  yield* t.call("workerOpen", worker, thread);
}

/** Calls a task's function. */
function* call(member: Member, number: number): Steps<void> {
  const { me: { t }, pool, bodies } = member;
  yield* t.add(pool.runs(number), 1);
  yield* bodies[number]?.(member) ?? [];
}

/** Calls the function of a task that the worker has taken. */
export function* callOf(member: Member, task: number): Steps {
  const number = yield* member.me.t.plainLoad(task + CALLEE);
  yield* call(member, number);
  return number;
}

/** Takes a task, sleeping until there is one. Returns its address. */
export function* takeNext(member: Member): Steps {
  yield* begin(member);
  for (;;) {
    const task = yield* member.me.t.call("workerNext", member.worker);
    yield* flush(member);
    if (task !== 0) return task;
    yield* sleep(member);
  }
}

/** Runs a task that the worker has taken. */
export function* execute(member: Member, task: number): Steps<void> {
  const { me: { t }, worker } = member;
  const number = yield* callOf(member, task);
  yield* t.plainStore(task + RESULT, resultOf(number));
  yield* t.call("workerFinish", worker, task, RETURNED);
  yield* flush(member);
}

/** Runs what there is. */
export function* runBurst(member: Member): Steps<void> {
  const { me: { t }, worker } = member;
  for (;;) {
    const task = yield* t.call("workerNext", worker);
    yield* flush(member);
    if (task === 0) return;
    yield* execute(member, task);
  }
}

/** A worker, until the runtime is shut down. */
export function* work(member: Member): Steps<void> {
  const { me: { t }, worker } = member;
  yield* begin(member);
  for (;;) {
    yield* runBurst(member);
    yield* drain(member);
    if (yield* t.call("shutdownBegun")) break;
    yield* sleep(member);
  }
  yield* t.call("workerClose", worker);
  yield* flush(member);
}

/** Goes on with whatever the worker did when the scenario began. */
export function* begin(member: Member): Steps<void> {
  const { worker, pool: { plan } } = member;
  if (plan.asleep.includes(worker)) {
    yield* sleepOn(member.me, member.place);
    yield* sleepAgain(member);
  } else if (
    plan.searched.includes(worker) && !plan.spinning.includes(worker)
  ) {
    yield* sleep(member);
  }
}

/** Sleeps until the pool wants the worker. */
export function* sleep(member: Member): Steps<void> {
  const { me: { t }, worker } = member;
  if (!(yield* t.call("workerPark", worker))) return;
  yield* flush(member);
  yield* parkUntilToken(member.me, member.place);
  yield* sleepAgain(member);
}

/** Sleeps on, unless the pool wants the worker. */
function* sleepAgain(member: Member): Steps<void> {
  const { me: { t }, worker } = member;
  while (!(yield* t.call("workerUnpark", worker, yield* hasWork(member)))) {
    yield* parkUntilToken(member.me, member.place);
  }
}

function* hasWork({ me: { t }, caller }: Member): Steps {
  if (yield* t.call("callerHasFinished", caller)) return 1;
  return yield* t.call("shutdownBegun");
}
