// Checks who imports whom, and who names what. The two tables below are the
// rules; whoever adds a folder to src/ adds a row.

import { dirname, join } from "node:path/posix";
import { type Problem, readSource, readSources, report } from "./problems.ts";
import { layers, lineAt, type SourceFile } from "./source.ts";

/** Lines of a file written by hand. */
const MAX_LINES = 400;

// Each layer, and those that its files may import besides their own. A folder
// is a layer, and so is each file at the root of src/.
const CONTRACTS = ["errors", "arguments", "driver", "ffi", "host"];
const FACES = ["park", "sync", "time"];
const LAYERS: Record<string, readonly string[]> = {
  errno: [],
  errors: ["errno"],
  arguments: ["errors"],
  driver: CONTRACTS,
  ffi: CONTRACTS,
  host: CONTRACTS,
  core: CONTRACTS,
  codec: CONTRACTS,
  park: [...CONTRACTS, "core", ...FACES],
  sync: [...CONTRACTS, "core", ...FACES],
  time: [...CONTRACTS, "core", ...FACES],
  drivers: [...CONTRACTS, "core"],
  hosts: ["errors", "arguments", "ffi", "host"],
  burial: [...CONTRACTS, "core"],
  thread: [...CONTRACTS, "burial"],
  options: [...CONTRACTS, "core", ...FACES],
  compose: [...CONTRACTS, "core", "drivers", "hosts", "options"],
  runtime: [
    ...CONTRACTS,
    "core",
    ...FACES,
    "burial",
    "thread",
    "options",
    "compose",
    "io",
  ],
  io: [...CONTRACTS, "core", ...FACES, "compose"],
  net: [...CONTRACTS, "errno", "core", "io"],
  pool: [
    ...[...CONTRACTS, "core", ...FACES],
    ...["codec", "thread", "options", "compose", "io"],
  ],
  task: [...CONTRACTS, "io", "pool"],
  mod: [
    ...[...CONTRACTS, "core", ...FACES],
    ...["thread", "options", "runtime", "codec", "pool", "io", "net"],
  ],
};

/** A name that only some places may use. */
interface Reserved {
  name: RegExp;
  isAllowedIn: (path: string) => boolean;
  where: string;
}

const RESERVED: Reserved[] = [
  {
    name: /\batomic\s*\./g,
    isAllowedIn: () => false,
    where: "assembly/",
  },
  {
    name: /\bWebAssembly\b/g,
    isAllowedIn: (path) => path === "src/core/module.ts",
    where: "src/core/module.ts",
  },
  {
    name: /\b(?:Deno|Bun|Worker)\b/g,
    isAllowedIn: isHost,
    where: "src/hosts/",
  },
];

/** An import, or an export from elsewhere. */
interface Import {
  from: string;
  specifier: string;
  line: number;
  /** The file meant, for a relative specifier. */
  target: string;
}

/** Checks the sources of the core and the facade. */
export function checkLayers(sources: readonly SourceFile[]): Problem[] {
  const imports = sources.flatMap(readImports);
  return [
    ...sources.flatMap(checkLength),
    ...sources.flatMap(checkNames),
    ...imports.flatMap(checkImport),
    ...checkCycles(imports),
  ];
}

function isHost(path: string): boolean {
  return path.startsWith("src/hosts/");
}

function isCore(path: string): boolean {
  return path.startsWith("assembly/");
}

function isGenerated(path: string): boolean {
  return path.endsWith(".generated.ts");
}

function checkLength({ path, text }: SourceFile): Problem[] {
  const lines = text.trimEnd().split("\n").length;
  if (isGenerated(path) || lines <= MAX_LINES) return [];
  return [{ path, line: lines, message: `longer than ${MAX_LINES} lines` }];
}

function checkNames({ path, text }: SourceFile): Problem[] {
  if (isCore(path) || isGenerated(path)) return [];
  const { code, strings } = layers(text);
  const named = RESERVED.filter(({ isAllowedIn }) => !isAllowedIn(path))
    .flatMap(({ name, where }) =>
      Array.from(code.matchAll(name), ({ 0: found, index }) => ({
        path,
        line: lineAt(text, index),
        message: `only ${where} may name \`${found.replace(/\s/g, "")}\``,
      }))
    );
  const modules = strings.filter(({ value }) => /^(?:node|bun):/.test(value))
    .map(({ value, start }) => ({
      path,
      line: lineAt(text, start),
      message: `only src/hosts/ may name \`${value}\``,
    }));
  return isHost(path) ? named : [...named, ...modules];
}

function readImports({ path, text }: SourceFile): Import[] {
  const { code, strings } = layers(text);
  return strings.filter(({ start }) =>
    /\b(?:from|import)\s*\(?\s*$/.test(code.slice(0, start))
  ).map(({ value, start }) => ({
    from: path,
    specifier: value,
    line: lineAt(text, start),
    target: resolve(path, value),
  }));
}

/** AssemblyScript leaves the extension away, TypeScript here does not. */
function resolve(from: string, specifier: string): string {
  const target = join(dirname(from), specifier);
  return isCore(from) && !target.endsWith(".ts") ? `${target}.ts` : target;
}

function checkImport({ from, specifier, line, target }: Import): Problem[] {
  const problem = (message: string) => [{ path: from, line, message }];
  if (!specifier.startsWith(".")) {
    const isBuiltIn = /^(?:node|bun):/.test(specifier);
    // `checkNames` reports a built-in module outside hosts/.
    if (isBuiltIn && !isCore(from)) return [];
    return problem(`imports ${specifier}: nothing but what is in this project`);
  }
  if (isCore(from) || isCore(target)) {
    if (isCore(from) && isCore(target)) return [];
    return problem(`imports ${target}: assembly/ stands alone`);
  }
  return checkDirection(layerOf(from), layerOf(target), target, problem);
}

function checkDirection(
  from: string,
  to: string,
  target: string,
  problem: (message: string) => Problem[],
): Problem[] {
  const allowed = LAYERS[from];
  if (allowed === undefined) {
    return problem(`${from} is no layer: give it a row in check_layers.ts`);
  }
  if (from === to || allowed.includes(to)) return [];
  return problem(`${from} may not import ${target}`);
}

/** The folder in src/, or the file. */
function layerOf(path: string): string {
  return /^(?:src\/)?(\w+)/.exec(path)?.[1] ?? path;
}

/** Each import that closes a circle. */
function checkCycles(imports: readonly Import[]): Problem[] {
  const problems: Problem[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    if (done.has(path)) return;
    for (const { target, line } of imports.filter((it) => it.from === path)) {
      const start = [...trail, path].indexOf(target);
      if (start < 0) visit(target, [...trail, path]);
      else {
        const circle = [...trail, path, target].slice(start).join(" -> ");
        problems.push({
          path,
          line,
          message: `imports in a circle: ${circle}`,
        });
      }
    }
    done.add(path);
  };
  for (const { from } of imports) visit(from, []);
  return problems;
}

async function main(): Promise<void> {
  const sources = await readSources("assembly", "src");
  const entries = [await readSource("mod.ts"), await readSource("task.ts")];
  report(checkLayers([...sources, ...entries]));
}

if (import.meta.main) await main();
