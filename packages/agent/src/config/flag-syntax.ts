/**
 * The flag syntax of the whole command line: `-x`, `--x`, `-x=v`, `-x v`.
 *
 * Scripts written for HashiCorp's program depend on its corner cases (a boolean never takes the
 * next word, parsing stops at the first plain word), so they are kept exactly. One table of flags
 * gives the parser, the usage text and the shell completion.
 *
 * Source: CLI specification §2.
 */
import { DurationError, parseDuration } from "./duration.ts";

/** How the text of a flag becomes a value. */
export type FlagKind = "boolean" | "text" | "list" | "integer" | "duration";

/** One flag of a command. */
export interface FlagSpec {
  readonly name: string;
  readonly kind: FlagKind;
  /** Shown in the usage text as `-name=<placeholder>`. */
  readonly placeholder?: string;
  /** One sentence for the usage text. */
  readonly help: string;
  /** Default as shown to people; absent = nothing worth showing. */
  readonly shownDefault?: string;
  /** Values a shell completion may offer. */
  readonly choices?: readonly string[];
  /** Flags that belong to one list and keep their common order, such as `-config-file` and `-config-dir`. */
  readonly sharedList?: string;
}

/** What the words of a command line said. */
export interface ParsedFlags {
  /** Last value of each flag given: boolean, text, integer, milliseconds for durations. */
  readonly values: ReadonlyMap<string, boolean | string | number>;
  /** Values of list flags in order, under the flag's name or its shared list. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  /** The words after the flags. */
  readonly positional: readonly string[];
}

/** The words do not follow the table; `message` is the reference's one line for standard error. */
export class FlagError extends Error {
  override readonly name = "FlagError";
}

const trueTexts = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const falseTexts = new Set(["0", "f", "F", "false", "FALSE", "False"]);

/** @returns `undefined` when the text is no boolean. */
export function parseBooleanText(text: string): boolean | undefined {
  if (trueTexts.has(text)) return true;
  if (falseTexts.has(text)) return false;
  return undefined;
}

const integerPattern = /^[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[0-9][0-9_]*)$/;
const largestInteger = 2n ** 63n - 1n;

/**
 * Reads an integer the way the reference does: sign, `0x`, `0o`, `0b`, leading zero = octal,
 * underscores between digits.
 *
 * @throws {RangeError} beyond 64 bits, {SyntaxError} when it is none.
 */
export function parseIntegerText(text: string): number {
  const bare = text.replace(/^[+-]/, "");
  if (!integerPattern.test(text) || /__|_$/.test(bare) || bare.startsWith("_")) {
    throw new SyntaxError("parse error");
  }
  let digits = bare.replaceAll("_", "");
  if (/^0[0-7]+$/.test(digits)) digits = `0o${digits.slice(1)}`;
  const magnitude = BigInt(digits);
  const value = text.startsWith("-") ? -magnitude : magnitude;
  if (value > largestInteger || value < -largestInteger - 1n) {
    throw new RangeError("value out of range");
  }
  return Number(value);
}

/**
 * Splits the words of a command line into flags and the rest.
 *
 * @throws {FlagError} with the reference's message.
 *
 * @example
 * parseFlags(["-coalesce=false", "deploy"], [{ name: "coalesce", kind: "boolean", help: "" }]).positional; // => ["deploy"]
 */
export function parseFlags(words: readonly string[], specs: readonly FlagSpec[]): ParsedFlags {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const values = new Map<string, boolean | string | number>();
  const lists = new Map<string, string[]>();
  let index = 0;
  while (index < words.length) {
    const word = words[index] ?? "";
    if (!word.startsWith("-") || word === "-") break;
    index += 1;
    if (word === "--") break;
    const body = word.slice(word.startsWith("--") ? 2 : 1);
    if (body === "" || body.startsWith("-") || body.startsWith("=")) {
      throw new FlagError(`bad flag syntax: ${word}`);
    }
    const equals = body.indexOf("=");
    const name = equals < 0 ? body : body.slice(0, equals);
    let text = equals < 0 ? undefined : body.slice(equals + 1);
    const spec = byName.get(name);
    if (spec === undefined) throw new FlagError(`flag provided but not defined: -${name}`);
    if (spec.kind === "boolean") {
      values.set(name, readBoolean(name, text));
      continue;
    }
    if (text === undefined) {
      if (index >= words.length) throw new FlagError(`flag needs an argument: -${name}`);
      text = words[index] ?? "";
      index += 1;
    }
    if (spec.kind === "list") {
      const key = spec.sharedList ?? name;
      const list = lists.get(key);
      if (list === undefined) lists.set(key, [text]);
      else list.push(text);
    } else {
      values.set(name, readValue(spec, text));
    }
  }
  return { values, lists, positional: words.slice(index) };
}

function readBoolean(name: string, text: string | undefined): boolean {
  if (text === undefined) return true;
  const value = parseBooleanText(text);
  if (value === undefined) {
    throw new FlagError(`invalid boolean value ${goQuote(text)} for -${name}: parse error`);
  }
  return value;
}

function readValue(spec: FlagSpec, text: string): string | number {
  if (spec.kind === "text") return text;
  try {
    return spec.kind === "integer" ? parseIntegerText(text) : parseDuration(text).ms;
  } catch (error) {
    // The flag parser of the reference hides the cause of a bad value, except for its range.
    if (error instanceof SyntaxError || error instanceof DurationError) {
      throw new FlagError(`invalid value ${goQuote(text)} for flag -${spec.name}: parse error`);
    }
    if (error instanceof RangeError) {
      throw new FlagError(
        `invalid value ${goQuote(text)} for flag -${spec.name}: ${error.message}`,
      );
    }
    throw error;
  }
}

/**
 * Puts a text in double quotes as the reference prints it (`%q`).
 *
 * @example
 * goQuote('a"b'); // => "\"a\\\"b\""
 */
export function goQuote(text: string): string {
  let quoted = '"';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const short = shortEscapes.get(character);
    if (short !== undefined) quoted += short;
    else if (code < 0x20 || code === 0x7f) quoted += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code >= 0xdc80 && code <= 0xdcff) quoted += `\\x${(code - 0xdc00).toString(16)}`;
    else if (/\p{C}|\p{Zl}|\p{Zp}|(?! )\p{Zs}/u.test(character)) quoted += unicodeEscape(code);
    else quoted += character;
  }
  return `${quoted}"`;
}

const shortEscapes = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\u0007", "\\a"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\v", "\\v"],
]);

function unicodeEscape(code: number): string {
  return code > 0xffff
    ? `\\U${code.toString(16).padStart(8, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}
