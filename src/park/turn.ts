// One turn of the driver, for the thread that holds it: sleep, then fire the
// timers that are due.

import { deliver, type Local } from "../core/local.ts";

/** As many as the core collects at once. */
const BATCH = 32;

/** Fires everybody's timers that are due. Returns how many. */
export function fireTimers(local: Local): number {
  const { core, host, timerThread } = local;
  if (!core.timersArmed()) return 0;
  let total = 0;
  for (;;) {
    const fired = core.timersCollect(host.now(), timerThread);
    for (let place = 0; place < fired; place++) {
      deliver(local, core.timersDeliver(place), core.timersTarget(place));
    }
    total += fired;
    if (fired < BATCH) return total;
  }
}

/**
 * Sleeps in the driver until it has served something, the owner has a token,
 * the deadline has passed, or the runtime is shut down. Returns how many events
 * and timers were served.
 *
 * @param parker The address of the owner's parker; the thread holds the driver.
 * @param deadline In milliseconds on the shared clock; `-Infinity` polls once.
 */
export function takeTurns(
  local: Local,
  parker: number,
  deadline: number,
): number {
  const { core, host, driver, timerThread, staysInDriver } = local;
  for (;;) {
    // Without timers, the core has it that whoever arms one rings.
    const due = core.timersArmed()
      ? Math.min(core.timersPrepare(timerThread), deadline)
      : deadline;
    const left = due === Infinity ? due : Math.max(due - host.now(), 0);
    const served = driver!.park(left) as number + fireTimers(local);
    core.parkerAddTurn(parker);
    if (core.parkerIsNotified(parker)) return served;
    if (served > 0 && !staysInDriver) return served;
    if (core.shutdownBegun()) return served;
    if (deadline !== Infinity && host.now() >= deadline) return served;
  }
}
