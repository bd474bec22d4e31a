/**
 * Makes a new encryption key. Source: CLI specification §5.12.
 */
import { errorText, fail } from "../agent-connection.ts";
import type { Command } from "../command.ts";

const keyBytes = 32;

/** `serf keygen`. */
export const keygenCommand: Command = {
  name: "keygen",
  usageWords: "",
  description: "Prints a new random key for -encrypt and keys -install.",
  flags: [],
  takesRawWords: true,
  async run({ terminal }) {
    try {
      const key = Buffer.from(terminal.randomBytes(keyBytes)).toString("base64");
      terminal.writeOut(`${key}\n`);
      return 0;
    } catch (error) {
      return fail(terminal, `Error reading random data: ${errorText(error)}`);
    }
  },
};
