import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { Runtime } from "../../mod.ts";
import type { Driver } from "../../src/driver.ts";
import { forSelectors } from "../io/selectors.ts";
import { WAITS } from "../park/sleeps.ts";
import { DRIVER_CASES, driverTests } from "./driver.ts";
import { makeEventLoop, makeSelector, makeTime, makeWord } from "./drivers.ts";

for (const wait of WAITS) {
  driverTests(`TimeDriver on ${wait}`, () => makeTime(wait));
}
driverTests("EventLoopDriver", makeEventLoop);
forSelectors((name) =>
  driverTests(`SelectorDriver on ${name}`, () => makeSelector(name))
);

// ==== the example ====

driverTests("WordDriver", makeWord);

test("docs/drivers.md has the example that is tested", () => {
  const read = (path: string) =>
    readFileSync(new URL(path, import.meta.url), "utf8");
  const source = read("./word_driver.ts");
  const code = source.slice(source.indexOf("import type"));
  const shown = code.replace("../../src/driver.ts", "../src/driver.ts");
  assert.ok(read("../../docs/drivers.md").includes(shown.trim()));
});

// ==== the suite itself ====

/** A driver of one thread, which is right; the ones below are not. */
class Sound implements Driver {
  readonly name = "sound";
  readonly blocks: boolean = true;
  protected readonly word = new Int32Array(new SharedArrayBuffer(4));

  park(timeout: number): number {
    if (this.word[0] === 0) Atomics.wait(this.word, 0, 0, timeout);
    this.word[0] = 0;
    return 0;
  }

  unpark(): void {
    this.word[0] = 1;
  }

  shutdown(): void {
    this.unpark();
  }
}

const FAULTS: Record<string, [new () => Driver, string]> = {
  "says that it blocks, and yields": [
    class extends Sound {
      override park(timeout: number): number {
        return Promise.resolve(super.park(timeout)) as never;
      }
    },
    "park() blocks if it says so, and else returns a promise",
  ],
  "counts rings": [
    class extends Sound {
      override park(timeout: number): number {
        const rings = this.word[0]!;
        super.park(timeout);
        this.word[0] = Math.max(rings - 1, 0);
        return 0;
      }
      override unpark(): void {
        this.word[0]!++;
      }
    },
    "rings that nobody has heard count as one",
  ],
  "does not hear when it polls": [
    class extends Sound {
      override park(timeout: number): number {
        return timeout === 0 ? 0 : super.park(timeout);
      }
    },
    "a park of no time hears a ring",
  ],
  "sleeps when it polls": [
    class extends Sound {
      override park(timeout: number): number {
        return super.park(Math.max(timeout, 2));
      }
    },
    "a park of no time returns at once",
  ],
  "rounds down": [
    class extends Sound {
      override park(timeout: number): number {
        return super.park(Math.floor(timeout));
      }
    },
    "a timeout below a millisecond does not return at once",
  ],
  "is in a hurry": [
    class extends Sound {
      override park(timeout: number): number {
        return super.park(timeout / 2);
      }
    },
    "a timeout is never early, and not for ever",
  ],
  "serves what nobody can count": [
    class extends Sound {
      override park(timeout: number): number {
        super.park(timeout);
        return NaN;
      }
    },
    "a ring before park() ends it at once",
  ],
  "spins": [
    class extends Sound {
      override park(timeout: number): number {
        // By processor time: on a busy machine a spin may get little of it.
        const before = process.cpuUsage();
        const spent = () => process.cpuUsage(before).user / 1000;
        while (spent() < timeout && this.word[0] === 0);
        return super.park(0);
      }
    },
    "a sleep takes no processor time",
  ],
  "forgets a ring before it sleeps": [
    class extends Sound {
      override park(timeout: number): number {
        this.word[0] = 0;
        return super.park(timeout);
      }
    },
    "a ring before park() ends it at once",
  ],
  "is deaf to a shutdown": [
    class extends Sound {
      override shutdown(): void {}
    },
    "shutdown() before the sleep begins ends it",
  ],
};

/** Runs one case against a driver that no other thread knows. */
async function judge(driver: Driver, what: string): Promise<void> {
  using runtime = Runtime.create();
  const remote = { module: "", name: "", args: undefined };
  // None of these is slow, and some are deaf.
  const patience = 200;
  await DRIVER_CASES[what]!({ driver, runtime, remote, patience });
}

for (const [what, [Faulty, found]] of Object.entries(FAULTS)) {
  test(
    `the suite fails a driver that ${what}`,
    { timeout: 60_000 },
    async () => {
      await judge(new Sound(), found);
      await assert.rejects(judge(new Faulty(), found), assert.AssertionError);
    },
  );
}
