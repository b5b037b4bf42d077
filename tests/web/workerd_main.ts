// A program for workerd: runs its checks when it is asked for /, and a task of a
// pool that all requests share when it is asked for anything else.

import { Pool, Runtime } from "../../mod.ts";
import { check, errorOf, match, runChecks, same } from "./checks.ts";
import { poolChecks } from "./pool_checks.ts";
import * as tasks from "./tasks.ts";

/** How this worker was configured. */
interface Environment {
  /** Whether modules have URLs, by which they can be imported. */
  readonly hasUrls: boolean;
  /** Whether it is told which task goes on after an `await`. */
  readonly hasContext: boolean;
}

const options = { fallback: "inline" } as const;

const start = () =>
  Pool.start({
    url: URL.parse("./tasks.js", import.meta.url),
    exports: tasks,
  }, options);

let shared: ReturnType<typeof start> | undefined;

function nameChecks({ hasUrls, hasContext }: Environment): void {
  check("the environment is as it was asked for", () => {
    same(URL.canParse(import.meta.url), hasUrls);
  });

  check("Pool.start() says what is missing", async () => {
    const module = new URL("file:///bundle/tests/web/tasks.js");
    const error = await errorOf(() => Pool.start(module));
    same(error.code, "unsupported");
    match(error.message, /needs threads that share memory: workerd has none/);
    match(error.message, /Give fallback: "inline"/);
  });

  check("Runtime.create() says what is missing", async () => {
    const error = await errorOf(() => Runtime.create());
    same(error.code, "unsupported");
    match(error.message, /needs a host that compiles WebAssembly at run time/);
  });

  check("a module by its URL", async () => {
    const module = new URL("file:///bundle/tests/web/tasks.js");
    if (hasUrls) {
      await using pool = await Pool.start<typeof tasks>(module, options);
      same(await pool.tasks.double(21), 42);
      return;
    }
    const error = await errorOf(() => Pool.start(module, options));
    same(error.code, "task-module");
  });

  poolChecks({ module: { exports: tasks }, options });

  check("runSync()", async () => {
    await using pool = await start();
    same(pool.runSync("double", [21]), 42);
    const error = await errorOf(() => pool.runSync("later", [1, 1]));
    same(error.code, "cannot-block");
  });

  check("the signal of a task that has awaited", async () => {
    await using pool = await start();
    const call = pool.run("isStoppedLater", [], { timeout: 10 });
    same((await errorOf(() => call)).code, "timed-out");
    await pool.tasks.later(undefined, 20);
    same(await pool.tasks.wasStopped(), hasContext);
  });

  check("the pool of a task that has awaited", async () => {
    const { exports } = { exports: tasks };
    await using one = await Pool.start({ exports }, {
      ...options,
      name: "one",
    });
    await using two = await Pool.start({ exports }, {
      ...options,
      name: "two",
    });
    if (hasContext) {
      const names = [one.tasks.nameLater(), two.tasks.nameLater()];
      same(await Promise.all(names), ["one-0", "two-0"]);
    } else {
      const error = await errorOf(() => one.tasks.nameLater());
      match(error.message, /before the first await of a task/);
    }
    same((await two.tasks.place()).name, "two-0");
  });
}

export default {
  async fetch(request: Request, environment: Environment): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/") {
      nameChecks(environment);
      return Response.json(await runChecks());
    }
    const pool = await (shared ??= start());
    return Response.json(await pool.tasks.later(pathname, 10));
  },
};
