// What does it cost to wake a thread that sleeps in a driver?

import { interleave, lower } from "../../harness.ts";
import { ANSWERED, STOPPING } from "../../workers/notes.ts";
import type { Form } from "../subject.ts";
import { SUBJECTS } from "../subjects.ts";
import { CHECKED, type Measure, place, startAnswerer, TURNS } from "./job.ts";

/** The arguments are the form and the placement. */
export const driverWake: Measure = async ({ row, subject, args }) => {
  const [form, placement] = args as [Form, string];
  const { open, join } = await SUBJECTS.driver_wake[subject]!.load();
  const [mine, theirs] = await open(form);
  const side = await join(mine);
  const answerer = await startAnswerer("driver_wake", subject, theirs);
  place(answerer, placement);
  let called = 0;
  const run = (trips: number) => {
    called += trips;
    for (let trip = 0; trip < trips; trip++) {
      side.wake();
      side.sleep();
    }
  };
  const { notes } = answerer;
  const check = () => {
    if (notes[ANSWERED] === called) return;
    throw new Error(`${notes[ANSWERED]} answers to ${called} calls`);
  };
  run(CHECKED);
  check();
  const [ms] = await interleave([{ subject, run }], TURNS);
  check();
  notes[STOPPING] = 1;
  side.wake();
  await answerer.ended();
  return [lower(row, subject, "µs", ms! * 1e3)];
};
