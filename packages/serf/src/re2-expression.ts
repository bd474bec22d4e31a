/**
 * Regular expressions a stranger may choose: RE2 syntax, matched in time linear in the text.
 *
 * The reference matches tags with Go's `regexp`, which is RE2. JavaScript's own engine speaks
 * another dialect and can be made to run for ever by a few characters, so a port of RE2 does it.
 *
 * Source: Serf specification §3.6, §20 item 22.
 */
import { encodeName } from "@x/swim/wire";
import { RE2JS } from "re2js";
import { estimateRe2Cost } from "./re2-cost.ts";

/** Longest expression compiled by default, in bytes of UTF-8: as long as a whole query by default. */
export const defaultExpressionBytesLimit = 1024;

/**
 * Dearest expression compiled by default, in the units of `estimateRe2Cost`: a tenth of a second,
 * for people who wait for it. What strangers send is held shorter (`query-filter.ts`).
 */
export const defaultExpressionCostLimit = 10_000;

/** A compiled expression. */
export interface Re2Expression {
  readonly pattern: string;
  /** What compiling it was estimated to cost, in the units of `estimateRe2Cost`. */
  readonly compileCost: number;
  /** Instructions of the compiled program; matching costs at most this times the text's length. */
  readonly programSize: number;
  /** Whether the expression matches anywhere in `text`. @throws {Re2Error} if the engine gives up. */
  test(text: string): boolean;
}

/** Options of `compileRe2`. */
export interface Re2Options {
  /** Default `defaultExpressionBytesLimit`. */
  readonly bytesLimit?: number;
  /** Default `defaultExpressionCostLimit`. */
  readonly costLimit?: number;
}

/** A pattern that is no RE2 expression, or too long or too large a one. */
export class Re2Error extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Re2Error";
  }
}

/** Surrogates without partner: bytes that are not UTF-8, or text that is not Unicode. */
const loneSurrogate = /\p{Surrogate}/u;
const loneSurrogates = /\p{Surrogate}/gu;

/** Anchors, and between them characters that stand for themselves. */
const plainPattern = /^(\^?)([\w !"#%&',/:;<=>@`~-]*)(\$?)$/;

/**
 * Compiles an RE2 expression. It is not anchored: write `^(?:…)$` for a whole match.
 *
 * In a text, a byte that is not valid UTF-8 counts as the character U+FFFD, as in Go.
 *
 * @throws {Re2Error} with Go's text, e.g. `error parsing regexp: missing closing ): \`(\``.
 *
 * @example
 * compileRe2("^web").test("webserver"); // => true
 */
export function compileRe2(pattern: string, options: Re2Options = {}): Re2Expression {
  const bytesLimit = options.bytesLimit ?? defaultExpressionBytesLimit;
  // A byte makes at most one UTF-16 unit, so a glance at the length spares encoding a giant.
  if (pattern.length > bytesLimit || encodeName(pattern).length > bytesLimit) {
    throw new Re2Error(`error parsing regexp: expression longer than ${bytesLimit} bytes`);
  }
  if (loneSurrogate.test(pattern)) {
    throw new Re2Error("error parsing regexp: invalid UTF-8");
  }
  const compileCost = estimateRe2Cost(pattern);
  if (compileCost > (options.costLimit ?? defaultExpressionCostLimit)) {
    throw new Re2Error("error parsing regexp: expression too large");
  }
  const testPlain = plainTest(pattern);
  if (testPlain !== undefined) {
    return { pattern, compileCost, programSize: pattern.length + 1, test: testPlain };
  }
  const compiled = runEngine(() => RE2JS.compile(pattern));
  return {
    pattern,
    compileCost,
    programSize: compiled.programSize(),
    test: (text) => runEngine(() => compiled.test(text.replace(loneSurrogates, "\ufffd"))),
  };
}

/**
 * Most expressions are no more than a word, perhaps with anchors, and that needs no engine: loading
 * and warming it up takes some twenty milliseconds.
 */
function plainTest(pattern: string): ((text: string) => boolean) | undefined {
  const [whole, start, word = "", end] = plainPattern.exec(pattern) ?? [];
  if (whole === undefined) return undefined;
  if (start === "^") {
    return end === "$" ? (text) => text === word : (text) => text.startsWith(word);
  }
  return end === "$" ? (text) => text.endsWith(word) : (text) => text.includes(word);
}

function runEngine<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    // Whatever the engine dislikes, a stranger's pattern brought it there: nothing else went in.
    throw new Re2Error(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
