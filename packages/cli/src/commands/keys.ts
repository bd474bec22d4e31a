/**
 * Installs, uses, removes and lists encryption keys all over the cluster.
 *
 * Source: CLI specification §5.11.
 */
import type { RpcClient, RpcKeyOutcome } from "@x/agent/rpc-client";
import { connectionFlags, errorText, fail, withAgent } from "../agent-connection.ts";
import { booleanFlag, type Command, type Invocation, textFlag } from "../command.ts";
import { formatColumns } from "../format/columns.ts";
import { shownText } from "../format/shown-text.ts";
import { usage } from "../usage.ts";

interface KeyAction {
  readonly flag: string;
  readonly first: string;
  readonly last: string;
  readonly failed: string;
  run(client: RpcClient, key: string): Promise<RpcKeyOutcome>;
}

const actions: readonly KeyAction[] = [
  {
    flag: "install",
    first: "Installing key on all members...",
    last: "Successfully installed key!",
    failed: "Error installing key",
    run: (client, key) => client.installKey(key),
  },
  {
    flag: "use",
    first: "Changing primary key on all members...",
    last: "Successfully changed primary key!",
    failed: "Error changing primary key",
    run: (client, key) => client.useKey(key),
  },
  {
    flag: "remove",
    first: "Removing key on all members...",
    last: "Successfully removed key!",
    failed: "Error removing key",
    run: (client, key) => client.removeKey(key),
  },
  {
    flag: "list",
    first: "Asking all members for installed keys...",
    last: "Keys gathered, listing cluster keys...",
    failed: "Failed to gather member keys",
    run: (client) => client.listKeys(),
  },
];

/** `serf keys`. */
export const keysCommand: Command = {
  name: "keys",
  usageWords: "[options]...",
  description:
    "Changes or lists the encryption keys of all members. To rotate: -install the new key, -use " +
    "it, -remove the old one.",
  flags: [
    { name: "install", kind: "text", placeholder: "key", help: "Give every member a further key." },
    { name: "use", kind: "text", placeholder: "key", help: "Encrypt with this key from now on." },
    { name: "remove", kind: "text", placeholder: "key", help: "Take a key from every member." },
    { name: "list", kind: "boolean", help: "List the keys and how many members hold each." },
    ...connectionFlags,
  ],
  async run(invocation) {
    const { terminal, flags } = invocation;
    const chosen = actions.filter(({ flag }) =>
      flag === "list" ? booleanFlag(flags, "list") : textFlag(flags, flag) !== "",
    );
    const [action] = chosen;
    if (action === undefined) return fail(terminal, usage(keysCommand));
    if (chosen.length > 1) {
      return fail(terminal, "Only one of -install, -use, -remove, or -list allowed");
    }
    return withAgent(invocation, (client) => perform(client, action, invocation));
  },
};

async function perform(
  client: RpcClient,
  action: KeyAction,
  { terminal, flags }: Invocation,
): Promise<number> {
  terminal.writeOut(`==> ${action.first}\n`);
  let outcome: RpcKeyOutcome;
  try {
    outcome = await action.run(client, textFlag(flags, action.flag));
  } catch (error) {
    return fail(terminal, `\n${action.failed}: ${errorText(error)}`);
  }
  if (outcome.error !== undefined) {
    const rows = Object.keys(outcome.messages)
      .sort()
      .map((name) => ["failed: ", name, outcome.messages[name] ?? ""]);
    const table = rows.length > 0 ? `${shownText(terminal, formatColumns(rows))}\n` : "";
    return fail(terminal, `${table}\n${action.failed}: ${outcome.error}`);
  }
  terminal.writeOut(`==> ${action.last}\n`);
  if (action.flag === "list") {
    const rows = Object.keys(outcome.keys)
      .sort()
      .map((key) => [key, `[${outcome.keys[key] ?? 0}/${outcome.memberCount}]`]);
    terminal.writeOut(`\n${formatColumns(rows)}\n`);
  }
  return 0;
}
