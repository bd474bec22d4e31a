/**
 * Measured values on disk, so that a long benchmark may be run in parts and the document is made of
 * what was measured last.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** One figure of one measurement. */
export interface Row {
  readonly figure: string;
  readonly ours: readonly number[];
  readonly reference: readonly number[];
}

/** A measurement as it was made. */
export interface MeasurementResult {
  readonly name: string;
  /** Day and minute, UTC. */
  readonly measuredAt: string;
  readonly rows: readonly Row[];
}

export interface Results {
  readonly machine: string;
  readonly ours: string;
  readonly reference: string;
  readonly measurements: readonly MeasurementResult[];
}

/** @throws {SyntaxError} if somebody edited the file badly. */
export function readResults(file: string): Results | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Results) : undefined;
}

/** Values to six digits: more is noise. */
export function writeResults(file: string, results: Results): void {
  const short = (_: string, value: unknown): unknown =>
    typeof value === "number" ? Number(value.toPrecision(6)) : value;
  // One line for a row: its values belong together, and a change shows as one line.
  const text = JSON.stringify(results, short, 1).replaceAll(
    /\[\s+(-?[\d.e+-]+(?:,\s+-?[\d.e+-]+)*)\s+\]/g,
    (_, values: string) => `[${values.replaceAll(/\s+/g, " ")}]`,
  );
  writeFileSync(file, `${text}\n`);
}

/**
 * The earlier results with newer ones in their place.
 *
 * @param order - names of all measurements, in the order of the table; others are dropped.
 */
export function merged(
  earlier: Results | undefined,
  newer: Results,
  order: readonly string[],
): Results {
  const isSame =
    earlier !== undefined &&
    earlier.machine === newer.machine &&
    earlier.reference === newer.reference;
  // Figures of another machine are no figures of this one.
  const kept = isSame ? earlier.measurements : [];
  const all = [...newer.measurements, ...kept];
  return {
    ...newer,
    measurements: order.flatMap((name) => all.find((result) => result.name === name) ?? []),
  };
}
