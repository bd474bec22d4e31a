/**
 * What a measurement is. Each runs one program once and returns figures; `main.ts` alternates the
 * programs and repeats.
 */
import type { Program } from "../../../interop/src/programs.ts";

/** Name of a figure with its unit → the values of one run. */
export type Figures = Record<string, number[]>;

export interface Measurement {
  readonly name: string;
  /** Runs of each program; slow ones fewer. */
  readonly runs: number;
  /** @param flags - of every agent the measurement starts. */
  measure(program: Program, flags: readonly string[]): Promise<Figures>;
  /** What is measured in the reference's place, under the same names. Default: the reference. */
  measureReference?(): Promise<Figures>;
  /** What is measured in place of our program as built. @returns nothing if it is not there. */
  ours?(): Program | undefined;
  /** What to say then. */
  readonly missing?: string;
}

/** How long anything may take before a measurement gives up. */
export const patienceMs = 60_000;

const encryptionKey = "cmVmZXJlbmNlLWFuZC1vdXJzLTMyLWJ5dGUta2V5ISE=";

/** The same with encryption on: the figures carry it in their names. */
export function encrypted(measurement: Measurement, runs: number = measurement.runs): Measurement {
  return {
    name: `${measurement.name}-encrypted`,
    runs,
    async measure(program, flags) {
      const figures = await measurement.measure(program, [...flags, `-encrypt=${encryptionKey}`]);
      return Object.fromEntries(
        Object.entries(figures).map(([figure, values]) => [encryptedName(figure), values]),
      );
    },
  };
}

/** The name of a figure measured with encryption on. */
export function encryptedName(figure: string): string {
  return `encrypted: ${figure}`;
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
