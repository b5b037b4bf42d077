// What would @assemblyscript/loader cost, in place of WebAssembly.Instance?

import { instantiateSync } from "@assemblyscript/loader";
import { Runtime } from "../mod.ts";
import type { CoreExports } from "../src/core/core.generated.ts";
import { checkEqual, emit, interleave, lower } from "./harness.ts";

using runtime = Runtime.create({ parkers: 1 });
const { module, memory } = runtime.handle;
const { address, claim } = runtime.parker().handle;
const imports = { env: { memory } };

function bare(): CoreExports {
  const { exports } = new WebAssembly.Instance(module, imports);
  return exports as unknown as CoreExports;
}

function loaded(): CoreExports {
  const { exports } = instantiateSync(module, imports);
  return exports as unknown as CoreExports;
}

/** What an owner sees of a token that is there, and of none. */
function behaviour(core: CoreExports): number[] {
  return [
    core.parkerUnpark(address, claim),
    core.parkerTake(address, claim),
    core.parkerTake(address, claim),
  ];
}

const [plain, wrapped] = [bare(), loaded()];
checkEqual({ WebAssembly: behaviour(plain), loader: behaviour(wrapped) });

const instantiations = [
  {
    subject: "instantiate, WebAssembly",
    run(count: number) {
      for (let time = 0; time < count; time++) bare();
    },
  },
  {
    subject: "instantiate, loader",
    run(count: number) {
      for (let time = 0; time < count; time++) loaded();
    },
  },
];
const tokens = [
  {
    subject: "token, WebAssembly",
    run(count: number) {
      for (let pair = 0; pair < count; pair++) {
        plain.parkerUnpark(address, claim);
        plain.parkerTake(address, claim);
      }
    },
  },
  {
    subject: "token, loader",
    run(count: number) {
      for (let pair = 0; pair < count; pair++) {
        wrapped.parkerUnpark(address, claim);
        wrapped.parkerTake(address, claim);
      }
    },
  },
];

const turns = { batches: 15, batch: 5, warmUp: 60 };
const startTimes = await interleave(instantiations, turns);
const tokenTimes = await interleave(tokens, turns);
emit([
  ...startTimes.map((ms, index) =>
    lower("load", instantiations[index]!.subject, "µs", ms * 1e3)
  ),
  ...tokenTimes.map((ms, index) =>
    lower("load", tokens[index]!.subject, "ns", ms * 1e6)
  ),
]);
