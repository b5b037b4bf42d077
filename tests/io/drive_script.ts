// Exits while somebody waits, or blocks, in a driver. Run by drive_test.ts.

import process from "node:process";
import { Runtime, UnixStream } from "../../mod.ts";
import { run } from "../threads.ts";

const runtime = Runtime.create({ driver: "epoll" });
if (process.argv[2] === "blocks") {
  run(runtime, new URL("./drive_bodies.ts", import.meta.url), "block");
} else {
  const [one] = UnixStream.pair(runtime.io);
  one.read(new Uint8Array(8)).catch(() => {});
}
setTimeout(() => process.exit(3), 1000);
