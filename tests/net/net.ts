// What the tests of sockets share.

import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  type LaybyErrorCode,
  Runtime,
  type RuntimeOptions,
} from "../../mod.ts";
import { currentHost } from "../../src/compose.ts";
import { until } from "../threads.ts";

const ffi = currentHost().ffi();

/** For tests that need C functions, and Linux. */
export const WITH_NET = {
  skip: typeof ffi === "string"
    ? `needs ${ffi}`
    : process.platform !== "linux" && "only on Linux",
};

/** The bodies of threads. */
export const BODIES = new URL("./net_bodies.ts", import.meta.url);

/** A runtime that watches descriptors. */
export function newRuntime(options: RuntimeOptions = {}): Runtime {
  return Runtime.create({ driver: "epoll", ...options });
}

/** Bytes that tell where they are. */
export function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8)) & 0xff;
  return bytes;
}

export function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.slice());
}

/** Reads from something until its end. */
export interface Reads {
  read(bytes: Uint8Array): Promise<number | null>;
}

/** All that comes until the end. */
export async function readAll(
  stream: Reads,
  room = 65_536,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const bytes = new Uint8Array(room);
  let count: number | null;
  while ((count = await stream.read(bytes)) !== null) {
    chunks.push(bytes.slice(0, count));
  }
  return Buffer.concat(chunks);
}

/** As many bytes as there is room for. */
export async function readFull(
  stream: Reads,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const count = await stream.read(bytes.subarray(at));
    assert.ok(count, "the stream has ended early");
    at += count;
  }
  return bytes;
}

/** Open descriptors of this process. */
export function openFds(): number {
  return readdirSync("/proc/self/fd").length;
}

/** Runs it twice: the second time, as many descriptors are open afterwards. */
export async function leakNothing(
  action: () => void | Promise<void>,
): Promise<void> {
  await action();
  const before = openFds();
  for (let time = 0; time < 5; time++) await action();
  await until(() => openFds() <= before);
}

/** A path for a socket, which nobody has. */
export function newPath(): string {
  const name = `layby-${process.pid}-${Math.random().toString(36).slice(2)}`;
  return join(tmpdir(), name);
}

/** What an error of layby's has. */
export function laybyError(code: LaybyErrorCode, message?: RegExp) {
  return (error: unknown) => {
    const found = error as { code?: unknown; message: string };
    assert.equal(found.code, code, `${error}`);
    if (message) assert.match(found.message, message);
    return true;
  };
}

/** What a `SystemError` has. */
export function systemError(errorCode: string, message?: RegExp) {
  return (error: unknown) => {
    const found = error as { code: string; errorCode: string; message: string };
    assert.equal(found.code, "system", `${error}`);
    assert.equal(found.errorCode, errorCode);
    assert.ok(found.message.includes(`failed with ${errorCode} (`));
    if (message) assert.match(found.message, message);
    return true;
  };
}
