/**
 * Carries a client's command to the agent and brings back what stands in the response.
 *
 * Source: RPC specification §5.
 */
import type { KeyOutcome, RunningQuery } from "@x/serf/node";
import { commandCodecs } from "../command.ts";
import type { CommandName, QueryRequest } from "../command.ts";
import { encodeValue } from "../record-codec.ts";
import type { Codec } from "../record-codec.ts";
import { compileMembersFilter } from "./members-filter.ts";
import type { MembersBody } from "./members-body.ts";
import type { RpcBackend } from "./rpc-backend.ts";
import type { AgentRequest } from "./connection-directive.ts";
import { toWireCoordinate, toWireKeys, toWireMember } from "./wire-records.ts";

/** What goes into a response: the error text, empty for success, and the encoded body if any. */
export interface RequestOutcome {
  readonly error: string;
  readonly body?: Uint8Array;
}

export interface RequestPorts {
  readonly backend: RpcBackend;
  readonly membersBody: MembersBody;
  /** The graceful leave, shared by all that ask for it. */
  readonly leave: () => Promise<void>;
  /** Records dropped for slow readers so far. */
  readonly droppedRecordCount: () => number;
}

/** The body of a response, or an outcome that has an error as well as a body. */
interface Answer {
  readonly error?: string;
  readonly body?: unknown;
  /** The body, encoded already. */
  readonly encoded?: Uint8Array;
}

/** Never throws or rejects: what the agent throws is the answer. */
export function runRequest(
  ports: RequestPorts,
  request: AgentRequest,
): RequestOutcome | Promise<RequestOutcome> {
  try {
    const answer = carryOut(ports, request);
    if (!(answer instanceof Promise)) return toOutcome(request.command, answer);
    return answer.then(
      (settled) => toOutcome(request.command, settled),
      (error: unknown) => toFailure(request.command, error),
    );
  } catch (error) {
    return toFailure(request.command, error);
  }
}

function carryOut(ports: RequestPorts, request: AgentRequest): Answer | Promise<Answer> {
  const { backend } = ports;
  switch (request.command) {
    case "members":
      return { encoded: ports.membersBody.encoded() };
    case "members-filtered": {
      const isWanted = compileMembersFilter(request.body);
      return { body: { Members: backend.members().filter(isWanted).map(toWireMember) } };
    }
    case "join": {
      const { Existing, Replay } = request.body;
      return backend
        .join(Existing, { ignoreOldEvents: !Replay })
        .then((Num) => ({ body: { Num } }));
    }
    case "leave":
      return ports.leave().then(() => ({}));
    case "force-leave": {
      const { Node, Prune } = request.body;
      return backend.forceLeave(Node, { prune: Prune }).then(() => ({}));
    }
    case "event": {
      const { Name, Payload, Coalesce } = request.body;
      backend.userEvent(Name, Payload ?? new Uint8Array(), { coalesce: Coalesce });
      return {};
    }
    case "tags": {
      const { Tags, DeleteTags } = request.body;
      return backend.updateTags({ set: Tags, deleted: DeleteTags }).then(() => ({}));
    }
    case "install-key":
      return backend.keys.install(request.body.Key).then(toKeysAnswer);
    case "use-key":
      return backend.keys.use(request.body.Key).then(toKeysAnswer);
    case "remove-key":
      return backend.keys.remove(request.body.Key).then(toKeysAnswer);
    case "list-keys":
      return backend.keys.list().then(toKeyListAnswer);
    case "stats":
      return { body: tellDrops(backend.stats(), ports.droppedRecordCount()) };
    case "get-coordinate":
      return { body: toWireCoordinate(backend.coordinate(request.body.Node)) };
  }
}

function toKeysAnswer(outcome: KeyOutcome): Answer {
  return { error: outcome.error ?? "", body: toWireKeys(outcome, { listsKeys: false }) };
}

function toKeyListAnswer(outcome: KeyOutcome): Answer {
  return { error: outcome.error ?? "", body: toWireKeys(outcome, { listsKeys: true }) };
}

/** Drops are told only once there are any, so that an undisturbed agent looks like the reference. */
function tellDrops(
  stats: ReturnType<RpcBackend["stats"]>,
  droppedRecordCount: number,
): ReturnType<RpcBackend["stats"]> {
  if (droppedRecordCount === 0) return stats;
  const agent = { ...stats["agent"], rpc_dropped_records: String(droppedRecordCount) };
  return { ...stats, agent };
}

function toOutcome(command: CommandName, answer: Answer): RequestOutcome {
  const error = answer.error ?? "";
  if (answer.encoded !== undefined) return { error, body: answer.encoded };
  // The table pairs each command with the codec of its body, which the type cannot follow.
  const codec = commandCodecs[command].response as Codec<unknown> | null;
  return codec === null ? { error } : { error, body: encodeValue(codec, answer.body) };
}

/** A command that has a body sends it with an error too: clients read it unconditionally. */
function toFailure(command: CommandName, error: unknown): RequestOutcome {
  const codec = commandCodecs[command].response as Codec<unknown> | null;
  const text = toErrorText(error);
  return codec === null ? { error: text } : { error: text, body: encodeValue(codec, codec.zero()) };
}

/** What the client is told; never empty, for that would be success. */
export function toErrorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text === "" ? "unknown error" : text;
}

const INTERNAL_PREFIX = "_serf_";
const PING_QUERY = "_serf_ping";
/** Longest query, in milliseconds: what a timer can hold, 24 days. */
const QUERY_TIMEOUT_LIMIT_MS = 0x7fff_ffff;

/** @throws {Error} with the text for the client. Source: RPC specification §5.1, query. */
export function startQuery(backend: RpcBackend, request: QueryRequest): RunningQuery {
  const { Name, Payload, FilterNodes, FilterTags } = request;
  const isPing = Name === PING_QUERY && Payload === null;
  if (Name.startsWith(INTERNAL_PREFIX) && !isPing) {
    throw new Error(`Queries cannot contain the '${INTERNAL_PREFIX}' prefix`);
  }
  return backend.query({
    name: Name,
    payload: Payload ?? undefined,
    filterNodes: FilterNodes,
    filterTags: FilterTags,
    ack: request.RequestAck,
    relayFactor: request.RelayFactor,
    timeoutMs: toQueryTimeoutMs(request.Timeout),
    // Only without filters is it known who will answer. Source: RPC specification §15.
    endEarly: FilterNodes.length === 0 && Object.keys(FilterTags).length === 0,
  });
}

/** A negative timeout is over at once, as in the reference; it is not the default. */
function toQueryTimeoutMs(timeoutNs: bigint): number {
  if (timeoutNs === 0n) return 0;
  const wholeMs = Number(timeoutNs / 1_000_000n);
  return Math.min(Math.max(wholeMs, 1), QUERY_TIMEOUT_LIMIT_MS);
}
