// No pool: a promise for each call, which this thread answers when the turn ends.
// Nothing that gives each call a promise is faster.

import type { RunningPool, Start } from "../subject.ts";
import { TASKS } from "../tasks.ts";

/** There is nothing to load. */
export function loadPromises(): Promise<Start> {
  return Promise.resolve(start);
}

function start(): RunningPool {
  let answers: (() => void)[] = [];
  const answer = () => {
    const all = answers;
    answers = [];
    for (const it of all) it();
  };
  return {
    run(task, argument) {
      return new Promise((resolve) => {
        if (answers.length === 0) queueMicrotask(answer);
        answers.push(() => resolve(TASKS[task](argument as never)));
      });
    },
  };
}
