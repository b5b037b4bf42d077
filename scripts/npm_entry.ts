// What the npm package exports at run time: the public names, and what a spawned
// thread calls in the bundle that it imports.

export * from "../mod.ts";
export { runPoolWorker } from "../src/pool/worker_main.ts";
export { runThread } from "../src/runtime.ts";
