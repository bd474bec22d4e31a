/** Coordinates and updates recorded from the reference: `test/vectors/vivaldi.json`. */
import { readFileSync } from "node:fs";
import type { Coordinate, VivaldiOptions } from "@x/vivaldi";
import { referenceVivaldiOptions } from "@x/vivaldi";

/** NaN and the infinities are written as strings. */
type WireNumber = number | string;

export interface WireCoordinate {
  readonly Vec: readonly WireNumber[];
  readonly Error: WireNumber;
  readonly Adjustment: WireNumber;
  readonly Height: WireNumber;
}

export interface WireConfig {
  readonly Dimensionality: number;
  readonly VivaldiErrorMax: number;
  readonly VivaldiCE: number;
  readonly VivaldiCC: number;
  readonly AdjustmentWindowSize: number;
  readonly HeightMin: number;
  readonly LatencyFilterSize: number;
  readonly GravityRho: number;
}

export interface VectorStep {
  readonly op: "update" | "forget" | "set";
  readonly node: string;
  readonly other: WireCoordinate;
  readonly coordinate: WireCoordinate;
  readonly rtt: number;
  readonly result: WireCoordinate;
  readonly resets: number;
  readonly distanceBefore?: number;
  readonly distanceAfter?: number;
}

export interface VectorCase {
  readonly name: string;
  readonly kind: "sequence" | "pair" | "distance" | "filter" | "update" | "reset" | "new";
  readonly input: {
    readonly config: WireConfig;
    readonly start: WireCoordinate | null;
    readonly size: number;
    readonly other: WireCoordinate;
    readonly rtt: number;
    readonly a: WireCoordinate;
    readonly b: WireCoordinate;
  };
  readonly steps: readonly unknown[];
  readonly rows: readonly unknown[];
  readonly error: string | null;
  readonly result: WireCoordinate | null;
  readonly resets: number;
}

const cases = JSON.parse(
  readFileSync(new URL("../vectors/vivaldi.json", import.meta.url), "utf8"),
) as readonly VectorCase[];

export function vectorCases(kind: VectorCase["kind"]): readonly VectorCase[] {
  return cases.filter((vector) => vector.kind === kind);
}

export function coordinateOf(wire: WireCoordinate): Coordinate {
  return {
    vector: wire.Vec.map(Number),
    error: Number(wire.Error),
    adjustment: Number(wire.Adjustment),
    height: Number(wire.Height),
  };
}

export function optionsOf(config: WireConfig): VivaldiOptions {
  return {
    ...referenceVivaldiOptions,
    dimensionality: config.Dimensionality,
    errorMax: config.VivaldiErrorMax,
    errorGain: config.VivaldiCE,
    positionGain: config.VivaldiCC,
    adjustmentWindowSize: config.AdjustmentWindowSize,
    heightMinSeconds: config.HeightMin,
    latencyFilterSize: config.LatencyFilterSize,
    gravityRho: config.GravityRho,
  };
}

/** Nanoseconds to seconds as the reference's durations do it: whole seconds and the rest apart. */
export function secondsOf(nanoseconds: number): number {
  const rest = nanoseconds % 1e9;
  return (nanoseconds - rest) / 1e9 + rest / 1e9;
}
