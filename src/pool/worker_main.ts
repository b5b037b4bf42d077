// What a thread of the pool runs: attach, import the tasks, work, and end.

import { compose, currentHost } from "../compose.ts";
import { share } from "../core/local.ts";
import { attachCore } from "../core/module.ts";
import { claimParker } from "../park/claim.ts";
import { packError } from "./marshal.ts";
import {
  controlOf,
  KERNEL,
  type WorkerMessage,
  type WorkerStart,
} from "./start.ts";
import { type TaskModule, tasksOf } from "./task_module.ts";
import { withWakes } from "./wakes.ts";
import { PoolWorker } from "./worker.ts";

/**
 * What a worker of a pool runs. Not for users: `Pool.start()` has the thread
 * import this module and call it.
 */
export async function runPoolWorker(): Promise<void> {
  const host = currentHost();
  const self = host.self()!;
  const post = (message: WorkerMessage) => self.post(message);
  const start = self.data as WorkerStart;
  const { index, setup, teardown, data, controls } = start;
  const id = host.kernelThreads()?.current ?? 0;
  // Relaxed: it stays what it is once it is there.
  Atomics.store(controls, controlOf(index, KERNEL), id);
  let worker: PoolWorker;
  let module: TaskModule;
  let isClosed = false;
  try {
    const composed = compose(attachCore(start.handle), host, true);
    share(composed);
    const local = withWakes(composed, index + 1);
    // So that its timer does not count as one of the task module's.
    host.keepAlive.hold();
    host.keepAlive.drop();
    const loopWork = host.loopWork() ?? 0;
    module = await tasksOf(start.module, setup, teardown, start.names);
    const parker = claimParker(local);
    worker = new PoolWorker(local, parker, start, module.tasks, loopWork);
    await module.callHook(setup, data);
    const { address, claim } = parker.handle;
    local.core.callerOpen(index + 1, address, claim);
    local.core.workerOpen(index, local.thread);
    worker.orders.begin();
    self.onExit?.((code) => {
      if (!isClosed) worker.tellEnd(code);
    });
    const names = [...module.tasks.keys()];
    post({ kind: "ready", names, parker: address });
  } catch (error) {
    post({ kind: "failed", thrown: packError(error, host.serializer) });
    return;
  }
  try {
    await worker.run();
  } catch (error) {
    // A thread that was terminated ends like any other.
    if (worker.orders.isOver) return;
    throw error;
  }
  post({ kind: "ending" });
  try {
    await module.callHook(teardown, data);
  } finally {
    if (host.output?.isPending) await host.output.written();
    worker.end();
    isClosed = true;
    post({ kind: "closed" });
  }
}
