import { test } from "node:test";
import { findChromium, showPage } from "./chromium.ts";
import { PAGES, Site } from "./site.ts";

/** Milliseconds for all pages. */
const LIMIT = 240_000;

const browser = findChromium();
const skip = browser === undefined && "chromium is not installed";

test("pages in a browser", { skip, timeout: LIMIT }, async (t) => {
  const site = await Site.serve();
  const { signal } = t;
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve());
  });
  try {
    await showPage(browser!, site.start, Promise.race([site.done, stopped]));
  } finally {
    site.close();
  }
  for (const page of Object.keys(PAGES)) {
    const outcomes = site.outcomes.get(page);
    if (!outcomes) throw new Error(`The page ${page} has not reported`);
    for (const { name, error } of outcomes) {
      await t.test(`${page}: ${name}`, () => {
        if (error !== undefined) throw new Error(error);
      });
    }
  }
});
