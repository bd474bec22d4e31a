/**
 * Shows figures about an agent. Source: CLI specification §5.10.
 */
import { connectionFlags, errorText, fail, withAgent } from "../agent-connection.ts";
import { type Command, textFlag } from "../command.ts";
import { formatJson, sortedKeys } from "../format/json.ts";

type Groups = Readonly<Record<string, Readonly<Record<string, string>>>>;

function groupsText(groups: Groups): string {
  return Object.entries(sortedKeys(groups))
    .map(([name, figures]) => {
      const lines = Object.entries(sortedKeys(figures)).map(
        ([key, value]) => `\t${key} = ${value}\n`,
      );
      return `${name}:\n${lines.join("")}`;
    })
    .join("")
    .trim();
}

/** `serf info`. */
export const infoCommand: Command = {
  name: "info",
  usageWords: "[options]",
  description: "Shows figures about the agent, for operators.",
  flags: [
    {
      name: "format",
      kind: "text",
      placeholder: "format",
      help: "Output for people or programs.",
      shownDefault: "text",
      choices: ["text", "json"],
    },
    ...connectionFlags,
  ],
  async run(invocation) {
    const { terminal, flags } = invocation;
    return withAgent(invocation, async (client) => {
      let groups: Groups;
      try {
        groups = await client.stats();
      } catch (error) {
        return fail(terminal, `Error querying agent: ${errorText(error)}`);
      }
      const format = textFlag(flags, "format") || "text";
      if (format === "json") {
        const sorted = Object.entries(sortedKeys(groups)).map(
          ([name, figures]): [string, Record<string, string>] => [name, sortedKeys(figures)],
        );
        terminal.writeOut(`${formatJson(Object.fromEntries(sorted))}\n`);
        return 0;
      }
      if (format !== "text") {
        return fail(terminal, `Encoding error: Invalid output format "${format}"`);
      }
      terminal.writeOut(`${groupsText(groups)}\n`);
      return 0;
    });
  },
};
