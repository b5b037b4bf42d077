import assert from "node:assert/strict";
import { test } from "node:test";
import { settled, until } from "../threads.ts";
import { create, SELECTORS } from "./selectors.ts";
import { closeAll, NEEDS, socketPair, writeNow } from "./sockets.ts";

// Epoll says both in one turn, kqueue in two events. Whoever waits to write may
// look after the other has cleared, and nothing would tell it again.
for (const { driver, skip } of SELECTORS) {
  test(`${driver}: Registration.clear() leaves what others wait for`, {
    skip: NEEDS || skip,
  }, async () => {
    using runtime = create(driver);
    const [mine, theirs] = socketPair();
    writeNow(theirs, 1);
    const watch = runtime.register(mine, { read: true, write: true });
    const ready = await settled(watch.readable());
    await until(() => watch.state.isReadable && watch.state.isWritable);
    watch.clear(ready);
    assert.ok(!watch.state.isReadable);
    assert.ok(watch.state.isWritable);
    const writable = await settled(watch.writable());
    assert.ok(writable.isWritable);
    assert.ok(!writable.isReadable);
    watch.clear(writable);
    assert.ok(!watch.state.isWritable);
    watch.deregister();
    closeAll(mine, theirs);
  });
}
