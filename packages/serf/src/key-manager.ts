/**
 * Changing the cluster's keys: asks every member to do it and counts what they say.
 *
 * Install, use and remove exclude each other and wait for lists under way; lists may overlap.
 *
 * Source: Serf specification §12.
 */
import { WireError } from "@x/swim/wire";
import { Base64Error, decodeBase64 } from "./base64.ts";
import { SerfError } from "./errors.ts";
import type { KeyOperation } from "./key-responder.ts";
import { checkRelayFactor, type Queries, type QueryHandle } from "./query.ts";
import type { SerfContext } from "./serf-context.ts";
import type { KeyResponseMessage } from "./wire/message.ts";
import { decodeKeyResponse, encodeSerfMessage } from "./wire/message-codec.ts";

/** What the members had to say. */
export interface KeyOutcome {
  /** Member → errors and notices. */
  readonly messages: ReadonlyMap<string, string>;
  /** Base64 key → how many members hold it; only of interest after `list`. */
  readonly keys: ReadonlyMap<string, number>;
  /** Base64 key → how many members write with it. */
  readonly primaryKeys: ReadonlyMap<string, number>;
  /** Members alive when asked. */
  readonly memberCount: number;
  readonly errorCount: number;
  readonly responseCount: number;
  /** The reference's text, such as `2/3 nodes reported failure`; absent when all went well. */
  readonly error?: string;
}

/** How a key query is asked. `relayFactor`: extra relayed copies of each answer, 0 to 255. */
export interface KeyQueryOptions {
  readonly relayFactor?: number;
}

type Settled = (outcome: KeyOutcome) => void;

const QUERY_OF: Readonly<Record<KeyOperation, string>> = {
  install: "_serf_install-key",
  use: "_serf_use-key",
  remove: "_serf_remove-key",
  list: "_serf_list-keys",
};

/** Key changes and lists waiting their turn. */
const WAITING_LIMIT = 1_024;

interface WaitingOperation {
  readonly isChange: boolean;
  readonly begin: (nowMs: number) => void;
}

/** Key operations on the whole cluster, each a query to every member. */
export class KeyManager {
  readonly #context: SerfContext;
  readonly #queries: Queries;
  readonly #waiting: WaitingOperation[] = [];
  #runningLists = 0;
  #isChanging = false;

  constructor(context: SerfContext, queries: Queries) {
    this.#context = context;
    this.#queries = queries;
  }

  /**
   * @throws {SerfError} `invalid-base64`, `query-limit`.
   * @throws {RangeError} if the relay factor is none.
   */
  install(key: string, options: KeyQueryOptions, nowMs: number, settled: Settled): void {
    this.#run("install", decodeKey(key), options, nowMs, settled);
  }

  /** As `install`, to write with a key that was installed. */
  use(key: string, options: KeyQueryOptions, nowMs: number, settled: Settled): void {
    this.#run("use", decodeKey(key), options, nowMs, settled);
  }

  /** As `install`, to forget a key nobody writes with. */
  remove(key: string, options: KeyQueryOptions, nowMs: number, settled: Settled): void {
    this.#run("remove", decodeKey(key), options, nowMs, settled);
  }

  list(options: KeyQueryOptions, nowMs: number, settled: Settled): void {
    this.#run("list", new Uint8Array(0), options, nowMs, settled);
  }

  #run(
    operation: KeyOperation,
    key: Uint8Array,
    options: KeyQueryOptions,
    nowMs: number,
    settled: Settled,
  ): void {
    // Now, for whoever asks: an operation that waits begins in the middle of another one's end.
    checkRelayFactor(options.relayFactor ?? 0);
    if (this.#waiting.length >= WAITING_LIMIT) {
      throw new SerfError("query-limit", `${WAITING_LIMIT} key operations are waiting already`);
    }
    const isChange = operation !== "list";
    const begin = (atMs: number): void => {
      if (isChange) this.#isChanging = true;
      else this.#runningLists += 1;
      this.#ask(operation, key, options, atMs, (outcome) => {
        if (isChange) this.#isChanging = false;
        else this.#runningLists -= 1;
        settled(outcome);
        this.#advance(this.#context.nowMs);
      });
    };
    this.#waiting.push({ isChange, begin });
    this.#advance(nowMs);
  }

  /** First come, first served: a list behind a change waits, so that changes are not starved. */
  #advance(nowMs: number): void {
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || this.#isChanging) return;
      if (next.isChange && this.#runningLists > 0) return;
      this.#waiting.shift();
      next.begin(nowMs);
    }
  }

  #ask(
    operation: KeyOperation,
    key: Uint8Array,
    { relayFactor = 0 }: KeyQueryOptions,
    nowMs: number,
    settled: Settled,
  ): void {
    const { swim } = this.#context;
    const tally = new KeyTally(swim.memberCount);
    let handle: QueryHandle | undefined;
    const listener = {
      handleResponse: (from: string, payload: Uint8Array): void => {
        tally.count(from, payload);
        if (tally.isComplete) handle?.close();
      },
      handleEnd: (): void => settled(tally.outcome()),
    };
    const payload = encodeSerfMessage({ kind: "key-request", key });
    try {
      handle = this.#queries.ask(QUERY_OF[operation], payload, { relayFactor }, listener, nowMs);
    } catch (error) {
      if (!(error instanceof SerfError)) throw error;
      settled({ ...tally.outcome(), error: error.message });
    }
  }
}

/** Counts answers as the reference does. */
class KeyTally {
  readonly #memberCount: number;
  readonly #messages = new Map<string, string>();
  readonly #keys = new Map<string, number>();
  readonly #primaryKeys = new Map<string, number>();
  #errorCount = 0;
  #responseCount = 0;

  constructor(memberCount: number) {
    this.#memberCount = memberCount;
  }

  get isComplete(): boolean {
    return this.#responseCount >= this.#memberCount;
  }

  count(from: string, payload: Uint8Array): void {
    this.#responseCount += 1;
    let response: KeyResponseMessage;
    try {
      response = decodeKeyResponse(payload);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#errorCount += 1;
      this.#messages.set(from, `Invalid key query response: ${error.message}`);
      return;
    }
    const { result, message, keys, primaryKey } = response;
    if (!result) this.#errorCount += 1;
    if (!result || message !== "") this.#messages.set(from, message);
    for (const key of keys ?? []) increment(this.#keys, key);
    increment(this.#primaryKeys, primaryKey);
  }

  outcome(): KeyOutcome {
    const memberCount = this.#memberCount;
    const errorCount = this.#errorCount;
    const responseCount = this.#responseCount;
    const outcome = {
      messages: this.#messages,
      keys: this.#keys,
      primaryKeys: this.#primaryKeys,
      memberCount,
      errorCount,
      responseCount,
    };
    if (errorCount > 0) {
      return { ...outcome, error: `${errorCount}/${memberCount} nodes reported failure` };
    }
    if (responseCount !== memberCount) {
      return { ...outcome, error: `${responseCount}/${memberCount} nodes reported success` };
    }
    return outcome;
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function decodeKey(text: string): Uint8Array {
  try {
    return decodeBase64(text);
  } catch (error) {
    if (!(error instanceof Base64Error)) throw error;
    throw new SerfError("invalid-base64", error.message, { cause: error });
  }
}
