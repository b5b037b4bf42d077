// How many requests a second does a server answer that says hello?

import { once } from "node:events";
import { connect } from "node:net";
import { lower, type Row } from "../../harness.ts";
import { runOrThrow } from "../../../scripts/processes.ts";
import { HELLO, HELLO_TYPE } from "../subject.ts";
import type { Job, Measure } from "./job.ts";
import { type Server, withServer } from "./server.ts";

const CONNECTIONS = 32;
/** Seconds. */
const WARM_UP = 1;
const WINDOW = 3;

const MS: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1e3 };

/** The arguments are the command of the server. */
export const httpHello: Measure = (job) =>
  withServer(job.args, (server) => measure(job, server));

async function measure(
  { row, subject }: Job,
  { port, cpu }: Server,
): Promise<Row[]> {
  await check(port);
  await load(port, WARM_UP);
  const before = cpu();
  const report = await load(port, WINDOW);
  const used = cpu() - before;
  const [, requests] = find(report, /(\d+) requests in/);
  const [, rate] = find(report, /Requests\/sec:\s+([\d.]+)/);
  const [, late, unit] = find(report, /99%\s+([\d.]+)(us|ms|s)/);
  return [
    {
      ...lower(row, subject, "requests/s", Number(rate)),
      better: "higher",
    },
    lower(`${row}_p99`, subject, "ms", Number(late) * MS[unit!]!),
    lower(`${row}_cpu`, subject, "µs", used / Number(requests) * 1e3),
  ];
}

/** Asks for the same page on many connections. Returns what wrk says of it. */
async function load(port: number, seconds: number): Promise<string> {
  const report = await runOrThrow("wrk", [
    ...["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "--latency"],
    `http://127.0.0.1:${port}/`,
  ]);
  const problem = /Socket errors:.*|Non-2xx.*/.exec(report)?.[0];
  if (problem !== undefined) throw new Error(`wrk: ${problem}`);
  return report;
}

function find(report: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(report);
  if (found === null) throw new Error(`no ${pattern} in ${report}`);
  return found;
}

/** Throws unless a connection is kept, and each answer is as it is to be. */
async function check(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (piece) => text += piece);
  for (let request = 0; request < 3; request++) {
    text = "";
    socket.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    while (!isComplete(text)) await once(socket, "data");
    checkAnswer(text);
  }
  socket.destroy();
}

const END_OF_HEAD = "\r\n\r\n";

function isComplete(text: string): boolean {
  const end = text.indexOf(END_OF_HEAD);
  return end >= 0 &&
    text.length >= end + END_OF_HEAD.length + HELLO.length;
}

function checkAnswer(text: string): void {
  const end = text.indexOf(END_OF_HEAD);
  const [status, ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Map(lines.map((line): [string, string] => {
    const [, name, value] = find(line, /^([^:]+):\s*(.*)$/);
    return [name!.toLowerCase(), value!];
  }));
  const isEqual = status === "HTTP/1.1 200 OK" &&
    headers.get("content-type") === HELLO_TYPE &&
    headers.get("content-length") === `${HELLO.length}` &&
    text.slice(end + END_OF_HEAD.length) === HELLO;
  if (!isEqual) throw new Error(`not the answer wanted: ${text}`);
}
