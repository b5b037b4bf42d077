// Checks of what callers pass. Each returns what it checked.

import { ArgumentRangeError, ArgumentTypeError } from "./errors.ts";

/** How a value looks in a message. */
function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (value === null || typeof value !== "object") return String(value);
  return Array.isArray(value) ? "an array" : "an object";
}

function wrongType(
  action: string,
  name: string,
  value: unknown,
  type: string,
): ArgumentTypeError {
  return new ArgumentTypeError(
    `Cannot ${action} as ${name} must be a ${type}: current value is ` +
      show(value),
  );
}

/** A number, and not NaN. */
export function checkNumber(
  action: string,
  name: string,
  value: unknown,
): number {
  if (typeof value !== "number") {
    throw wrongType(action, name, value, "number");
  }
  if (Number.isNaN(value)) {
    throw new ArgumentRangeError(
      `Cannot ${action} as ${name} must be a number: current value is NaN`,
    );
  }
  return value;
}

/** A length of time in milliseconds, `Infinity` included. */
export function checkTimeout(action: string, value: unknown): number {
  const timeout = checkNumber(action, "timeout", value);
  if (timeout < 0) {
    throw new ArgumentRangeError(
      `Cannot ${action} as timeout must be >= 0 ms: current value is ` +
        show(value),
    );
  }
  return timeout;
}

/** A whole number in a range. */
export function checkInteger(
  action: string,
  name: string,
  value: unknown,
  low: number,
  high: number,
): number {
  const integer = checkNumber(action, name, value);
  if (!Number.isInteger(integer) || integer < low || integer > high) {
    throw new ArgumentRangeError(
      `Cannot ${action} as ${name} must be a whole number from ${low} to ` +
        `${high}: current value is ${show(value)}`,
    );
  }
  return integer;
}

/** A string. */
export function checkString(
  action: string,
  name: string,
  value: unknown,
): string {
  if (typeof value === "string") return value;
  throw wrongType(action, name, value, "string");
}

/** True or false. */
export function checkBoolean(
  action: string,
  name: string,
  value: unknown,
): boolean {
  if (typeof value === "boolean") return value;
  throw wrongType(action, name, value, "boolean");
}

/** One of a few strings. */
export function checkOneOf<T extends string>(
  action: string,
  name: string,
  value: unknown,
  choices: readonly T[],
): T {
  if (typeof value === "string" && choices.includes(value as T)) {
    return value as T;
  }
  const wanted = choices.map((choice) => JSON.stringify(choice)).join(" or ");
  const Class = typeof value === "string"
    ? ArgumentRangeError
    : ArgumentTypeError;
  throw new Class(
    `Cannot ${action} as ${name} must be ${wanted}: current value is ` +
      show(value),
  );
}

/** An object, such as options or a handle. */
export function checkObject<T extends object>(
  action: string,
  name: string,
  value: T,
): T {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new ArgumentTypeError(
      `Cannot ${action} as ${name} must be an object: current value is ` +
        show(value),
    );
  }
  return value;
}

/** A function, or nothing. */
export function checkCallback<T>(action: string, name: string, value: T): T {
  if (value !== undefined && typeof value !== "function") {
    throw new ArgumentTypeError(
      `Cannot ${action} as ${name} must be a function: current value is ` +
        show(value),
    );
  }
  return value;
}
