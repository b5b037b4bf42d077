// Tasks that return what they get, or what they make of it.

export function nothing(): void {}

// deno-lint-ignore no-explicit-any
export function echo(value: any): any {
  return value;
}

// deno-lint-ignore no-explicit-any require-await
export async function echoLater(value: any): Promise<any> {
  return value;
}

export function list(...values: unknown[]): unknown[] {
  return values;
}

export function add(a: number, b: number): number {
  return a + b;
}

export function bytes(length: number): Uint8Array {
  return new Uint8Array(length).fill(length);
}

export function sizeOf(value: Uint8Array | string): number {
  return value.length;
}

/** Tells what a value is here. */
export function describe(value: unknown): string {
  return Object.prototype.toString.call(value);
}

/** Adds to the first word of memory that is shared, or is not. */
export function increment(view: Int32Array): number {
  return Atomics.add(view, 0, 1);
}

/** Answers at a port with what it gets. */
export function answerAt(port: MessagePort): void {
  port.onmessage = ({ data }) => {
    port.postMessage({ got: data });
    port.close();
  };
}
