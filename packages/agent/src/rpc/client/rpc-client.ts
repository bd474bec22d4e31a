/**
 * Commands an agent, ours or the reference's, over one connection.
 *
 * Source: RPC specification §5 and §12. Read next: `rpc-session.ts` (sending and
 * waiting), `call-table.ts` (what belongs to whom), `subscription.ts` (streams).
 */
import type { Coordinate } from "@x/vivaldi";
import { commandCodecs, logRecord, queryRecord } from "../command.ts";
import type {
  CommandName,
  KeysResponse,
  MembersResponse,
  RequestBody,
  ResponseBody,
} from "../command.ts";
import { decodeValue } from "../record-codec.ts";
import {
  decodeEvent,
  toAnswer,
  toCoordinate,
  toKeyOutcome,
  toRpcMembers,
} from "./client-records.ts";
import type { RpcAnswer, RpcEvent, RpcKeyOutcome, RpcMember } from "./client-records.ts";
import { RepeatedBody } from "./repeated-body.ts";
import { RpcError } from "./rpc-error.ts";
import type { Cancellable, RpcSession } from "./rpc-session.ts";
import type { Subscription } from "./subscription.ts";

export interface SubscribeOptions extends Cancellable {
  /** Items that wait for a slow reader; further ones are dropped and counted. Default 1024. */
  readonly bufferLimit?: number;
}

export interface MembersFilter {
  /** Tag → RE2 expression its value must match; a missing tag counts as empty. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly status?: string;
  readonly name?: string;
}

export interface RpcQuery {
  readonly name: string;
  readonly payload?: Uint8Array;
  readonly filterNodes?: readonly string[];
  readonly filterTags?: Readonly<Record<string, string>>;
  /** Ask every member to acknowledge. */
  readonly ack?: boolean;
  /** 0 to 255 extra relayed copies of each answer. */
  readonly relayFactor?: number;
  /** 0 or absent: the agent's default. */
  readonly timeoutMs?: number;
}

const DEFAULT_BUFFER_LIMIT = 1024;
/** A cluster answers in one burst: room for two records each of 4096 members. */
const DEFAULT_ANSWER_LIMIT = 8192;

/** One connection; made by `connectRpc`. */
export class RpcClient implements AsyncDisposable {
  readonly #session: RpcSession;
  readonly #membersBody = new RepeatedBody(commandCodecs.members.response);
  #lastMembers:
    { readonly body: MembersResponse; readonly members: readonly RpcMember[] } | undefined;

  constructor(session: RpcSession) {
    this.#session = session;
  }

  /** Resolves when the connection is gone, for whatever reason. */
  get closed(): Promise<void> {
    return this.#session.closed;
  }

  /**
   * Every member the agent knows, failed and left ones included, in no particular order.
   *
   * @returns the same list as last time if the agent said the same: do not change what is in it.
   */
  async members(options: Cancellable = {}): Promise<readonly RpcMember[]> {
    const read = (_: unknown, bytes: Uint8Array): MembersResponse =>
      this.#membersBody.decode(bytes);
    const { error, body } = await this.#session.call("members", null, options, read);
    if (error !== "" || body === undefined) throw new RpcError("remote", error);
    if (this.#lastMembers?.body !== body) this.#lastMembers = { body, members: toRpcMembers(body) };
    return this.#lastMembers.members;
  }

  /** Members that match RE2 expressions from end to end. */
  async membersFiltered(
    filter: MembersFilter,
    options: Cancellable = {},
  ): Promise<readonly RpcMember[]> {
    const body = { Tags: filter.tags ?? {}, Status: filter.status ?? "", Name: filter.name ?? "" };
    return toRpcMembers(await this.#fetch("members-filtered", body, options));
  }

  /**
   * @param addresses - `host`, `host:port`, `[v6]:port`, each optionally after `name/`.
   * @returns the number of addresses contacted.
   */
  async join(
    addresses: readonly string[],
    options: { readonly replay?: boolean } & Cancellable = {},
  ): Promise<number> {
    const body = { Existing: addresses, Replay: options.replay ?? false };
    return (await this.#fetch("join", body, options)).Num;
  }

  /** The agent leaves the cluster, answers, and then shuts down. */
  leave(options: Cancellable = {}): Promise<void> {
    return this.#session.command("leave", null, options);
  }

  /** Turns a failed member into one that left; `prune` forgets it altogether. */
  forceLeave(
    name: string,
    options: { readonly prune?: boolean } & Cancellable = {},
  ): Promise<void> {
    return this.#session.command(
      "force-leave",
      { Node: name, Prune: options.prune ?? false },
      options,
    );
  }

  /** Sends a user event to the whole cluster. */
  userEvent(
    name: string,
    payload?: Uint8Array,
    options: { readonly coalesce?: boolean } & Cancellable = {},
  ): Promise<void> {
    const Coalesce = options.coalesce ?? false;
    return this.#session.command(
      "event",
      { Name: name, Payload: payload ?? null, Coalesce },
      options,
    );
  }

  /** Sets and deletes tags of the agent's own member; a tag in both ends up set. */
  updateTags(
    change: {
      readonly set?: Readonly<Record<string, string>>;
      readonly deleted?: readonly string[];
    },
    options: Cancellable = {},
  ): Promise<void> {
    const body = { Tags: change.set ?? {}, DeleteTags: change.deleted ?? [] };
    return this.#session.command("tags", body, options);
  }

  /** @param id - of a query event of this very connection. */
  respond(id: bigint, payload: Uint8Array, options: Cancellable = {}): Promise<void> {
    return this.#session.command("respond", { ID: id, Payload: payload }, options);
  }

  /**
   * Gives every member a further key.
   *
   * The four key commands resolve also when members failed: `error` and `messages` then say why.
   *
   * @param key - base64 of 16, 24 or 32 bytes.
   */
  installKey(key: string, options: Cancellable = {}): Promise<RpcKeyOutcome> {
    return this.#keys("install-key", { Key: key }, options);
  }

  /** Makes a key every member has the one they encrypt with. */
  useKey(key: string, options: Cancellable = {}): Promise<RpcKeyOutcome> {
    return this.#keys("use-key", { Key: key }, options);
  }

  removeKey(key: string, options: Cancellable = {}): Promise<RpcKeyOutcome> {
    return this.#keys("remove-key", { Key: key }, options);
  }

  listKeys(options: Cancellable = {}): Promise<RpcKeyOutcome> {
    return this.#keys("list-keys", null, options);
  }

  /** Groups of figures about the agent; every value is text. */
  stats(
    options: Cancellable = {},
  ): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> {
    return this.#fetch("stats", null, options);
  }

  /** @returns `undefined` if the agent does not know that member's coordinate. */
  async coordinate(name: string, options: Cancellable = {}): Promise<Coordinate | undefined> {
    return toCoordinate(await this.#fetch("get-coordinate", { Node: name }, options));
  }

  /**
   * Subscribes to events.
   *
   * @param filter - such as `member-join,user:deploy,query`; `*` is all.
   */
  events(filter = "*", options: SubscribeOptions = {}): Subscription<RpcEvent> {
    const limit = options.bufferLimit ?? DEFAULT_BUFFER_LIMIT;
    return this.#session.subscribe(
      "stream",
      { Type: filter },
      limit,
      options,
      (body, subscription) => {
        const event = decodeEvent(body);
        if (event !== undefined) subscription.push(event);
      },
    );
  }

  /**
   * Subscribes to the agent's log: the last lines first, then what comes.
   *
   * @param level - TRACE, DEBUG, INFO, WARN or ERR, in any case.
   */
  monitor(level: string, options: SubscribeOptions = {}): Subscription<string> {
    const limit = options.bufferLimit ?? DEFAULT_BUFFER_LIMIT;
    return this.#session.subscribe(
      "monitor",
      { LogLevel: level },
      limit,
      options,
      (body, subscription) => subscription.push(decodeValue(logRecord, body).Log),
    );
  }

  /** Asks the cluster; iterate the answers, which end at the query's deadline. Default limit 8192. */
  query(query: RpcQuery, options: SubscribeOptions = {}): Subscription<RpcAnswer> {
    const limit = options.bufferLimit ?? DEFAULT_ANSWER_LIMIT;
    const body = {
      FilterNodes: query.filterNodes ?? [],
      FilterTags: query.filterTags ?? {},
      RequestAck: query.ack ?? false,
      RelayFactor: query.relayFactor ?? 0,
      Timeout: BigInt(Math.round((query.timeoutMs ?? 0) * 1e6)),
      Name: query.name,
      Payload: query.payload ?? null,
    };
    return this.#session.subscribe("query", body, limit, options, (bytes, subscription) => {
      const record = decodeValue(queryRecord, bytes);
      const answer = toAnswer(record);
      if (answer !== undefined) subscription.push(answer);
      else if (record.Type === "done") subscription.end();
    });
  }

  /** Closes the connection; calls that wait fail with `client-closed`, streams end. */
  close(): Promise<void> {
    return this.#session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #fetch<C extends CommandName>(
    command: C,
    request: RequestBody<C>,
    options: Cancellable,
  ): Promise<NonNullable<ResponseBody<C>>> {
    const { error, body } = await this.#session.call(command, request, options);
    if (error !== "" || body === undefined || body === null) throw new RpcError("remote", error);
    return body;
  }

  async #keys(
    command: "install-key" | "use-key" | "remove-key" | "list-keys",
    request: { readonly Key: string } | null,
    options: Cancellable,
  ): Promise<RpcKeyOutcome> {
    const outcome = await this.#session.call<typeof command>(command, request, options);
    const body: KeysResponse | undefined = outcome.body;
    if (body === undefined) throw new RpcError("remote", outcome.error);
    return toKeyOutcome(outcome.error, body);
  }
}
