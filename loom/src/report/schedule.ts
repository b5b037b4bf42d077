// A schedule as a string: who took each step, in runs.
//
//   0x7 2x3 0 4.1x2
//
// Process 0 took seven steps, process 2 three, process 0 one, and process 4 two
// in each of which it took its second way. Every atomic operation is a step.

/** The string of a machine's log. */
export function writeSchedule(log: readonly number[]): string {
  const runs: string[] = [];
  for (let start = 0; start < log.length;) {
    let end = start + 1;
    while (end < log.length && log[end] === log[start]) end++;
    const process = log[start]! & 0xff;
    const alternative = log[start]! >> 8;
    const who = alternative > 0 ? `${process}.${alternative}` : `${process}`;
    runs.push(end - start > 1 ? `${who}x${end - start}` : who);
    start = end;
  }
  return runs.join(" ");
}

/** The log that a string stands for. */
export function readSchedule(schedule: string): number[] {
  return schedule.split(" ").filter((run) => run !== "").flatMap((run) => {
    const found = /^(\d{1,2})(?:\.(\d{1,2}))?(?:x(\d{1,6}))?$/.exec(run);
    if (found === null) {
      throw new SyntaxError(
        `Cannot read the schedule at ${JSON.stringify(run)}: it must be like ` +
          '"0x7 2x3 4.1"',
      );
    }
    const [, process, alternative = "0", count = "1"] = found;
    const entry = Number(process) | Number(alternative) << 8;
    return new Array<number>(Number(count)).fill(entry);
  });
}
