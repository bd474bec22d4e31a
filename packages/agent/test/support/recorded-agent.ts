import type { Member } from "@x/serf";
import type { KeyOutcome, QueryAnswer } from "@x/serf/node";
import type { WireCoordinate } from "../../src/rpc/command.ts";
import type { AgentEvent } from "../../src/rpc/server/rpc-backend.ts";
import type { WireRecord, WireValue } from "./raw-rpc-client.ts";
import { grouped, requestsOf } from "./recorded-conversations.ts";
import type { Conversation, RecordedRequest } from "./recorded-conversations.ts";
import { keyOutcome, member, queryEvent, runningQuery } from "./scripted-backend.ts";
import type { BackendCall, ScriptedBackend } from "./scripted-backend.ts";

/** Makes the agent say what the recorded one said. */
export function scriptAgent(backend: ScriptedBackend, conversation: Conversation): void {
  const requests = requestsOf(conversation);
  const pending = grouped(requests, ({ command }) => command);
  const next = (command: string): WireRecord => {
    const record = pending.get(command)?.shift()?.records[0];
    if (record === undefined) throw new Error(`${command} was not recorded`);
    return record;
  };
  const settle = (command: string): Promise<void> => {
    const error = next(command).header["Error"];
    return error === "" ? Promise.resolve() : Promise.reject(new Error(String(error)));
  };
  backend.memberList = recordedMembers(requests);
  backend.logRing = recordedLog(requests);
  const stats = requests.find(({ command }) => command === "stats")?.records[0]?.body;
  if (stats !== undefined) backend.statsGroups = stats as typeof backend.statsGroups;
  backend.script = {
    join: () => settle("join").then(() => 0 + numberOfJoins(requests)),
    leave: () => settle("leave"),
    forceLeave: () => settle("force-leave"),
    updateTags: () => settle("tags"),
    userEvent: () => throwRecorded(next("event")),
    respond: () => throwRecorded(next("respond")),
    query: () => {
      const query = requests.find(({ command, records }) => command === "query" && records.length);
      if (query === undefined) throw new Error("no query was recorded");
      throwRecorded(query.records[0]);
      return runningQuery(recordedAnswers(query));
    },
    keys: (command) => recordedKeys(next(command === "list" ? "list-keys" : `${command}-key`)),
    coordinate: () => {
      const body = next("get-coordinate").body;
      if (body?.["Ok"] !== true) return undefined;
      const { Vec, Error: error, Adjustment, Height } = body["Coord"] as WireCoordinate;
      return { vector: Vec ?? [], error, adjustment: Adjustment, height: Height };
    },
  };
}

/** Lets the agent's events happen that the request's records tell of. */
export function publishRecorded(backend: ScriptedBackend, request: RecordedRequest): void {
  if (request.command !== "stream") return;
  for (const { body } of request.records) {
    if (body !== undefined) backend.emit(toAgentEvent(body));
  }
}

/** What must have reached the agent, from the recorded requests that were granted. */
export function expectedCalls(conversation: Conversation): BackendCall[] {
  return requestsOf(conversation).flatMap((request) => {
    const error = (request.records[0]?.header["Error"] ?? "") as string;
    const isRefused = /required|prefix|No pending/.test(error);
    return isRefused ? [] : toCalls(request.command, request.body ?? {});
  });
}

function toCalls(command: string, body: WireValue): BackendCall[] {
  const payload = (body["Payload"] ?? undefined) as Uint8Array | string | undefined;
  const bytes = [...Buffer.from(payload ?? "")];
  switch (command) {
    case "join":
      return [["join", body["Existing"] ?? [], { ignoreOldEvents: body["Replay"] !== true }]];
    case "leave":
      return [["leave"]];
    case "force-leave":
      return [["forceLeave", body["Node"], { prune: body["Prune"] ?? false }]];
    case "event":
      return [["userEvent", body["Name"], bytes, { coalesce: body["Coalesce"] ?? false }]];
    case "tags":
      return [["updateTags", { set: body["Tags"] ?? {}, deleted: body["DeleteTags"] ?? [] }]];
    case "respond":
      return [["respond", "ping-me", bytes]];
    case "get-coordinate":
      return [["coordinate", body["Node"]]];
    case "list-keys":
      return [["keys", "list", ""]];
    case "install-key":
    case "use-key":
    case "remove-key":
      return [["keys", command.replace("-key", ""), body["Key"]]];
    case "query": {
      const filterNodes = body["FilterNodes"] ?? [];
      const filterTags = body["FilterTags"] ?? {};
      return [
        [
          "query",
          {
            name: body["Name"],
            payload,
            filterNodes,
            filterTags,
            ack: body["RequestAck"],
            relayFactor: body["RelayFactor"],
            timeoutMs: Number(body["Timeout"]) / 1e6,
            endEarly: Object.keys({ ...filterNodes, ...filterTags }).length === 0,
          },
        ],
      ];
    }
    default:
      return [];
  }
}

function throwRecorded(record: WireRecord | undefined): void {
  const error = record?.header["Error"];
  if (error !== "") throw new Error(String(error));
}

function numberOfJoins(requests: readonly RecordedRequest[]): number {
  const body = requests.find(({ command }) => command === "join")?.records[0]?.body;
  return Number(body?.["Num"]);
}

/** The members that were listed, and one more for a filter to leave out. */
function recordedMembers(requests: readonly RecordedRequest[]): Member[] {
  const listing = requests.find(({ command }) => command.startsWith("members"));
  const listed = (listing?.records[0]?.body?.["Members"] ?? []) as WireValue[];
  const members = listed.map(toMember);
  const { Tags, Status, Name } = listing?.body ?? {};
  const isFiltered = Boolean(Status) || Boolean(Name) || Object.keys(Tags ?? {}).length > 0;
  return isFiltered ? [...members, member("left-out", { status: "none" })] : members;
}

function recordedLog(requests: readonly RecordedRequest[]): string[] {
  const monitor = requests.find(
    ({ command, records }) => command === "monitor" && records.length > 1,
  );
  return (monitor?.records ?? []).flatMap(({ body }) =>
    body === undefined ? [] : [String(body["Log"])],
  );
}

function recordedAnswers(query: RecordedRequest): QueryAnswer[] {
  return query.records.flatMap(({ body }): QueryAnswer[] => {
    const from = (body?.["From"] ?? "") as string;
    if (from === "") return [];
    if (body?.["Type"] === "ack") return [{ kind: "ack", from }];
    return [{ kind: "response", from, payload: body?.["Payload"] as Uint8Array }];
  });
}

function recordedKeys({ header, body }: WireRecord): Promise<KeyOutcome> {
  const error = String(header["Error"]);
  if (body?.["NumNodes"] === 0) return Promise.reject(new Error(error));
  return Promise.resolve(
    keyOutcome({
      messages: new Map(Object.entries(body?.["Messages"] ?? {})),
      keys: new Map(Object.entries(body?.["Keys"] ?? {})),
      memberCount: Number(body?.["NumNodes"]),
      errorCount: Number(body?.["NumErr"]),
      responseCount: Number(body?.["NumResp"]),
      ...(error === "" ? {} : { error }),
    }),
  );
}

function toMember(record: WireValue): Member {
  return member(String(record["Name"]), {
    endpoint: { address: "not compared", port: Number(record["Port"]) },
    addressBytes: record["Addr"] as Uint8Array,
    tags: record["Tags"] as Record<string, string>,
    status: record["Status"] as Member["status"],
  });
}

function toAgentEvent(body: WireValue): AgentEvent {
  const payload = (body["Payload"] ?? new Uint8Array()) as Uint8Array;
  const name = String(body["Name"]);
  if (body["Event"] === "user") {
    const coalesce = body["Coalesce"] === true;
    return { kind: "user", name, payload, coalesce, lamportTime: BigInt(Number(body["LTime"])) };
  }
  if (body["Event"] === "query") {
    const lamportTime = BigInt(Number(body["LTime"]));
    // The one named `quick` was recorded to be answered too late.
    const timeoutMs = name === "quick" ? 0 : 60_000;
    return queryEvent(name, { payload, lamportTime, timeoutMs });
  }
  const kind = String(body["Event"]) as "member-join";
  return { kind, members: (body["Members"] as WireValue[]).map(toMember) };
}
