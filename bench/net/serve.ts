// Serves, for a measure in another process. Prints the port, and ends when its
// stdin does: so it outlives nobody.
//
//   serve.ts http_hello|idle_connections SUBJECT

import process from "node:process";
import { UNAVAILABLE, Unavailable } from "../unavailable.ts";
import { SUBJECTS } from "./subjects.ts";

const [bench, subject] = process.argv.slice(2) as [
  "http_hello" | "idle_connections",
  string,
];
process.stdin.resume().once("end", () => process.exit(0));
try {
  const serve = await SUBJECTS[bench][subject]!.load();
  console.log(await serve());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(error instanceof Unavailable ? UNAVAILABLE : 1);
}
