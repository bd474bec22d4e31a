/**
 * Prints a script that lets a shell complete commands and flags. An addition of ours, and so not
 * in the overview.
 */
import { fail } from "../agent-connection.ts";
import type { Command } from "../command.ts";
import type { CommandEntry } from "../command-table.ts";
import {
  bashCompletion,
  type CompletedCommand,
  fishCompletion,
  zshCompletion,
} from "../format/completion-script.ts";

/** @param entries - all commands of the program. */
export function completionCommand(entries: readonly CommandEntry[]): Command {
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
      const commands: CompletedCommand[] = [];
      for (const { name, synopsis, load } of entries) {
        if (synopsis === undefined) continue;
        commands.push({ name, synopsis, flags: (await load()).flags });
      }
      terminal.writeOut(make(commands));
      return 0;
    },
  };
}
