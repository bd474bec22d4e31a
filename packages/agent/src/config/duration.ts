/**
 * Durations as configuration files and flags write them: `1m30s`, `500ms`, `-1.5h`.
 *
 * Source: agent specification §1 (Go's duration text).
 */

/** The text is no duration; `message` is the reference's. */
export class DurationError extends Error {
  override readonly name = "DurationError";
}

/** A duration, exact to the nanosecond. */
export interface Duration {
  readonly ns: bigint;
  /** The same in milliseconds, fractions included. */
  readonly ms: number;
}

const unitNs = new Map<string, bigint>([
  ["ns", 1n],
  ["us", 1_000n],
  ["µs", 1_000n],
  ["μs", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);
const largestNs = 2n ** 63n - 1n;

/**
 * Reads a duration.
 *
 * @param text - optional sign, then decimal numbers with units, concatenated; `0` needs no unit.
 * @throws {DurationError} `time: invalid duration "foo"`, `time: missing unit in duration "5"`,
 *   `time: unknown unit "x" in duration "5x"`.
 *
 * @example
 * parseDuration("1m30s").ms; // => 90_000
 */
export function parseDuration(text: string): Duration {
  const isNegative = text.startsWith("-");
  let rest = text.replace(/^[+-]/, "");
  if (rest === "0") return { ns: 0n, ms: 0 };
  if (rest === "") throw invalid(text);
  let ns = 0n;
  while (rest !== "") {
    const number = /^(\d*)(?:\.(\d*))?/.exec(rest);
    const whole = number?.[1] ?? "";
    const fraction = number?.[2] ?? "";
    if (whole === "" && fraction === "") throw invalid(text);
    rest = rest.slice(number?.[0].length ?? 0);
    const unit = /^[^\d.]*/.exec(rest)?.[0] ?? "";
    if (unit === "") throw new DurationError(`time: missing unit in duration ${quote(text)}`);
    const scale = unitNs.get(unit);
    if (scale === undefined) {
      throw new DurationError(`time: unknown unit ${quote(unit)} in duration ${quote(text)}`);
    }
    rest = rest.slice(unit.length);
    ns += BigInt(whole === "" ? 0 : whole) * scale;
    if (fraction !== "") ns += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
    if (ns > largestNs) throw invalid(text);
  }
  if (isNegative) ns = -ns;
  return { ns, ms: Number(ns) / 1e6 };
}

function invalid(text: string): DurationError {
  return new DurationError(`time: invalid duration ${quote(text)}`);
}

function quote(text: string): string {
  return JSON.stringify(text);
}
