/**
 * Prints the program's version. Source: CLI specification §5.14.
 */
import type { Command } from "../command.ts";

/** Kept equal to the version of this package by its test. */
export const programVersion = "0.1.0";
const protocolSpoken = 5;
const protocolUnderstood = 2;

/** `serf version`. */
export const versionCommand: Command = {
  name: "version",
  usageWords: "",
  description: "Prints the version of the program and of the protocol it speaks.",
  flags: [],
  takesRawWords: true,
  async run({ terminal }) {
    terminal.writeOut(
      `${programVersion}\n` +
        `Agent Protocol: ${protocolSpoken} (Understands back to: ${protocolUnderstood})\n`,
    );
    return 0;
  },
};
