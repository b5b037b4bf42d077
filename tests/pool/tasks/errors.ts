// Tasks that throw, and that return what cannot be sent.

/** A class that the other side may know. */
export class OwnError extends Error {
  override readonly name = "OwnError";
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

export function fail(kind: string): never {
  switch (kind) {
    case "type":
      throw new TypeError("wrong type");
    case "cause":
      throw new RangeError("outer", { cause: new SyntaxError("inner") });
    case "own":
      throw new OwnError("own", 7);
    case "properties":
      throw Object.assign(new Error("with"), { path: "/a", at: [1, 2] });
    case "aggregate":
      throw new AggregateError([new TypeError("one"), "two"], "both");
    case "string":
      throw "just a string";
    case "undefined":
      throw undefined;
    case "function":
      throw () => {};
    case "property":
      throw Object.assign(new Error("holds a function"), { call: () => {} });
    case "abort":
      throw new DOMException("stopped", "AbortError");
  }
  throw new Error(kind);
}

// deno-lint-ignore require-await
export async function failLater(kind: string): Promise<never> {
  fail(kind);
}

export function failAt3(n: number): number {
  if (n === 3) throw new RangeError("three");
  return n;
}

export function returnFunction(): unknown {
  return { nested: [{ call: () => {} }] };
}

// deno-lint-ignore require-await
export async function returnFunctionLater(): Promise<unknown> {
  return returnFunction();
}

export function returnThenable(): PromiseLike<string> {
  return Promise.resolve("then");
}
