/**
 * Prints a script that lets a shell complete commands and flags. An addition of ours, and so not
 * in the overview.
 */
import { fail } from "../agent-connection.ts";
import type { Command } from "../command.ts";
import { bashCompletion, fishCompletion, zshCompletion } from "../format/completion-script.ts";

/** @param commands - all commands of the program, asked when the script is made. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    name: "completion",
    usageWords: "bash|zsh|fish",
    description:
      "Prints a completion script. For bash: source <(serf completion bash); for zsh: source " +
      "<(serf completion zsh); for fish: serf completion fish | source.",
    flags: [],
    async run({ terminal, positional }) {
      const [shell = ""] = positional;
      const make = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }[shell];
      if (make === undefined) return fail(terminal, "Name a shell: bash, zsh or fish");
      terminal.writeOut(make(commands().filter((command) => command.synopsis !== undefined)));
      return 0;
    },
  };
}
