/**
 * A live member: the core, its driver and its files, behind promises.
 *
 * Everything that waits takes an `AbortSignal`. Aborting rejects with `signal.reason` and frees the
 * caller; what is already on its way to the other members stays there.
 *
 * Read next: `running-serf.ts`, the contract; `start-serf.ts`, which makes one.
 */
import { SwimError, type JoinOutcome, type JoinTarget } from "@x/swim";
import { endpointText, type EventBuffer, type NodeDriver, PendingCalls } from "@x/swim/node";
import type { SwimReport } from "@x/swim";
import type { Coordinate } from "@x/vivaldi";
import { SerfError } from "../errors.ts";
import type { KeyOutcome } from "../key-manager.ts";
import type { Member, Tags } from "../member.ts";
import type { InstanceState } from "../serf-context.ts";
import type { SerfEvent } from "../serf-event.ts";
import type { SerfReport } from "../serf-report.ts";
import type { Serf } from "../serf.ts";
import type { DeliveryGate } from "./delivery-gate.ts";
import { QueryAnswers } from "./query-answers.ts";
import type {
  Cancellable,
  JoinOptions,
  KeyManager,
  QueryOptions,
  RunningQuery,
  RunningSerf,
} from "./running-serf.ts";
import type { SnapshotFile } from "./snapshot-file.ts";

/** What a live member is made of. */
export interface LiveSerfParts {
  readonly core: Serf;
  readonly driver: NodeDriver<SerfEvent, SerfReport | SwimReport>;
  readonly events: EventBuffer<SerfEvent>;
  readonly snapshot: SnapshotFile | undefined;
  /** There is one if there is a snapshot. */
  readonly gate: DeliveryGate<SerfEvent> | undefined;
  resolve(text: string, signal: AbortSignal | undefined): Promise<readonly JoinTarget[]>;
}

/** See the head of this file. */
export class LiveSerf implements RunningSerf {
  readonly #core: Serf;
  readonly #driver: LiveSerfParts["driver"];
  readonly #events: EventBuffer<SerfEvent>;
  readonly #snapshot: SnapshotFile | undefined;
  readonly #gate: DeliveryGate<SerfEvent> | undefined;
  readonly #resolve: LiveSerfParts["resolve"];
  readonly #pending = new PendingCalls();
  readonly keys: KeyManager;
  readonly closed: Promise<void>;
  #markClosed: () => void = () => undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: LiveSerfParts) {
    this.#core = parts.core;
    this.#driver = parts.driver;
    this.#events = parts.events;
    this.#snapshot = parts.snapshot;
    this.#gate = parts.gate;
    this.#resolve = (text, signal) => parts.resolve(text, signal);
    this.closed = new Promise((resolve) => {
      this.#markClosed = resolve;
    });
    this.keys = this.#keyManager();
  }

  get localMember(): Member {
    return this.#core.localMember;
  }
  get members(): readonly Member[] {
    return this.#core.members();
  }
  get memberRevision(): number {
    return this.#core.memberRevision;
  }
  get state(): InstanceState {
    return this.#core.state;
  }
  get isEncrypted(): boolean {
    return this.#core.isEncrypted;
  }

  async join(addresses: readonly string[], options: JoinOptions = {}): Promise<number> {
    const { signal, ignoreOldEvents = true } = options;
    if (addresses.length === 0) return 0;
    const { targets, failures } = await this.#resolveAll(addresses, signal);
    const outcome = await this.#wait<JoinOutcome>(signal, (nowMs, settled) =>
      this.#core.join(targets, { ignoreOldEvents }, nowMs, settled),
    );
    if (outcome.joinedCount > 0) return outcome.joinedCount;
    for (const { target, message } of outcome.failures) {
      failures.push(`Failed to join ${endpointText(target.endpoint)}: ${message}`);
    }
    throw new SerfError(
      "join-failed",
      `no address answered (${failures.length} tried): check the addresses, the key and the label`,
      { failures },
    );
  }

  async leave(options: Cancellable = {}): Promise<void> {
    await this.#wait<void>(options.signal, (nowMs, settled) => this.#core.leave(nowMs, settled));
    if (this.#core.state === "shutdown") {
      throw new SerfError("not-alive", "the member was shut down before it had left");
    }
  }

  async forceLeave(name: string, options: { prune?: boolean } & Cancellable = {}): Promise<void> {
    const { timedOut } = await this.#wait<{ readonly timedOut: boolean }>(
      options.signal,
      (nowMs, settled) =>
        this.#core.forceLeave(name, { prune: options.prune === true }, nowMs, settled),
    );
    if (timedOut) {
      throw new SerfError("broadcast-timeout", "timed out broadcasting node removal");
    }
  }

  async setTags(tags: Tags, options: Cancellable = {}): Promise<void> {
    const { timedOut } = await this.#wait<{ readonly timedOut: boolean }>(
      options.signal,
      (nowMs, settled) => this.#core.setTags(tags, nowMs, settled),
    );
    if (timedOut) throw new SerfError("broadcast-timeout", "timeout waiting for update broadcast");
  }

  userEvent(name: string, payload?: Uint8Array, options: { coalesce?: boolean } = {}): void {
    const coalesce = options.coalesce === true;
    this.#call((nowMs) => this.#core.userEvent(name, payload, { coalesce }, nowMs));
  }

  query(name: string, payload?: Uint8Array, options: QueryOptions = {}): RunningQuery {
    const { signal, ...parameters } = options;
    signal?.throwIfAborted();
    const answers = new QueryAnswers(signal);
    const listener = {
      handleAck: (from: string): void => answers.push({ kind: "ack", from }),
      handleResponse: (from: string, response: Uint8Array): void =>
        answers.push({ kind: "response", from, payload: response }),
      handleEnd: (): void => answers.end(),
    };
    const handle = this.#call((nowMs) =>
      this.#core.query(name, payload, parameters, listener, nowMs),
    );
    answers.begin(handle, () => this.#call(() => handle.close()));
    return answers;
  }

  events(
    options: { bufferLimit?: number } & Cancellable = {},
  ): AsyncIterable<SerfEvent | { readonly kind: "overflow"; readonly droppedCount: number }> {
    return this.#events.subscribe(options);
  }

  coordinate(name?: string): Coordinate | undefined {
    return this.#core.coordinate(name);
  }

  rtt(from: string, to?: string): number | undefined {
    return this.#core.rttMs(from, to);
  }

  stats(): Readonly<Record<string, string>> {
    return this.#core.statistics();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#driver.call((nowMs) => this.#core.shutdown(nowMs));
    this.#pending.rejectAll(closedError());
    // Both, whichever fails: a transport in trouble must not cost the snapshot its last lines.
    const outcomes = await Promise.allSettled([
      this.#driver.close(),
      this.#snapshot?.close(this.#core.lamportTimes.member),
    ]);
    this.#gate?.release();
    this.#events.close();
    this.#markClosed();
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  #keyManager(): KeyManager {
    const { keys } = this.#core;
    const run = (
      options: ({ relayFactor?: number } & Cancellable) | undefined,
      begin: (
        parameters: { relayFactor?: number },
        nowMs: number,
        settled: (outcome: KeyOutcome) => void,
      ) => void,
    ): Promise<KeyOutcome> => {
      const { signal, ...parameters } = options ?? {};
      return this.#wait<KeyOutcome>(signal, (nowMs, settled) => begin(parameters, nowMs, settled));
    };
    return {
      install: (key, options) => run(options, (...rest) => keys.install(key, ...rest)),
      use: (key, options) => run(options, (...rest) => keys.use(key, ...rest)),
      remove: (key, options) => run(options, (...rest) => keys.remove(key, ...rest)),
      list: (options) => run(options, (...rest) => keys.list(...rest)),
    };
  }

  async #resolveAll(
    texts: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<{ targets: JoinTarget[]; failures: string[] }> {
    const targets: JoinTarget[] = [];
    const failures: string[] = [];
    for (const text of texts) {
      try {
        targets.push(...(await this.#resolve(text, signal)));
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof SwimError)) throw error;
        failures.push(`Failed to resolve ${text}: ${error.message}`);
      }
    }
    return { targets, failures };
  }

  #call<Result>(enter: (nowMs: number) => Result): Result {
    if (this.#closing !== undefined) throw closedError();
    return this.#driver.call(enter);
  }

  #wait<Outcome>(
    signal: AbortSignal | undefined,
    begin: (nowMs: number, settled: (outcome: Outcome) => void) => void,
  ): Promise<Outcome> {
    return this.#pending.add<Outcome>(signal, (settled) =>
      this.#call((nowMs) => begin(nowMs, settled)),
    );
  }
}

function closedError(): SerfError {
  return new SerfError("not-alive", "this member is shut down: start another one");
}
