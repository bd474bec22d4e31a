/**
 * Changes the tags of a running agent. Source: CLI specification §5.9.
 */
import { parseTag, TagError } from "@x/agent/flags";
import { connectionFlags, errorText, fail, withAgent } from "../agent-connection.ts";
import type { Command } from "../command.ts";
import { usage } from "../usage.ts";

/** `serf tags`. */
export const tagsCommand: Command = {
  name: "tags",
  usageWords: "[options] ...",
  description: "Sets and deletes tags of the agent's member; a tag in both ends up set.",
  flags: [
    { name: "set", kind: "list", placeholder: "key=value", help: "Set a tag. May be repeated." },
    { name: "delete", kind: "list", placeholder: "key", help: "Delete a tag. May be repeated." },
    ...connectionFlags,
  ],
  async run(invocation) {
    const { terminal, flags } = invocation;
    const given = flags.lists.get("set") ?? [];
    const deleted = flags.lists.get("delete") ?? [];
    if (given.length === 0 && deleted.length === 0) return fail(terminal, usage(tagsCommand));
    return withAgent(invocation, async (client) => {
      try {
        const set = Object.fromEntries(given.map(parseTag));
        await client.updateTags({ set, deleted });
        terminal.writeOut("Successfully updated agent tags\n");
        return 0;
      } catch (error) {
        if (error instanceof TagError) return fail(terminal, `Error: ${error.message}`);
        return fail(terminal, `Error setting tags: ${errorText(error)}`);
      }
    });
  },
};
