// Measures one subject. `bench/net/main.ts` starts it for each round.
//
//   run.ts driver_wake ROW SUBJECT FORM PLACEMENT
//   run.ts echo ROW SUBJECT KIND PLACEMENT
//   run.ts http_hello ROW SUBJECT COMMAND…
//   run.ts idle_connections ROW SUBJECT COMMAND…
//
// The last two start the command, which serves and prints its port.

import process from "node:process";
import { emit } from "../harness.ts";
import { UNAVAILABLE, Unavailable } from "../unavailable.ts";
import { driverWake } from "./measures/driver_wake.ts";
import { echo } from "./measures/echo.ts";
import { httpHello } from "./measures/http_hello.ts";
import { idleConnections } from "./measures/idle_connections.ts";
import type { Measure } from "./measures/job.ts";

const MEASURES: Readonly<Record<string, Measure>> = {
  driver_wake: driverWake,
  echo,
  http_hello: httpHello,
  idle_connections: idleConnections,
};

const [measure, row, subject, ...args] = process.argv.slice(2) as [
  string,
  string,
  string,
  ...string[],
];
try {
  emit(await MEASURES[measure]!({ row, subject, args }));
  process.exit(0);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(error instanceof Unavailable ? UNAVAILABLE : 1);
}
