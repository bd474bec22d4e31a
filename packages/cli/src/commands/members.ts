/**
 * Lists members. Source: CLI specification §5.1.
 */
import { parseTag, TagError } from "@x/agent/flags";
import type { MembersFilter, RpcClient, RpcMember } from "@x/agent/rpc-client";
import { connectionFlags, errorText, fail, withAgent } from "../agent-connection.ts";
import { booleanFlag, type Command, type Invocation, textFlag } from "../command.ts";
import { LiveLines, paint } from "../format/live-lines.ts";
import { memberJson, memberTable, sortMembers } from "../format/member-line.ts";
import { shownText } from "../format/shown-text.ts";

const repaintDelayMs = 50;

/** `serf members`. */
export const membersCommand: Command = {
  name: "members",
  usageWords: "[options]",
  description: "Lists the members of the cluster as the agent knows them. Patterns are RE2.",
  flags: [
    { name: "detailed", kind: "boolean", help: "Show protocol versions." },
    {
      name: "format",
      kind: "text",
      placeholder: "format",
      help: "Output for people or programs.",
      shownDefault: "text",
      choices: ["text", "json"],
    },
    { name: "name", kind: "text", placeholder: "regexp", help: "Only names that match." },
    {
      name: "status",
      kind: "text",
      placeholder: "regexp",
      help: "Only statuses that match.",
      choices: ["alive", "leaving", "left", "failed"],
    },
    {
      name: "tag",
      kind: "list",
      placeholder: "key=regexp",
      help: "Only members whose tag matches. May be repeated.",
    },
    { name: "role", kind: "text", placeholder: "regexp", help: "Deprecated: -tag role=REGEXP." },
    {
      name: "watch",
      kind: "boolean",
      help: "Keep showing the list as it changes (terminals only).",
    },
    ...connectionFlags,
  ],
  async run(invocation) {
    const { terminal, flags } = invocation;
    const tags = new Map<string, string>();
    try {
      for (const text of flags.lists.get("tag") ?? []) tags.set(...parseTag(text));
    } catch (error) {
      if (!(error instanceof TagError)) throw error;
      return fail(terminal, `Error: ${error.message}`);
    }
    const role = textFlag(flags, "role");
    if (role !== "") {
      terminal.writeOut("Deprecation warning: 'Role' has been replaced with 'Tags'\n");
      tags.set("role", role);
    }
    const filter = {
      tags: Object.fromEntries(tags),
      name: textFlag(flags, "name"),
      status: textFlag(flags, "status"),
    };
    if (booleanFlag(flags, "watch")) {
      if (!terminal.isInteractive) {
        return fail(terminal, "-watch needs a terminal: leave it out in scripts");
      }
      if (!["", "text"].includes(textFlag(flags, "format"))) {
        return fail(
          terminal,
          "-watch is for people: leave out -format, or use monitor -format=json",
        );
      }
      return withAgent(invocation, (client) => watch(client, filter, invocation));
    }
    return withAgent(invocation, (client) => list(client, filter, invocation));
  },
};

async function list(
  client: RpcClient,
  filter: MembersFilter,
  { terminal, flags }: Invocation,
): Promise<number> {
  let members: readonly RpcMember[];
  try {
    members = sortMembers(await client.membersFiltered(filter));
  } catch (error) {
    return fail(terminal, `Error retrieving members: ${errorText(error)}`);
  }
  const format = textFlag(flags, "format") || "text";
  if (format === "json") terminal.writeOut(`${memberJson(members)}\n`);
  else if (format === "text") {
    const table = memberTable(members, booleanFlag(flags, "detailed"));
    terminal.writeOut(`${shownText(terminal, table)}\n`);
  } else return fail(terminal, `Encoding error: Invalid output format "${format}"`);
  return 0;
}

/** Repaints the list after each event until the person has seen enough. */
async function watch(
  client: RpcClient,
  filter: MembersFilter,
  { terminal, flags }: Invocation,
): Promise<number> {
  const lines = new LiveLines(terminal);
  const isDetailed = booleanFlag(flags, "detailed");
  const events = "member-join,member-leave,member-failed,member-update,member-reap";
  const show = async (): Promise<void> => {
    const members = sortMembers(await client.membersFiltered(filter));
    const alive = members.filter((member) => member.status === "alive").length;
    const table = shownText(terminal, memberTable(members, isDetailed))
      .split("\n")
      .map((line, index) => paint(terminal, colourOf(members[index]?.status), line));
    lines.show([
      ...table,
      paint(terminal, "faint", `${alive} of ${members.length} alive. Ctrl-C ends.`),
    ]);
  };
  try {
    await show();
    for await (const _ of client.events(events, { signal: terminal.interrupt })) {
      await new Promise((resolve) => setTimeout(resolve, repaintDelayMs));
      await show();
    }
    return fail(terminal, "The agent has ended the connection: start it, or watch another one");
  } catch (error) {
    if (terminal.interrupt.aborted) return 0;
    return fail(terminal, `Error retrieving members: ${errorText(error)}`);
  }
}

function colourOf(status: string | undefined): "good" | "bad" | "gone" {
  if (status === "alive") return "good";
  return status === "failed" ? "bad" : "gone";
}
