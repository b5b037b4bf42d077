// Writes docs/benchmarks/ from the lines that a run has printed: tables, and a
// picture of each bench. To be run on the machine of the run.
//
//   deno run -A bench/report.ts FILE…    lines of --json, or on stdin

import {
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { inRoot } from "../scripts/paths.ts";
import { run, runMain, runOrThrow } from "../scripts/processes.ts";
import { runtimeNamed, RUNTIMES } from "../scripts/runtimes.ts";
import type { Figure } from "./figures.ts";
import { describeMachine } from "./machine.ts";
import { tokioVersion } from "./native/tokio.ts";
import { NET_BENCHES } from "./net/plan.ts";
import { type Bench, BENCHES, type Runner } from "./plan.ts";
import {
  ACCENT,
  chartOf,
  format,
  type Panel,
  type Size,
  sizeOf,
} from "./pool/chart.ts";
import { BEST_PEER, POOL_BENCHES } from "./pool/plan.ts";

const FOLDER = "docs/benchmarks";
const OF_SUBJECTS: readonly Bench[] = [...POOL_BENCHES, ...NET_BENCHES];
const RUNNERS: readonly Runner[] = [
  ...RUNTIMES.map(({ name }) => name),
  "native",
];
const COLOURS: Readonly<Record<string, string>> = {
  layby: ACCENT,
  raw: "#1c7ed6",
  native: "#343a40",
};
const OTHERS = "#91a7c4";

/** A bench, and what was found for it. */
interface Section {
  readonly bench: Bench;
  /** By the names in the rows, in their order. */
  readonly tables: ReadonlyMap<string, readonly Figure[]>;
}

function readFigures(texts: readonly string[]): Figure[] {
  const lines = texts.join("\n").split("\n").filter((line) =>
    line.startsWith("{")
  );
  const figures = lines.map((line) => JSON.parse(line) as Figure);
  // Of a figure that was measured again, the last.
  const latest = new Map(figures.map((figure) => {
    const { bench, runtime, subject } = figure;
    return [`${bench}|${runtime}|${subject}`, figure];
  }));
  return [...latest.values()];
}

function sectionsOf(figures: readonly Figure[]): Section[] {
  return [...OF_SUBJECTS, ...BENCHES].flatMap((bench) => {
    const own = figures.filter((figure) => isOf(bench, figure));
    if (own.length === 0) return [];
    return [{ bench, tables: Map.groupBy(own, ({ bench }) => bench) }];
  });
}

/** Rows are named after their part; if there are subjects, more may follow. */
function isOf(plan: Bench, figure: Figure): boolean {
  const hasSubjects = OF_SUBJECTS.some(({ name }) => name === plan.name);
  return plan.parts.some(({ bench }) =>
    figure.bench === bench ||
    hasSubjects && figure.bench.startsWith(`${bench}_`)
  );
}

/** Whether a figure compares others. */
function isDerived({ subject, unit }: Figure): boolean {
  return unit === "ratio" || subject === BEST_PEER || subject.includes(" - ");
}

function unitOf({ unit, better }: Figure): string {
  return `${unit}, ${better === "lower" ? "less" : "more"} is better`;
}

/** What is drawn of a table. What is native is in every column. */
function panelOf(name: string, figures: readonly Figure[]): Panel {
  const drawn = figures.filter((figure) => !isDerived(figure));
  const columns = runnersOf(drawn).filter((runner) => runner !== "native");
  const subjects = [...Map.groupBy(drawn, ({ subject }) => subject)];
  return {
    title: `${name} (${unitOf(figures[0]!)})`,
    columns,
    bars: subjects.map(([subject, rows]) => {
      const native = rows.find(({ runtime }) => runtime === "native")?.value;
      return {
        label: native === undefined ? subject : `${subject}, native`,
        colour: COLOURS[native === undefined ? subject : "native"] ?? OTHERS,
        values: columns.map((column) =>
          rows.find(({ runtime }) => runtime === column)?.value ?? native
        ),
      };
    }),
  };
}

function runnersOf(figures: readonly Figure[]): Runner[] {
  return RUNNERS.filter((runner) =>
    figures.some(({ runtime }) => runtime === runner)
  );
}

function tableOf(name: string, figures: readonly Figure[]): string {
  const columns = runnersOf(figures);
  const lines = [...Map.groupBy(figures, ({ subject }) => subject)];
  // What compares is at the end, whichever runtime it came from first.
  const sorted = [
    ...lines.filter(([, [row]]) => !isDerived(row!)),
    ...lines.filter(([, [row]]) => isDerived(row!)),
  ];
  const body = sorted.map(([subject, rows]) => {
    const cells = columns.map((column) => {
      const row = rows.find(({ runtime }) => runtime === column);
      return row === undefined ? "–" : format(row.value);
    });
    return [subject, ...cells];
  });
  const head = [`${name}: ${unitOf(figures[0]!)}`, ...columns];
  const rule = ["---", ...columns.map(() => "---:")];
  return [head, rule, ...body].map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** Draws a section's picture. Returns the name of its file. */
async function draw(
  { bench, tables }: Section,
  chromium: string | undefined,
): Promise<string> {
  const panels = Array.from(tables, ([name, rows]) => panelOf(name, rows))
    .filter(({ columns }) => columns.length > 0);
  const path = inRoot(`${FOLDER}/${bench.name}`);
  writeFileSync(`${path}.svg`, chartOf(panels));
  if (chromium !== undefined) await takePicture(chromium, path, sizeOf(panels));
  return `${bench.name}.svg`;
}

async function takePicture(
  chromium: string,
  path: string,
  { width, height }: Size,
): Promise<void> {
  const args = [
    "--headless",
    "--disable-gpu",
    "--hide-scrollbars",
    "--force-device-scale-factor=2",
    `--window-size=${width},${height}`,
    `--screenshot=${path}.png`,
    // It has no sandbox to offer to the superuser.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    `${path}.svg`,
  ];
  const { code, output } = await run(chromium, args, { timeout: 30_000 });
  if (code === 0 && existsSync(`${path}.png`)) return;
  console.error(`no PNG of ${path}.svg: ${output.trim()}`);
}

async function findChromium(): Promise<string | undefined> {
  const { code } = await run("chromium", ["--version"]);
  if (code === 0) return "chromium";
  console.error("SVG only: there is no chromium on PATH to draw PNGs");
  return undefined;
}

/** Machine, versions and date. */
async function describeRun(
  figures: readonly Figure[],
  date: Date,
): Promise<string> {
  const versions = runnersOf(figures).map(async (name) =>
    name === "native"
      ? `tokio ${tokioVersion() ?? "not built"}`
      : `${name} ${await runtimeNamed(name).version()}`
  );
  // The load is that of now, and not of then.
  const machine = describeMachine().replace(/, load .*/, "");
  const day = date.toISOString().slice(0, 10);
  return `${day}; ${machine}; ${(await Promise.all(versions)).join(", ")}.`;
}

async function main(): Promise<void> {
  const paths = process.argv.slice(2);
  const texts = (paths.length > 0 ? paths : [0]).map((path) =>
    readFileSync(path, "utf8")
  );
  const times = paths.map((path) => statSync(path).mtime);
  const date = times.sort((a, b) => Number(b) - Number(a))[0] ?? new Date();
  const figures = readFigures(texts);
  if (figures.length === 0) throw new Error("no figures: give lines of --json");

  mkdirSync(inRoot(FOLDER), { recursive: true });
  const chromium = await findChromium();
  const parts = [
    "# Benchmarks",
    "Written by `bench/report.ts`. The figures of a bench on a runtime are " +
    "of one run: medians over its rounds.",
    await describeRun(figures, date),
    "A dash: it did not run there. What each bench does is in " +
    "[bench/README.md](../../bench/README.md), " +
    "[bench/pool/README.md](../../bench/pool/README.md) and " +
    "[bench/net/README.md](../../bench/net/README.md).",
  ];
  for (const section of sectionsOf(figures)) {
    const { bench, tables } = section;
    const picture = await draw(section, chromium);
    parts.push(
      `## ${bench.name}`,
      `${bench.question[0]!.toUpperCase()}${bench.question.slice(1)}.`,
      `![${bench.name}](${picture})`,
      ...Array.from(tables, ([name, rows]) => tableOf(name, rows)),
    );
  }
  writeFileSync(inRoot(`${FOLDER}/README.md`), `${parts.join("\n\n")}\n`);
  await runOrThrow(runtimeNamed("deno").path, ["fmt", "--quiet", FOLDER]);
  console.error(`${FOLDER}: ${figures.length} figures`);
}

await runMain(main);
