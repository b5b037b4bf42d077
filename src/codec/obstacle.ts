// What stands in the way of a value, and how its place in the value is told.

/** Which way to a part of a value: a property, an index, or a MemberStep. */
export type Step = string | number | MemberStep;

/** The way to a part of a Map or a Set. Most are made in vain: no text yet. */
interface MemberStep {
  readonly part: "entry" | "key" | "value";
  readonly key: unknown;
  readonly index: number;
}

/** A part of a value that cannot cross as bytes. Thrown, but no error. */
export class Obstacle {
  /** What it is: `a function`. */
  readonly what: string;
  /** What to do instead. */
  readonly advice: string;
  /** Whether a message port may carry it. */
  readonly byPort: boolean;

  /** Constructs an obstacle. Where it is, the encoder knows. */
  constructor(what: string, advice: string, byPort = false) {
    this.what = what;
    this.advice = advice;
    this.byPort = byPort;
  }
}

const WEAK = "send a Map, a Set or the object itself";
const PLAIN = "send the values in an array";

/** What structured clone takes from nobody, by `Object.prototype.toString`. */
const REFUSED: Readonly<Record<string, string>> = {
  "Symbol": "send its description",
  "Promise": "await it first",
  "WeakMap": WEAK,
  "WeakSet": WEAK,
  "WeakRef": WEAK,
  "FinalizationRegistry": "send what it watches",
  "Generator": PLAIN,
  "AsyncGenerator": PLAIN,
  "Array Iterator": PLAIN,
  "Map Iterator": PLAIN,
  "Set Iterator": PLAIN,
  "String Iterator": PLAIN,
  "RegExp String Iterator": PLAIN,
  "Iterator Helper": PLAIN,
  "Arguments": "spread it into an array",
};

/** The obstacle that a function is. */
export function functionObstacle(): Obstacle {
  return new Obstacle(
    "a function",
    "send what it needs, and define it where it is called",
  );
}

/** The obstacle that a symbol is. */
export function symbolObstacle(): Obstacle {
  return new Obstacle("a symbol", REFUSED["Symbol"]!);
}

/** The obstacle that an object is, of which no bytes can be made. */
export function objectObstacle(tag: string): Obstacle {
  const advice = Object.hasOwn(REFUSED, tag) ? REFUSED[tag] : undefined;
  const what = `${/^[AEIOU]/.test(tag) ? "an" : "a"} ${tag}`;
  return advice
    ? new Obstacle(what, advice)
    : new Obstacle(what, "only a message port can carry it", true);
}

/** The obstacle that too many objects in each other are. */
export function deepObstacle(levels: number): Obstacle {
  return new Obstacle(
    `more than ${levels} levels deep`,
    "send a list of its parts",
    true,
  );
}

/** The step to the value of an entry in a Map. */
export function entryStep(key: unknown, index: number): Step {
  return { part: "entry", key, index };
}

/** The step to the key of an entry in a Map. */
export function keyStep(index: number): Step {
  return { part: "key", key: undefined, index };
}

/** The step to a value in a Set. */
export function valueStep(index: number): Step {
  return { part: "value", key: undefined, index };
}

/** Steps that are told at either end of a long way. */
const TOLD = 5;

/** The way that steps make: `.a[0]["b c"].get("d")`. */
export function pathText(steps: readonly Step[]): string {
  if (steps.length <= 2 * TOLD) return steps.map(stepText).join("");
  return [
    ...steps.slice(0, TOLD).map(stepText),
    " … ",
    ...steps.slice(-TOLD).map(stepText),
  ].join("");
}

function stepText(step: Step): string {
  if (typeof step === "object") return memberText(step);
  if (typeof step === "number") return `[${step}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step)
    ? `.${step}`
    : `[${JSON.stringify(step)}]`;
}

function memberText({ part, key, index }: MemberStep): string {
  if (part === "key") return `.keys()[${index}]`;
  if (part === "value") return `.values()[${index}]`;
  switch (typeof key) {
    case "string":
      return `.get(${JSON.stringify(key)})`;
    case "bigint":
      return `.get(${key}n)`;
    case "object":
      return key === null ? ".get(null)" : `.values()[${index}]`;
    default:
      return `.get(${String(key)})`;
  }
}
