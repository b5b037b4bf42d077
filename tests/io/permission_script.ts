// A program of its own, for permission_test.ts: sleeps in the default driver,
// and asks for another one.

import { Runtime } from "../../mod.ts";

using runtime = Runtime.create();
console.log(runtime.parker().parkTimeout(1));
try {
  Runtime.create({ driver: "epoll" });
} catch (error) {
  console.log(`${error}`);
}
