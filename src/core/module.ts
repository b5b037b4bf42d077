// The module and the memory: compiled once, instantiated by each thread. The
// only file that names WebAssembly.

import { ArgumentTypeError, LayoutError, UnsupportedError } from "../errors.ts";
import { LAYOUT_VERSION, MAGIC, WASM_BASE64 } from "./core.generated.ts";
import type { CoreExports } from "./core.generated.ts";
import {
  type Capacities,
  heapStart,
  memoryBytes,
  type PoolCapacities,
} from "./layout.ts";

/** What a module is to be. */
const CORE = "the core of this version";

/** Bytes of a page. https://webassembly.github.io/spec/core/exec/runtime.html */
const PAGE = 65536;

/**
 * Identifies a runtime to other threads: post it to a worker, and pass it to
 * `Runtime.attach()` there. Structured clone carries it; nothing in it is yours
 * to read or write.
 */
export interface RuntimeHandle {
  /** The layout version of the core that wrote the memory. */
  readonly layby: number;
  /** The compiled core. */
  readonly module: WebAssembly.Module;
  /** The shared memory. */
  readonly memory: WebAssembly.Memory;
}

/** What the first words of a memory say. See `Header` in the core. */
export interface HeaderFields extends Capacities {
  /** Tells one runtime's handles from another's. */
  id: number;
  /** `BLOCKING_DRIVER`, `HOST_WAIT`, `TIMERS_ONLY`. */
  flags: number;
}

/** This thread's instance, over the memory that all threads share. */
export interface Core {
  /** The functions of the core. */
  readonly exports: CoreExports;
  /** What other threads instantiate. */
  readonly handle: RuntimeHandle;
  /** The memory as words, but for a pool's heap: that grows. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** What the memory says of itself, once it is a runtime's. */
  readonly header: HeaderFields;
}

let compiled: WebAssembly.Module | undefined;

/** Compiles the core, once a thread. */
export function compile(): WebAssembly.Module {
  if (compiled) return compiled;
  checkHost("create a runtime");
  try {
    return compiled = compileBytes(WASM_BASE64);
  } catch (cause) {
    throw new UnsupportedError(
      "create a runtime",
      "a host that compiles WebAssembly at run time: this one does not",
      { cause },
    );
  }
}

/** Checks that there is what every runtime needs. */
function checkHost(action: string): void {
  if (typeof WebAssembly === "undefined") {
    throw new UnsupportedError(action, "WebAssembly: this host has none");
  }
  if (typeof SharedArrayBuffer === "undefined") {
    throw new UnsupportedError(
      action,
      "SharedArrayBuffer: in a browser, serve the page with the headers " +
        '"Cross-Origin-Opener-Policy: same-origin" and ' +
        '"Cross-Origin-Embedder-Policy: require-corp"',
    );
  }
}

/** Compiles a binary in base64. */
export function compileBytes(base64: string): WebAssembly.Module {
  return new WebAssembly.Module(decode(base64));
}

/** `Uint8Array.fromBase64`, which Node 24 has not. */
function decode(base64: string): Uint8Array<ArrayBuffer> {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/**
 * Makes a memory for these capacities, and an instance over it. That of a pool
 * can grow, up to its chunks.
 */
export function createCore(
  module: WebAssembly.Module,
  capacities: Capacities,
  pool?: PoolCapacities,
): Core {
  if (!(module instanceof WebAssembly.Module)) {
    throw new ArgumentTypeError(
      "Cannot create a runtime as module must be a WebAssembly.Module",
    );
  }
  const bytes = pool ? heapStart(capacities, pool) : memoryBytes(capacities);
  const pages = Math.ceil(bytes / PAGE);
  // A chunk of a pool's heap is a page.
  return open(module, newMemory(pages, pages + (pool?.chunks ?? 0)));
}

/**
 * Grows a pool's memory, unless another thread has. Returns how large it is now,
 * in bytes.
 */
export function growMemory(handle: RuntimeHandle, pages: number): number {
  try {
    handle.memory.grow(pages);
  } catch {
    // There is no more. What others have grown may do.
  }
  return handle.memory.buffer.byteLength;
}

/** The whole of a memory, as it is now. */
export function bytesOf(handle: RuntimeHandle): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(handle.memory.buffer as unknown as SharedArrayBuffer);
}

/** Makes an instance over the memory of a handle. */
export function attachCore(handle: RuntimeHandle): Core {
  checkHost("attach");
  const { module, memory, layby } = handle;
  if (layby !== LAYOUT_VERSION) {
    throw new LayoutError(`layout ${layby}`, `layout ${LAYOUT_VERSION}`);
  }
  if (
    !(module instanceof WebAssembly.Module) ||
    !(memory instanceof WebAssembly.Memory) ||
    !((memory.buffer as unknown) instanceof SharedArrayBuffer)
  ) {
    throw new LayoutError("no module and shared memory", "a Runtime.handle");
  }
  return checkMemory(open(module, memory));
}

/** Checks that a memory is what its header says. */
function checkMemory(core: Core): Core {
  const [magic, version] = core.words;
  if (magic !== MAGIC) {
    throw new LayoutError("no header of layby's", "a Runtime.handle");
  }
  if (version !== LAYOUT_VERSION) {
    throw new LayoutError(`layout ${version}`, `layout ${LAYOUT_VERSION}`);
  }
  const bytes = memoryBytes(core.header);
  if (bytes > core.words.byteLength) {
    throw new LayoutError(`${core.words.byteLength} bytes`, `${bytes} bytes`);
  }
  return core;
}

function newMemory(initial: number, maximum: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial, maximum, shared: true });
}

function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): CoreExports {
  let exports: Partial<CoreExports>;
  try {
    exports = new WebAssembly.Instance(module, { env: { memory } }).exports;
  } catch (cause) {
    throw new LayoutError("a module that it does not fit", CORE, { cause });
  }
  if (!exports.memoryCreate) {
    throw new LayoutError("a module that is no core of layby's", CORE);
  }
  return exports as CoreExports;
}

function open(module: WebAssembly.Module, memory: WebAssembly.Memory): Core {
  const words = new Int32Array(memory.buffer as unknown as SharedArrayBuffer);
  return {
    exports: instantiate(module, memory),
    handle: { layby: LAYOUT_VERSION, module, memory },
    words,
    get header() {
      const at = (place: number) => words[place]!;
      return {
        id: at(2),
        flags: at(3),
        parkers: at(4),
        locks: at(5),
        timers: at(6),
        registrations: at(7),
      };
    },
  };
}
