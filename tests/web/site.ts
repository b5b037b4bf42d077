// A web site of pages that test themselves: what it serves, and what they report.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../../scripts/build_npm.ts";
import { inRoot } from "../../scripts/paths.ts";
import type { Outcome } from "./checks.ts";

const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** The pages, and the headers they are served with. */
export const PAGES: Readonly<Record<string, Record<string, string>>> = {
  isolated: ISOLATED,
  plain: {},
  strict: { ...ISOLATED, "Content-Security-Policy": "worker-src 'self'" },
  swallowed: ISOLATED,
};

/** The scripts by their addresses, and where each begins. */
const SCRIPTS: Readonly<Record<string, string>> = {
  // What the others import: as npm ships it.
  "/mod.ts": "scripts/npm_entry.ts",
  "/tasks.js": "tests/web/tasks.ts",
  "/body.js": "tests/web/body.ts",
  "/arming_body.js": "tests/web/arming_body.ts",
  "/nested.js": "tests/web/nested_worker.ts",
  ...Object.fromEntries(
    Object.keys(PAGES).map((it) => [`/${it}.js`, `tests/web/${it}_page.ts`]),
  ),
};

/** Scripts that have layby in them, and do not import it. */
const SWALLOWERS = ["/mod.ts", "/nested.js", "/swallowed.js"];

/** The address of a page. */
export function pathOf(page: string): string {
  return `/${page}.html`;
}

function html(page: string): string {
  return `<!doctype html>
<meta charset="utf-8">
<title>${page}</title>
<link rel="icon" href="data:,">
<script type="module" src="/${page}.js"></script>
`;
}

/** Bundles the scripts. Returns them by their addresses. */
async function buildScripts(): Promise<Map<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), "layby-web-"));
  try {
    const scripts = new Map<string, string>();
    for (const [path, entry] of Object.entries(SCRIPTS)) {
      const file = join(folder, path);
      const external = SWALLOWERS.includes(path) ? "binaryen" : "*/mod.ts";
      await bundle(inRoot(entry), file, external);
      scripts.set(path, await readFile(file, "utf8"));
    }
    return scripts;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The site, while it is served. */
export class Site {
  readonly #server: Server;
  readonly #scripts: ReadonlyMap<string, string>;
  /** What the pages have reported, by their names. */
  readonly outcomes = new Map<string, readonly Outcome[]>();
  readonly #done = Promise.withResolvers<void>();

  private constructor(scripts: ReadonlyMap<string, string>) {
    this.#scripts = scripts;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(this.#done.reject);
    });
  }

  /** Builds the site, and serves it on this machine. */
  static async serve(): Promise<Site> {
    const site = new Site(await buildScripts());
    await new Promise<void>((resolve) => {
      site.#server.listen(0, "127.0.0.1", resolve);
    });
    return site;
  }

  /** The address of the first page. */
  get start(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${pathOf(Object.keys(PAGES)[0]!)}`;
  }

  /** Resolves when all pages have reported. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const path = request.url ?? "";
    const page = Object.keys(PAGES).find((it) => pathOf(it) === path);
    if (page !== undefined) {
      if (request.method === "POST") {
        return void response.end(this.#note(page, await textOf(request)));
      }
      response.writeHead(200, { ...PAGES[page], "Content-Type": "text/html" });
      return void response.end(html(page));
    }
    const script = this.#scripts.get(path);
    if (script === undefined) return void response.writeHead(404).end();
    response.writeHead(200, {
      "Content-Type": "text/javascript",
      "Cache-Control": "no-store",
      // The page's own workers need it. Those of layby come from a blob:, which
      // is isolated as the page is.
      ...(path === "/nested.js" ? ISOLATED : {}),
    });
    response.end(script);
  }

  /** Keeps what a page reports. Returns the address of the next page, if any. */
  #note(page: string, report: string): string {
    this.outcomes.set(page, JSON.parse(report) as Outcome[]);
    const pages = Object.keys(PAGES);
    const next = pages[pages.indexOf(page) + 1];
    if (next !== undefined) return pathOf(next);
    this.#done.resolve();
    return "";
  }

  /** Ends the server. */
  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  request.setEncoding("utf8");
  for await (const part of request) text += part;
  return text;
}
