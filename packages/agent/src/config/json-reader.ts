/**
 * Reads the first JSON value of a configuration file.
 *
 * Not `JSON.parse`: whatever follows the first value is ignored, as files written for the
 * reference rely on, and an error has to say where it is.
 *
 * Source: agent specification §2.
 */

/** What a JSON text stands for. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The text is no JSON; the message names the place. */
export class JsonError extends Error {
  override readonly name = "JsonError";
}

/** How deep a file may nest. */
export const depthLimit = 64;
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// oxlint-disable-next-line no-control-regex -- JSON forbids them inside texts
const plainText = /[^"\\\u0000-\u001f]*/y;
const escapes = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/**
 * @throws {JsonError} `EOF` for a file without a value, `unexpected EOF` for a cut one,
 *   otherwise the offending character with line and column.
 *
 * @example
 * readFirstJson('{"a": 1} and the rest'); // => { a: 1 }
 */
export function readFirstJson(text: string): JsonValue {
  const reader = new JsonReader(text.startsWith("\ufeff") ? text.slice(1) : text);
  return reader.readFirst();
}

/** The complaint about a file of state, which the reference reads with another reader. */
export function stateFileFault(error: unknown): string {
  const { message } = error as Error;
  return message === "EOF" || message === "unexpected EOF"
    ? "unexpected end of JSON input"
    : message;
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readFirst(): JsonValue {
    this.#skipSpace();
    if (this.#at >= this.#text.length) throw new JsonError("EOF");
    return this.#readValue(0);
  }

  #readValue(depth: number): JsonValue {
    if (depth > depthLimit) throw this.#fault(`nesting deeper than ${depthLimit}`);
    this.#skipSpace();
    const character = this.#peek();
    if (character === "{") return this.#readObject(depth);
    if (character === "[") return this.#readArray(depth);
    if (character === '"') return this.#readString();
    for (const [word, value] of [
      ["true", true],
      ["false", false],
      ["null", null],
    ] as const) {
      if (character === word[0]) return this.#readWord(word, value);
    }
    numberPattern.lastIndex = this.#at;
    const number = numberPattern.exec(this.#text);
    if (number === null) throw this.#unexpected("looking for beginning of value");
    this.#at += number[0].length;
    return Number(number[0]);
  }

  #readWord<T>(word: string, value: T): T {
    for (const expected of word) {
      if (this.#peek() !== expected) throw this.#unexpected(`in literal ${word}`);
      this.#at += 1;
    }
    return value;
  }

  #readObject(depth: number): JsonValue {
    const entries = new Map<string, JsonValue>();
    this.#at += 1;
    this.#skipSpace();
    if (this.#take("}")) return {};
    for (;;) {
      this.#skipSpace();
      if (this.#peek() !== '"') {
        throw this.#unexpected("looking for beginning of object key string");
      }
      const key = this.#readString();
      this.#skipSpace();
      if (!this.#take(":")) throw this.#unexpected("after object key");
      entries.set(key, this.#readValue(depth + 1));
      this.#skipSpace();
      if (this.#take("}")) return Object.fromEntries(entries);
      if (!this.#take(",")) throw this.#unexpected("after object key:value pair");
    }
  }

  #readArray(depth: number): JsonValue {
    const items: JsonValue[] = [];
    this.#at += 1;
    this.#skipSpace();
    if (this.#take("]")) return items;
    for (;;) {
      items.push(this.#readValue(depth + 1));
      this.#skipSpace();
      if (this.#take("]")) return items;
      if (!this.#take(",")) throw this.#unexpected("after array element");
    }
  }

  #readString(): string {
    let text = "";
    this.#at += 1;
    for (;;) {
      plainText.lastIndex = this.#at;
      const run = plainText.exec(this.#text)?.[0] ?? "";
      text += run;
      this.#at += run.length;
      if (this.#take('"')) return text;
      if (this.#peek() !== "\\") throw this.#unexpected("in string literal");
      this.#at += 1;
      text += this.#readEscape();
    }
  }

  #readEscape(): string {
    const letter = this.#peek();
    if (letter === "u") {
      const digits = this.#text.slice(this.#at + 1, this.#at + 5);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
        this.#at += 1;
        throw this.#unexpected("in \\u hexadecimal character escape");
      }
      this.#at += 5;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const plain = escapes.get(letter);
    if (plain === undefined) throw this.#unexpected("in string escape code");
    this.#at += 1;
    return plain;
  }

  #peek(): string {
    const character = this.#text[this.#at];
    if (character === undefined) throw new JsonError("unexpected EOF");
    return character;
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    while (" \t\r\n".includes(this.#text[this.#at] ?? "x")) this.#at += 1;
  }

  #unexpected(context: string): JsonError {
    const character = this.#peek();
    const shown = character === "'" ? "\\'" : JSON.stringify(character).slice(1, -1);
    return this.#fault(`invalid character '${shown}' ${context}`);
  }

  #fault(what: string): JsonError {
    const before = this.#text.slice(0, this.#at).split("\n");
    return new JsonError(
      `${what} (line ${before.length}, column ${(before.at(-1) ?? "").length + 1})`,
    );
  }
}
