// The task module of these tests. Tasks that meet the test at some point do so
// by words of `worker.data`, which is shared.

import net from "node:net";
import process from "node:process";
import { setInterval, setTimeout } from "node:timers";
import { spawn, type TaskHandle, worker } from "../../task.ts";

/** What each pool of these tests has as its `data`. */
export interface Shared {
  readonly words: Int32Array<SharedArrayBuffer>;
}

function words(): Int32Array<SharedArrayBuffer> {
  return (worker.data as Shared).words;
}

/** Adds one to a word, and wakes those who wait for it. */
function arrive(at: number): void {
  Atomics.add(words(), at, 1);
  Atomics.notify(words(), at);
}

function publish(at: number, value: number): void {
  Atomics.store(words(), at, value);
  Atomics.notify(words(), at);
}

function waitFor(at: number): void {
  while (Atomics.load(words(), at) === 0) Atomics.wait(words(), at, 0);
}

async function waitLater(at: number): Promise<void> {
  while (Atomics.load(words(), at) === 0) await pause(1);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// ==== values ====

export function nothing(): void {}

// deno-lint-ignore no-explicit-any
export function echo(value: any): any {
  return value;
}

// deno-lint-ignore no-explicit-any require-await
export async function echoLater(value: any): Promise<any> {
  return value;
}

export function list(...values: unknown[]): unknown[] {
  return values;
}

export function add(a: number, b: number): number {
  return a + b;
}

export function bytes(length: number): Uint8Array {
  return new Uint8Array(length).fill(length);
}

export function sizeOf(value: Uint8Array | string): number {
  return value.length;
}

/** As many bytes as are told, by a child. */
export async function sizeOfBytes(length: number): Promise<number> {
  const { length: found } = await spawn<typeof bytes>("bytes", [length])
    .joinAsync();
  return found;
}

/** Tells what a value is here. */
export function describe(value: unknown): string {
  return Object.prototype.toString.call(value);
}

/** Adds to the first word of memory that is shared, or is not. */
export function increment(view: Int32Array): number {
  return Atomics.add(view, 0, 1);
}

/** Answers at a port with what it gets. */
export function answerAt(port: MessagePort): void {
  port.onmessage = ({ data }) => {
    port.postMessage({ got: data });
    port.close();
  };
}

// ==== errors ====

/** A class that the other side may know. */
export class OwnError extends Error {
  override readonly name = "OwnError";
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

export function fail(kind: string): never {
  switch (kind) {
    case "type":
      throw new TypeError("wrong type");
    case "cause":
      throw new RangeError("outer", { cause: new SyntaxError("inner") });
    case "own":
      throw new OwnError("own", 7);
    case "properties":
      throw Object.assign(new Error("with"), { path: "/a", at: [1, 2] });
    case "aggregate":
      throw new AggregateError([new TypeError("one"), "two"], "both");
    case "string":
      throw "just a string";
    case "undefined":
      throw undefined;
    case "function":
      throw () => {};
    case "property":
      throw Object.assign(new Error("holds a function"), { call: () => {} });
    case "abort":
      throw new DOMException("stopped", "AbortError");
  }
  throw new Error(kind);
}

// deno-lint-ignore require-await
export async function failLater(kind: string): Promise<never> {
  fail(kind);
}

export function returnFunction(): unknown {
  return { nested: [{ call: () => {} }] };
}

// deno-lint-ignore require-await
export async function returnFunctionLater(): Promise<unknown> {
  return returnFunction();
}

export function returnThenable(): PromiseLike<string> {
  return Promise.resolve("then");
}

// ==== meetings ====

/** Comes to a word, and blocks until the next one is set. */
export function hold(at: number): number {
  arrive(at);
  waitFor(at + 1);
  return worker.index;
}

/** As `hold()`, in the event loop. */
export async function holdLater(at: number): Promise<number> {
  arrive(at);
  await waitLater(at + 1);
  return worker.index;
}

/** Joins, in the event loop, children that begin elsewhere: one has to. */
export async function joinInLoop(at: number): Promise<number> {
  await pause(2);
  const child = spawn<typeof hold>("hold", [at]);
  // Nobody runs it here.
  waitFor(at);
  return child.join();
}

/** Joins a child that begins elsewhere. */
export function joinHeldChild(at: number): number {
  const child = spawn<typeof hold>("hold", [at]);
  waitFor(at);
  return child.join();
}

/** Joins, in the event loop, and meanwhile runs a task that joins, too. */
export async function joinsInLoop(at: number): Promise<number> {
  await pause(2);
  const child = spawn<typeof hold>("hold", [at]);
  waitFor(at);
  const other = spawn<typeof joinHeldChild>("joinHeldChild", [at + 2]);
  return child.join() + other.join();
}

/** Counts its runs. */
export function count(at: number): void {
  arrive(at);
}

/** Says at which place it came, counted in a word. */
export function place(at: number): number {
  return Atomics.add(words(), at, 1);
}

/** Comes to a word, and runs until it is told to stop. Returns why. */
export function untilCancelled(at: number): string {
  arrive(at);
  while (!worker.isCancelled);
  const { reason } = worker.signal;
  arrive(at + 1);
  return `${reason.name}`;
}

/** As `untilCancelled()`, by the signal alone. */
export async function untilAborted(at: number): Promise<void> {
  const { signal } = worker;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve());
    arrive(at);
  });
  Atomics.store(words(), at + 2, signal.reason.name === "AbortError" ? 1 : 2);
  arrive(at + 1);
}

/** Whether the signal is aborted at the start, and is another one each time. */
export function freshSignal(at: number): boolean {
  const { signal } = worker;
  if (Atomics.load(words(), at) === 0) {
    arrive(at);
    waitFor(at + 1);
  }
  return signal.aborted || worker.isCancelled;
}

export function spin(at: number): never {
  arrive(at);
  for (;;);
}

export function sleepForever(at: number): void {
  arrive(at);
  const word = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(word, 0, 0);
}

export async function never(at: number): Promise<void> {
  arrive(at);
  await new Promise(() => {});
}

// ==== the event loop ====

export async function wait(ms: number): Promise<number> {
  await pause(ms);
  return worker.index;
}

export async function waitAndEcho(ms: number): Promise<number> {
  await pause(ms);
  return ms;
}

/** Returns 0 at once. Others come to a word, and wait for the next one. */
export async function holdAfter(n: number): Promise<number> {
  if (n === 0) return n;
  arrive(4);
  await waitLater(5);
  return n;
}

export function failAt3(n: number): number {
  if (n === 3) throw new RangeError("three");
  return n;
}

/** Sends bytes to a server of its own, and returns what comes back. */
export function echoBySocket(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.pipe(socket));
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      const client = net.connect(port, "127.0.0.1", () => client.end(text));
      let received = "";
      client.on("data", (chunk) => received += chunk);
      client.on("error", reject);
      client.on("close", () => server.close(() => resolve(received)));
    });
  });
}

export function print(text: string): void {
  console.log(text);
}

export async function fetchData(url: string): Promise<string> {
  const response = await fetch(url);
  return await response.text();
}

/** Counts up a word, again and again, while nobody runs anything here. */
export function tick(at: number, ms: number): void {
  setInterval(() => arrive(at), ms);
}

let awake: Disposable | undefined;

export function stayAwake(): void {
  awake ??= worker.keepAwake();
}

export function mayLeave(): void {
  awake?.[Symbol.dispose]();
  awake?.[Symbol.dispose]();
  awake = undefined;
}

export function whoAmI(): Record<string, unknown> {
  const { index, name, signal, isCancelled } = worker;
  return { index, name, isCancelled, isAborted: signal.aborted };
}

export function dataKeys(): string[] {
  return Object.keys(worker.data as object);
}

/** What an asynchronous task knows after each `await`. */
export async function mySignals(rounds: number): Promise<boolean> {
  const { signal } = worker;
  for (let round = 0; round < rounds; round++) {
    await pause(0);
    if (worker.signal !== signal) return false;
  }
  return true;
}

// ==== tasks of tasks ====

export function fib(n: number): number {
  if (n < 2) return n;
  const other = spawn<typeof fib>("fib", [n - 1]);
  return fib(n - 2) + other.join();
}

export function descend(depth: number): number {
  if (depth === 0) return 0;
  return spawn<typeof descend>("descend", [depth - 1]).join() + 1;
}

export function fan(children: number): number {
  const all = Array.from(
    { length: children },
    (_, child) => spawn<typeof echo>("echo", [child]) as TaskHandle<number>,
  );
  return all.reduce((sum, child) => sum + child.join(), 0);
}

export async function fanLater(children: number): Promise<number> {
  const all = Array.from(
    { length: children },
    (_, child) => spawn<typeof echo>("echo", [child]) as TaskHandle<number>,
  );
  const values = await Promise.all(all.map((child) => child.joinAsync()));
  return values.reduce((sum, value) => sum + value, 0);
}

export function joinFailing(kind: string): unknown {
  spawn<typeof fail>("fail", [kind]).join();
  return "no error";
}

export async function joinFailingLater(kind: string): Promise<unknown> {
  await spawn<typeof fail>("fail", [kind]).joinAsync();
  return "no error";
}

export function joinAsyncTask(ms: number): number {
  return spawn<typeof wait>("wait", [ms]).join();
}

export async function joinAsyncTaskLater(ms: number): Promise<number> {
  return await spawn<typeof wait>("wait", [ms]).joinAsync();
}

export function spawnAndLeave(at: number, children: number): void {
  for (let child = 0; child < children; child++) {
    spawn<typeof count>("count", [at]);
  }
}

export function spawnUnknown(name: string): void {
  spawn(name, []);
}

export function spawnUnsendable(): void {
  spawn("echo", [() => {}]);
}

/** Joins tasks of both kinds, in an order in which some have begun elsewhere. */
export function joinMixed(ms: number, depth: number): number {
  const later = spawn<typeof wait>("wait", [ms]);
  const children = Array.from(
    { length: 4 },
    () => spawn<typeof fib>("fib", [depth + 4]),
  );
  const inner = depth > 0
    ? spawn<typeof joinMixed>("joinMixed", [ms, depth - 1])
    : undefined;
  for (const child of children) child.join();
  inner?.join();
  return later.join();
}

/**
 * Returns a promise, without being asynchronous by its form, on the worker that
 * is wanted; any other one waits until the word at `end` is set.
 */
export function promiseOn(
  wanted: number,
  at: number,
  end: number,
): Promise<void> | void {
  const isHere = worker.index === wanted;
  publish(at, isHere ? 1 : 2);
  if (isHere) return pause(1);
  waitFor(end);
}

/**
 * One of two workers that close a circle; `mine` and `other` are five words
 * each. While it joins a child that a third worker holds, it takes the promise
 * of the other one, which then joins what goes on here; and so the other way.
 */
export function closeCircle(
  mine: number,
  other: number,
  isFirst: boolean,
): void {
  publish(mine + 4, worker.index + 1);
  const held = spawn<typeof hold>("hold", [mine]);
  // Nobody who joins is to take what is to be held.
  waitFor(mine);
  waitFor(other);
  const joinHeld = () => {
    publish(mine + 3, 1);
    held.join();
  };
  if (isFirst) joinHeld();
  waitFor(other + 3);
  const promise = spawnOn(words()[other + 4]! - 1, mine + 2);
  // What the other one joins is done.
  publish(other + 1, 1);
  if (!isFirst) joinHeld();
  promise.join();
}

/** Spawns one that begins on this worker. */
function spawnOn(wanted: number, at: number): TaskHandle<unknown> {
  for (;;) {
    publish(at, 0);
    const promise = spawn<typeof promiseOn>("promiseOn", [wanted, at, 10]);
    waitFor(at);
    if (words()[at] === 1) return promise;
  }
}

export function tree(depth: number): number {
  if (depth === 0) return 1;
  const [left, right] = [depth - 1, depth - 1].map((it) =>
    spawn<typeof tree>("tree", [it])
  );
  return left!.join() + right!.join();
}

export function spawnFailing(): void {
  spawn<typeof fail>("fail", ["type"]);
  spawn<typeof failLater>("failLater", ["type"]);
}

/** Joins a child that another worker has. */
export function joinHeld(at: number): number {
  const child = spawn<typeof hold>("hold", [at]);
  waitFor(at);
  return child.join();
}

/** Joins a child that another worker has and dies with. */
export function joinExiting(at: number): string {
  const child = spawn<typeof exitAfter>("exitAfter", [at, 5]);
  waitFor(at);
  try {
    child.join();
    return "no error";
  } catch (error) {
    return (error as Error).name;
  }
}

/** Dies when it has come to a word, on another worker than the one that waits. */
export function exitAfter(at: number, code: number): void {
  arrive(at);
  process.exit(code);
}

/** Spawns children, and dies before they are done. */
export function spawnAndExit(at: number, children: number): void {
  for (let child = 0; child < children; child++) {
    spawn<typeof count>("count", [at]);
  }
  process.exit(6);
}

export function joinTwice(): unknown[] {
  const child = spawn<typeof add>("add", [1, 2]);
  const before = child.isDone;
  return [before, child.join(), child.isDone, child.join()];
}

// ==== ends ====

export function exit(code: number): void {
  process.exit(code);
}

export async function exitLater(code: number): Promise<void> {
  await pause(0);
  process.exit(code);
}

export function throwInTimer(message: string): Promise<never> {
  setTimeout(() => {
    throw new RangeError(message);
  }, 0);
  return new Promise(() => {});
}

export function rejectUnheard(message: string): Promise<never> {
  Promise.reject(new RangeError(message));
  return new Promise(() => {});
}

export function eatMemory(): never {
  const eaten: unknown[] = [];
  for (;;) eaten.push(new Array(1000).fill(Math.random()).map(String));
}

// ==== hooks ====

export function setUp(data: Shared & { setUps?: number }): void {
  Atomics.add(data.words, data.setUps ?? 60, 1);
}

export async function tearDown(data: Shared): Promise<void> {
  await pause(0);
  Atomics.add(data.words, 61, 1);
}

/** Takes longer than a worker has that does not end. */
export async function tearDownSlowly(data: Shared): Promise<void> {
  await pause(1200);
  Atomics.add(data.words, 61, 1);
}

/** What `setUp()` has counted when a task runs. */
export function setUps(): number {
  return Atomics.load(words(), 60);
}
