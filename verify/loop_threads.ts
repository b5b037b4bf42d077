// Threads of scenarios with event loops: what one does, from its start to its end.

import type { Body } from "../loom/src/scenario.ts";
import { parkUntilToken, schedule, sleepOn, unpark } from "./facade.ts";
import {
  loopOf,
  openLoop,
  parkAsync,
  type ParkAsyncPlan,
  sleepOnAsync,
} from "./loop_facade.ts";
import type { World } from "./world.ts";

/** An event loop that parks until it has its token, or something else ends it. */
export function loop(
  world: World,
  index: number,
  plan: ParkAsyncPlan = {},
): Body {
  return function* (t) {
    const me = world.local(t, index + 1);
    const place = world.parker(index);
    const driver = yield* openLoop(me, place);
    for (;;) {
      const result = yield* parkAsync(me, driver, place, plan);
      if (result !== "driver") return result;
    }
  };
}

/** The same, parked when the scenario begins. */
export function parkedLoop(world: World, index: number): Body {
  return function* (t) {
    const me = world.local(t, index + 1);
    const place = world.parker(index);
    const driver = loopOf(place);
    for (
      let result = yield* sleepOnAsync(me, driver, place);;
      result = yield* parkAsync(me, driver, place)
    ) {
      if (result !== "driver") return result;
    }
  };
}

/** A thread that sleeps on its own word when the scenario begins. */
export function asleep(world: World, index: number): Body {
  return function* (t) {
    return yield* sleepOn(world.local(t, index + 1), world.parker(index));
  };
}

/** A thread that blocks until it has its token. */
export function sleeper(world: World, index: number): Body {
  return function* (t) {
    const me = world.local(t, index + 1);
    return yield* parkUntilToken(me, world.parker(index));
  };
}

/** A thread that unparks, and does nothing else. */
export function unparker(
  world: World,
  thread: number,
  ...parkers: number[]
): Body {
  return function* (t) {
    const me = world.local(t, thread);
    for (const index of parkers) yield* unpark(me, world.parker(index));
  };
}

/** A thread that arms a timer. */
export function armer(
  world: World,
  thread: number,
  timer: number,
  at: number,
): Body {
  return function* (t) {
    yield* schedule(world.local(t, thread), world.timer(timer), at);
  };
}
