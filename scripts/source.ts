// Tells code from comments from strings in TypeScript and AssemblyScript, for
// checks that look for names and must not find them in prose.

/** A string literal, without its quotes. */
export interface StringLiteral {
  value: string;
  /** Offset of the opening quote. */
  start: number;
}

/** A source in layers: both texts are as long as the source, line for line. */
export interface Layers {
  /** Comments and the contents of strings are blanks. */
  code: string;
  /** All but comments is blanks. */
  comments: string;
  strings: StringLiteral[];
}

/** What a file is called, and what it says. */
export interface SourceFile {
  path: string;
  text: string;
}

/** Separates a source into its layers. */
export function layers(source: string): Layers {
  return new Scanner(source).scan();
}

/** The line of an offset, from 1. */
export function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split("\n").length;
}

// After these a slash begins a regular expression, and does not divide.
const BEFORE_REGEXP =
  /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|delete|void|throw|new|else|do|await|yield))$/;

class Scanner {
  readonly #source: string;
  readonly #code: string[];
  readonly #comments: string[];
  readonly #strings: StringLiteral[] = [];
  #at = 0;

  constructor(source: string) {
    this.#source = source;
    const blanks = source.replace(/[^\n]/g, " ");
    this.#code = blanks.split("");
    this.#comments = blanks.split("");
  }

  scan(): Layers {
    this.#until("");
    return {
      code: this.#code.join(""),
      comments: this.#comments.join(""),
      strings: this.#strings,
    };
  }

  /** Scans code up to the bracket that closes it, or to the end. */
  #until(close: string): void {
    let depth = 0;
    while (this.#at < this.#source.length) {
      const char = this.#source[this.#at]!;
      if (char === close && depth === 0) return;
      if (char === "{") depth++;
      if (char === "}") depth--;
      this.#step(char);
    }
  }

  #step(char: string): void {
    const pair = this.#source.slice(this.#at, this.#at + 2);
    if (pair === "//") this.#comment(/\n|$/g);
    else if (pair === "/*") this.#comment(/\*\/|$/g, 2);
    else if (char === '"' || char === "'") this.#string(char);
    else if (char === "`") this.#template();
    else if (char === "/" && this.#isRegExp()) this.#regExp();
    else this.#keep(this.#code, this.#at + 1);
  }

  /** Copies the source into a layer, up to `end`. */
  #keep(layer: string[], end: number): void {
    for (; this.#at < end; this.#at++) {
      layer[this.#at] = this.#source[this.#at]!;
    }
  }

  #comment(end: RegExp, extra = 0): void {
    end.lastIndex = this.#at + extra;
    const found = end.exec(this.#source)!;
    this.#keep(this.#comments, found.index + (extra && found[0].length));
  }

  #string(quote: string): void {
    const start = this.#at;
    this.#keep(this.#code, start + 1);
    while (this.#at < this.#source.length) {
      const char = this.#source[this.#at]!;
      if (char === quote || char === "\n") break;
      this.#at += char === "\\" ? 2 : 1;
    }
    const value = this.#source.slice(start + 1, this.#at);
    this.#strings.push({ value, start });
    this.#keep(this.#code, Math.min(this.#at + 1, this.#source.length));
  }

  #template(): void {
    const start = this.#at;
    this.#keep(this.#code, start + 1);
    while (this.#at < this.#source.length && this.#source[this.#at] !== "`") {
      if (this.#source.startsWith("${", this.#at)) this.#hole();
      else this.#at += this.#source[this.#at] === "\\" ? 2 : 1;
    }
    const value = this.#source.slice(start + 1, this.#at);
    this.#strings.push({ value, start });
    this.#keep(this.#code, Math.min(this.#at + 1, this.#source.length));
  }

  /** The code in a template. Parentheses take the place of its braces. */
  #hole(): void {
    this.#code[this.#at] = "(";
    this.#at += 2;
    this.#until("}");
    if (this.#at < this.#source.length) this.#code[this.#at++] = ")";
  }

  #isRegExp(): boolean {
    const before = this.#code.slice(Math.max(0, this.#at - 200), this.#at);
    return BEFORE_REGEXP.test(before.join("").trimEnd());
  }

  #regExp(): void {
    const body = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\//y;
    body.lastIndex = this.#at;
    const found = body.exec(this.#source);
    if (found === null) this.#keep(this.#code, this.#at + 1);
    else this.#at = body.lastIndex;
  }
}
