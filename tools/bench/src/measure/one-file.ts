/** The program as one file, if it was made, beside the reference's. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Program } from "../../../interop/src/programs.ts";
import type { Measurement } from "./measurement.ts";
import { start } from "./start.ts";

/** Begins every figure of this measurement. */
export const oneFileLabel = "one file: ";

const builtFile = fileURLToPath(
  new URL(`../../../../dist/serf${process.platform === "win32" ? ".exe" : ""}`, import.meta.url),
);

/** @returns nothing when it was not made. */
export function oneFileProgram(file: string = builtFile): Program | undefined {
  return existsSync(file) ? { name: "ours", executable: file, words: [] } : undefined;
}

export const oneFile: Measurement = {
  name: "one-file",
  runs: 9,
  missing: "There is no dist/serf: npm run build:executable makes it.",
  ours: oneFileProgram,
  async measure(program, flags) {
    const figures = await start.measure(program, flags);
    return Object.fromEntries(
      Object.entries(figures).map(([figure, values]) => [`${oneFileLabel}${figure}`, values]),
    );
  },
};
