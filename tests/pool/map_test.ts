// Pool.map(): order, laziness, and ends of every kind.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { assertCounted, publish, settled, start, until } from "./pools.ts";

const { pool, ...shared } = await start();
after(() => shared[Symbol.asyncDispose]());

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Numbers, and what became of whoever gives them. */
class Source {
  given = 0;
  isClosed = false;

  *numbers(end = Infinity): Generator<number, void, void> {
    try {
      while (this.given < end) yield this.given++;
    } finally {
      this.isClosed = true;
    }
  }

  async *later(end = Infinity): AsyncGenerator<number, void, void> {
    try {
      while (this.given < end) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        yield this.given++;
      }
    } finally {
      this.isClosed = true;
    }
  }
}

test("map() yields in the order of the items", async () => {
  const items = Array.from({ length: 500 }, (_, n) => n);
  for (const source of [items, new Set(items), new Source().numbers(500)]) {
    assert.deepEqual(await collect(pool.map("echo", source)), items);
  }
  assert.deepEqual(await collect(pool.map("echo", new Source().later(50))), [
    ...items.slice(0, 50),
  ]);
  assert.deepEqual(await collect(pool.map("echo", "añ👋🏽")), [..."añ👋🏽"]);
  // The first takes longest.
  const waits = [5, 0, 3, 0, 1];
  const answers = pool.map("waitAndEcho", waits, { inFlight: 5 });
  assert.deepEqual(await collect(answers), waits);
});

test("map() over nothing yields nothing", async () => {
  const { submitted } = pool.metrics();
  assert.deepEqual(await collect(pool.map("echo", [])), []);
  assert.deepEqual(await collect(pool.map("echo", new Source().later(0))), []);
  assert.equal(pool.metrics().submitted, submitted);
});

for (const inFlight of [1, 2, 7]) {
  test(`map() takes no more than ${inFlight} items ahead`, async () => {
    for (const kind of ["numbers", "later"] as const) {
      const source = new Source();
      let yielded = 0;
      const answers = pool.map("echo", source[kind](50), { inFlight });
      assert.equal(source.given, 0);
      for await (const _ of answers) {
        assert.ok(source.given - yielded <= inFlight, `${source.given}`);
        yielded++;
      }
      assert.equal(yielded, 50);
      assert.equal(source.isClosed, true);
    }
  });
}

test("map() takes nothing before it is asked for something", async () => {
  const source = new Source();
  const answers = pool.map("echo", source.numbers());
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(source.given, 0);
  await answers.return();
  assert.equal(source.given, 0);
});

// A source that waits for an answer before it gives another item.
test("map() yields an answer though the next item is not there", async () => {
  let answered = Promise.withResolvers<void>();
  async function* source() {
    for (let n = 0; n < 5; n++) {
      yield n;
      await answered.promise;
      answered = Promise.withResolvers();
    }
  }
  const seen: number[] = [];
  const run = async () => {
    for await (const n of pool.map("echo", source(), { inFlight: 3 })) {
      seen.push(n);
      answered.resolve();
    }
  };
  await settled(run());
  assert.deepEqual(seen, [0, 1, 2, 3, 4]);
});

// With words of its own: a task that was cancelled as it began runs on after
// drain(), which is for calls.
test("map() that is left early closes the source and cancels", async () => {
  for (const kind of ["numbers", "later"] as const) {
    await using own = await start();
    const { pool, words } = own;
    const source = new Source();
    for await (
      const n of pool.map("holdAfter", source[kind](), { inFlight: 4 })
    ) {
      assert.equal(n, 0);
      await until(() => Atomics.load(words, 4) > 0);
      break;
    }
    assert.equal(source.isClosed, true);
    assert.ok(source.given <= 5, `${source.given}`);
    assert.ok(pool.metrics().cancelled > 0);
    publish(words, 5, 1);
    await pool.drain();
    assertCounted(pool);
  }
});

test("map() ends with the first that rejects, in order", async () => {
  const source = new Source();
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const n of pool.map("failAt3", source.numbers())) seen.push(n);
  }, { name: "RangeError", message: "three" });
  assert.deepEqual(seen, [0, 1, 2]);
  assert.equal(source.isClosed, true);
});

test("map() ends with what the source throws", async () => {
  const thrown = new TypeError("no more");
  function* source() {
    yield 1;
    throw thrown;
  }
  async function* later() {
    yield 1;
    throw thrown;
  }
  for (const items of [source(), later()]) {
    await assert.rejects(collect(pool.map("echo", items)), thrown);
  }
});

test("map() ends with an argument that cannot be sent", async () => {
  const source = new Source();
  await assert.rejects(
    collect(pool.map("echo", [1, () => {}, ...source.numbers(5)])),
    { name: "UncloneableError" },
  );
});

test("map() ends with its signal", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const source = new Source();
  const reason = new RangeError("enough");
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const n of pool.map("echo", source.numbers(), { signal })) {
      seen.push(n);
      if (n === 10) controller.abort(reason);
    }
  }, reason);
  assert.ok(seen.length >= 11);
  assert.equal(source.isClosed, true);
});

test("map() ends with its signal while the source gives nothing", async () => {
  const controller = new AbortController();
  const reason = new RangeError("enough");
  async function* source() {
    yield 1;
    await new Promise(() => {});
  }
  const answers = pool.map("echo", source(), { signal: controller.signal });
  assert.equal((await answers.next()).value, 1);
  const next = answers.next();
  controller.abort(reason);
  await assert.rejects(settled(next), reason);
});

test("map() keeps to a timeout for each call", async () => {
  await assert.rejects(
    collect(pool.map("waitAndEcho", [0, 60_000], { timeout: 50 })),
    { name: "TimedOutError" },
  );
});

test("map() waits where the queue is full", async () => {
  await using limited = await start({ workers: 2, maxQueue: 1 });
  const items = Array.from({ length: 200 }, (_, n) => n);
  const answers = limited.pool.map("echo", items, { inFlight: 50 });
  assert.deepEqual(await settled(collect(answers)), items);
});

test("map() refuses what nobody can iterate", () => {
  for (const source of [undefined, null, 1, {}, () => []] as never[]) {
    assert.throws(() => pool.map("echo", source), {
      name: "ArgumentTypeError",
      message: /source must be iterable/,
    });
  }
});
