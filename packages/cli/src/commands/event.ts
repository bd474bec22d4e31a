/**
 * Sends a user event. Source: CLI specification §5.5.
 */
import { encodeText } from "../format/text-bytes.ts";
import { connectionFlags, errorText, fail, withAgent } from "../agent-connection.ts";
import { booleanFlag, type Command } from "../command.ts";
import { usage } from "../usage.ts";

/** The complaint about the words of `event` and `query`, if there is one. */
export function payloadWordsFault(what: string, positional: readonly string[]): string | undefined {
  if (positional.length === 0) return `${what} name must be specified.`;
  if (positional.length > 2) {
    return "Too many command line arguments. Only a name and payload must be specified.";
  }
  return undefined;
}

/** `serf event`. */
export const eventCommand: Command = {
  name: "event",
  usageWords: "[options] name payload",
  description: "Sends a user event to every member of the cluster.",
  flags: [
    {
      name: "coalesce",
      kind: "boolean",
      help: "Of several events of one name in a short time only the last counts.",
      shownDefault: "true",
    },
    ...connectionFlags,
  ],
  async run(invocation) {
    const { terminal, positional, flags } = invocation;
    const fault = payloadWordsFault("An event", positional);
    if (fault !== undefined) return fail(terminal, `${fault}\n\n${usage(eventCommand)}`);
    const [name = "", payload] = positional;
    const coalesce = booleanFlag(flags, "coalesce", true);
    return withAgent(invocation, async (client) => {
      try {
        await client.userEvent(name, payload === undefined ? undefined : encodeText(payload), {
          coalesce,
        });
        terminal.writeOut(`Event '${name}' dispatched! Coalescing enabled: ${coalesce}\n`);
        return 0;
      } catch (error) {
        return fail(terminal, `Error sending event: ${errorText(error)}`);
      }
    });
  },
};
