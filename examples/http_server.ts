// An HTTP/1.1 server whose connections the workers of a pool serve. One worker
// sleeps in epoll for all; the others on their own words. No node:http, and no
// event loop on the way from the socket to the answer.
//
//   deno run -A examples/http_server.ts [PORT]
//   bun examples/http_server.ts [PORT]
//   node examples/http_server.ts [PORT]        Node 26
//   curl http://localhost:8000/hello

import process from "node:process";
import { Pool, type SystemError, TcpListener, TcpStream } from "../mod.ts";
import { worker } from "../task.ts";

/** Bytes of a request's head, at most. */
const MOST = 16_384;
const END = "\r\n\r\n";

const decoder = new TextDecoder("latin1");
const encoder = new TextEncoder();

/** What a client asks for. */
interface Request {
  readonly method: string;
  readonly path: string;
  readonly isLast: boolean;
}

/** Serves one connection until its end. Returns how many requests there were. */
export async function serve(fd: number): Promise<number> {
  using stream = TcpStream.from(worker.io, fd);
  const { signal } = worker;
  const bytes = new Uint8Array(MOST);
  let text = "";
  for (let count = 0;;) {
    const length = await stream.read(bytes, { signal });
    if (length === null) return count;
    text += decoder.decode(bytes.subarray(0, length));
    let answers = "";
    // A client may send the next request before it has the answer.
    for (let end = text.indexOf(END); end >= 0; end = text.indexOf(END)) {
      const request = parse(text.slice(0, end));
      text = text.slice(end + END.length);
      answers += answer(request);
      count++;
      if (request?.isLast !== false) {
        await stream.writeAll(encoder.encode(answers), { signal });
        return count;
      }
    }
    if (text.length > MOST) answers += answer(undefined);
    if (answers) await stream.writeAll(encoder.encode(answers), { signal });
    if (text.length > MOST) return count;
  }
}

/** Reads the head of a request; undefined if it is none that is served here. */
function parse(head: string): Request | undefined {
  const [line = "", ...fields] = head.split("\r\n");
  const [, method, path, version] = /^(GET|HEAD) (\S+) HTTP\/1\.([01])$/
    .exec(line) ?? [];
  if (method === undefined || path === undefined) return undefined;
  const connection = fields.find((field) => /^connection:/i.test(field));
  const isLast = version === "0" || /close/i.test(connection ?? "");
  return { method, path, isLast };
}

function answer(request: Request | undefined): string {
  if (!request) return response("400 Bad Request", "GET or HEAD\n", true, true);
  const { method, path, isLast } = request;
  const [status, body] = route(path);
  return response(status, body, isLast, method === "GET");
}

function route(path: string): readonly [status: string, body: string] {
  if (path === "/hello") return ["200 OK", "Hello, World!\n"];
  if (path === "/worker") return ["200 OK", `${worker.name}\n`];
  return ["404 Not Found", "there are /hello and /worker\n"];
}

function response(
  status: string,
  body: string,
  isLast: boolean,
  hasBody: boolean,
): string {
  return `HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\n` +
    `content-length: ${body.length}\r\n` +
    (isLast ? "connection: close\r\n" : "") +
    `\r\n${hasBody ? body : ""}`;
}

async function main(port: number): Promise<void> {
  const module = new URL(import.meta.url);
  const pool = await Pool.start<{ serve: typeof serve }>(module, {
    driver: "epoll",
    registrations: 10_000,
  });
  const listener = await TcpListener.bind(pool.io, { port });
  console.log(`http://127.0.0.1:${listener.localAddress.port}/hello`);
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  process.once("SIGINT", () => stop.abort());
  const { signal } = stop;
  while (!signal.aborted) {
    try {
      const stream = await listener.accept({ signal });
      // A descriptor is a number, and whichever worker comes first takes it.
      pool.run("serve", [stream.detach()], { signal }).catch(report);
    } catch (error) {
      report(error);
    }
  }
  listener.close();
  await pool.shutdown();
  console.log("done");
}

function report(error: unknown): void {
  // We may stop, and a client may leave when it likes.
  const { name, message, errorCode } = error as SystemError;
  if (name === "AbortError" || errorCode === "ECONNRESET") return;
  console.error(`${name}: ${message}`);
}

if (import.meta.main) await main(Number(process.argv[2] ?? 8000));
