// Compiles sources that are in memory: for mutants, of which there are many, and
// for which a process each would take most of the time.

import asc from "assemblyscript/asc";
import { ASC_FLAGS } from "../scripts/wasm/compile.ts";

const OUTPUT = "core.wasm";

/**
 * Compiles sources with the flags of the release.
 *
 * What Binaryen's optimiser then does to the release, to make it smaller, is not
 * done: it takes half the time, and changes no behaviour.
 *
 * @param sources By their paths.
 * @param entry One of the paths.
 * @throws {Error} If it does not compile.
 */
export async function compileInMemory(
  sources: ReadonlyMap<string, string>,
  entry: string,
): Promise<Uint8Array<ArrayBuffer>> {
  let output: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [entry, ...ASC_FLAGS, "--outFile", OUTPUT],
    {
      readFile: (path) => sources.get(path) ?? null,
      writeFile: (path, contents) => {
        if (path === OUTPUT) output = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error || output === undefined) {
    throw new Error(`It does not compile:\n${stderr}`, { cause: error });
  }
  return new Uint8Array(output);
}
