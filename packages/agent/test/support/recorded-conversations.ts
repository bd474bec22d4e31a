import { readFileSync } from "node:fs";
import type { WireRecord, WireValue } from "./raw-rpc-client.ts";
import { toRecords } from "./raw-rpc-client.ts";

/** A conversation with the reference's agent, as recorded. */
export interface Conversation {
  readonly name: string;
  readonly source: "cli" | "client" | "raw";
  readonly input: { readonly args?: readonly string[] };
  /** Only of the command line. */
  readonly exitCode?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly bytes: { readonly client: string; readonly server: string };
  readonly turns: readonly { readonly from: "client" | "server"; readonly length: number }[];
  readonly decoded: { readonly client: readonly unknown[]; readonly server: readonly unknown[] };
}

/** A request of a conversation, with everything the agent said to its number. */
export interface RecordedRequest {
  readonly command: string;
  readonly seq: number | bigint;
  readonly body: WireValue | undefined;
  /** The first is the response. */
  readonly records: readonly WireRecord[];
}

const file = new URL("../vectors/rpc.json", import.meta.url);

export const conversations: readonly Conversation[] = JSON.parse(readFileSync(file, "utf8"));

/** The notation of the vectors as values: `{bin}`, `{int}`, and integers of 64 bits as bigints. */
export function fromNotation(value: unknown): unknown {
  if (typeof value === "number") {
    return Number.isInteger(value) && value > 0xffff_ffff ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return value.map(fromNotation);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (first !== undefined && entries.length === 1) {
    if (first[0] === "bin") return new Uint8Array(Buffer.from(String(first[1]), "hex"));
    if (first[0] === "int") return BigInt(String(first[1]));
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, fromNotation(item)]));
}

export function serverValues(conversation: Conversation): WireValue[] {
  return conversation.decoded.server.map((value) => fromNotation(value) as WireValue);
}

export function requestsOf(conversation: Conversation): RecordedRequest[] {
  const records = toRecords(serverValues(conversation));
  const requests: RecordedRequest[] = [];
  for (const notation of conversation.decoded.client) {
    const value = fromNotation(notation) as WireValue;
    const last = requests.at(-1);
    if (typeof value["Command"] === "string") {
      const seq = value["Seq"] as number | bigint;
      const own = records.filter(({ header }) => header["Seq"] === seq);
      requests.push({ command: value["Command"], seq, body: undefined, records: own });
    } else if (last !== undefined && value["undecodable"] === undefined) {
      requests[requests.length - 1] = { ...last, body: value };
    }
  }
  return requests.map((request) => withoutOthersRecords(request, requests));
}

/** A number that is used twice is answered twice: each request gets its own response. */
function withoutOthersRecords(
  request: RecordedRequest,
  requests: readonly RecordedRequest[],
): RecordedRequest {
  const sharing = requests.filter(({ seq }) => seq === request.seq);
  if (sharing.length === 1) return request;
  const index = sharing.indexOf(request);
  return { ...request, records: request.records.slice(index, index + 1) };
}

/** The bytes of each turn, in order. */
export function turnsOf(
  conversation: Conversation,
): { readonly from: "client" | "server"; readonly bytes: Uint8Array }[] {
  const streams = {
    client: Buffer.from(conversation.bytes.client, "hex"),
    server: Buffer.from(conversation.bytes.server, "hex"),
  };
  const at = { client: 0, server: 0 };
  return conversation.turns.map(({ from, length }) => {
    const bytes = streams[from].subarray(at[from], at[from] + length);
    at[from] += length;
    return { from, bytes };
  });
}

/** Items with the same key, in their order. */
export function grouped<Key, Item>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
