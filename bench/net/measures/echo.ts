// What does a round trip of 64 bytes cost over a stream?

import { interleave, lower } from "../../harness.ts";
import { type EchoClient, type Kind, MESSAGE } from "../subject.ts";
import { SUBJECTS } from "../subjects.ts";
import { CHECKED, type Measure, place, startAnswerer, TURNS } from "./job.ts";

/** The arguments are the kind of stream and the placement. */
export const echo: Measure = async ({ row, subject, args }) => {
  const [kind, placement] = args as [Kind, string];
  const { open } = await SUBJECTS.echo[subject]!.load();
  const opened = await open(kind);
  const answerer = await startAnswerer("echo", subject, opened.theirs);
  const client = await opened.connected();
  place(answerer, placement);
  await check(client);
  const message = new Uint8Array(MESSAGE);
  const run = async (trips: number) => {
    for (let trip = 0; trip < trips; trip++) {
      message[0]!++;
      const answer = client.exchange(message);
      // No turn of the event loop, unless the subject takes one itself.
      const bytes = answer instanceof Uint8Array ? answer : await answer;
      if (bytes.length !== MESSAGE || bytes[0] !== message[0]) {
        throw new Error(`${bytes.length} bytes, from ${bytes[0]}`);
      }
    }
  };
  const [ms] = await interleave([{ subject, run }], TURNS);
  client.close();
  await answerer.ended();
  return [lower(row, subject, "µs", ms! * 1e3)];
};

async function check(client: EchoClient): Promise<void> {
  for (let trip = 0; trip < CHECKED; trip++) {
    const sent = Uint8Array.from({ length: MESSAGE }, (_, i) => trip + i);
    const received = await client.exchange(sent);
    if (sent.join() === received.join()) continue;
    throw new Error(`sent ${sent.join()}, received ${received.join()}`);
  }
}
