/**
 * Asks the cluster a question and collects the answers. Source: CLI specification §5.6.
 */
import { parseTag, TagError } from "@x/agent/flags";
import type { RpcAnswer, RpcClient } from "@x/agent/rpc-client";
import { connectionFlags, errorText, fail, withAgent } from "../agent-connection.ts";
import {
  booleanFlag,
  type Command,
  exitFailure,
  type Invocation,
  numberFlag,
  textFlag,
} from "../command.ts";
import { formatJson, sortedKeys } from "../format/json.ts";
import { LiveLines, paint } from "../format/live-lines.ts";
import { shownText } from "../format/shown-text.ts";
import { decodeText, encodeText } from "../format/text-bytes.ts";
import { usage } from "../usage.ts";
import { payloadWordsFault } from "./event.ts";

const largestRelayFactor = 255;

/** `serf query`. */
export const queryCommand: Command = {
  name: "query",
  usageWords: "[options] name payload",
  description: "Asks every member, or those the filters choose, and prints acks and answers.",
  flags: [
    {
      name: "format",
      kind: "text",
      placeholder: "format",
      help: "Output for people or programs; base64 is JSON with every answer's bytes.",
      shownDefault: "text",
      choices: ["text", "json", "base64"],
    },
    {
      name: "node",
      kind: "list",
      placeholder: "name",
      help: "Ask only this member. May be repeated.",
    },
    {
      name: "tag",
      kind: "list",
      placeholder: "key=regexp",
      help: "Ask only members whose tag matches. May be repeated.",
    },
    {
      name: "timeout",
      kind: "duration",
      placeholder: "duration",
      help: "How long to wait for answers.",
      shownDefault: "by the cluster's size",
    },
    { name: "no-ack", kind: "boolean", help: "Do not ask for acknowledgements." },
    {
      name: "relay-factor",
      kind: "integer",
      placeholder: "n",
      help: "Copies of each answer sent by way of other members, 0 to 255.",
      shownDefault: "0",
    },
    ...connectionFlags,
  ],
  async run(invocation) {
    const { terminal, positional, flags } = invocation;
    const tags = new Map<string, string>();
    try {
      for (const text of flags.lists.get("tag") ?? []) tags.set(...parseTag(text));
    } catch (error) {
      if (!(error instanceof TagError)) throw error;
      return fail(terminal, `Error: ${error.message}`);
    }
    const fault = payloadWordsFault("A query", positional);
    if (fault !== undefined) return fail(terminal, `${fault}\n\n${usage(queryCommand)}`);
    const relayFactor = numberFlag(flags, "relay-factor", 0);
    if (relayFactor < 0 || relayFactor > largestRelayFactor) {
      return fail(terminal, "Relay factor must be between 0 and 255");
    }
    return withAgent(invocation, (client) =>
      ask(client, invocation, Object.fromEntries(tags), relayFactor),
    );
  },
};

/** What came back so far. */
interface Tally {
  readonly acks: string[];
  readonly responses: { readonly from: string; readonly payload: Uint8Array }[];
}

async function ask(
  client: RpcClient,
  invocation: Invocation,
  filterTags: Readonly<Record<string, string>>,
  relayFactor: number,
): Promise<number> {
  const { terminal, flags, positional } = invocation;
  const format = textFlag(flags, "format") || "text";
  if (!["text", "json", "base64"].includes(format)) {
    return fail(terminal, `Invalid format: ${format}`);
  }
  const [name = "", payload] = positional;
  const isText = format === "text";
  const wantsAcks = !booleanFlag(flags, "no-ack");
  const tally: Tally = { acks: [], responses: [] };
  const live = new LiveLines(terminal);
  let isDispatched = false;
  let failure: string | undefined;
  try {
    const answers = client.query(
      {
        name,
        ...(payload === undefined ? {} : { payload: encodeText(payload) }),
        filterNodes: flags.lists.get("node") ?? [],
        filterTags,
        ack: wantsAcks,
        relayFactor,
        timeoutMs: numberFlag(flags, "timeout", 0),
      },
      { signal: terminal.interrupt },
    );
    await answers.ready;
    isDispatched = true;
    if (isText) terminal.writeOut(`Query '${name}' dispatched\n`);
    for await (const answer of answers) {
      live.clear();
      collect(tally, answer);
      if (isText) terminal.writeOut(shownText(terminal, answerText(answer)));
      if (isText) live.show([paint(terminal, "faint", progressText(tally, wantsAcks))]);
    }
    live.clear();
  } catch (error) {
    live.clear();
    if (terminal.interrupt.aborted) return exitFailure;
    failure = `Error sending query: ${errorText(error)}`;
    // Once the cluster was asked, what has come is worth showing even if the agent goes away.
    if (!isDispatched) return fail(terminal, failure);
  }
  terminal.writeOut(
    isText ? totals(tally, wantsAcks) : `${tallyJson(tally, format === "base64")}\n`,
  );
  return failure === undefined ? 0 : fail(terminal, `Answers may be missing: ${failure}`);
}

function collect(tally: Tally, answer: RpcAnswer): void {
  if (answer.kind === "ack") tally.acks.push(answer.from);
  else tally.responses.push({ from: answer.from, payload: answer.payload });
}

function answerText(answer: RpcAnswer): string {
  if (answer.kind === "ack") return `Ack from '${answer.from}'\n`;
  const text = decodeText(answer.payload);
  return `Response from '${answer.from}': ${text.endsWith("\n") ? text.slice(0, -1) : text}\n`;
}

function progressText(tally: Tally, wantsAcks: boolean): string {
  const acks = wantsAcks ? `${tally.acks.length} acks, ` : "";
  return `${acks}${tally.responses.length} responses so far; Ctrl-C ends`;
}

function totals(tally: Tally, wantsAcks: boolean): string {
  const acks = wantsAcks ? `Total Acks: ${tally.acks.length}\n` : "";
  return `${acks}Total Responses: ${tally.responses.length}\n`;
}

/** The later answer of a member replaces the earlier. */
function tallyJson(tally: Tally, isBase64: boolean): string {
  const responses = tally.responses.map(({ from, payload }): [string, string] => [
    from,
    isBase64 ? Buffer.from(payload).toString("base64") : decodeText(payload),
  ]);
  return formatJson({
    Acks: tally.acks.length === 0 ? null : tally.acks,
    Responses: sortedKeys(Object.fromEntries(responses)),
  });
}
