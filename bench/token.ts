// What does a token cost when nobody sleeps: unpark + park on one thread?

import { Runtime } from "../mod.ts";
import { checkEqual, emit, interleave, lower } from "./harness.ts";
import { JsParker } from "./js_parker.ts";

using runtime = Runtime.create({ parkers: 1 });
const parker = runtime.parker();
const unparker = runtime.unparker(parker.handle);
const js = new JsParker(new Int32Array(new SharedArrayBuffer(4)), 0);

/** What an owner sees of a token that is there, of two, and of none. */
function behaviour(
  end: { parkTimeout(ms: number): string; park(): string },
  unpark: () => unknown,
): string[] {
  unpark();
  const one = end.park();
  unpark();
  unpark();
  return [one, end.park(), end.parkTimeout(1)];
}

checkEqual({
  layby: behaviour(parker, () => unparker.unpark()),
  js: behaviour(js, () => js.unpark()),
});

const contenders = [
  {
    subject: "layby",
    run(count: number) {
      for (let pair = 0; pair < count; pair++) {
        unparker.unpark();
        parker.park();
      }
    },
  },
  {
    subject: "js",
    run(count: number) {
      for (let pair = 0; pair < count; pair++) {
        js.unpark();
        js.park();
      }
    },
  },
];

const turns = { batches: 31, batch: 20, warmUp: 300 };
const times = await interleave(contenders, turns);
emit(
  times.map((ms, index) =>
    lower("token", contenders[index]!.subject, "ns", ms * 1e6)
  ),
);
