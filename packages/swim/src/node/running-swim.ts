/**
 * A live member, as a program holds it.
 *
 * Everything that waits takes an `AbortSignal`. Aborting rejects with `signal.reason` and frees the
 * caller; what is already on its way to the other members stays there.
 *
 * Read next: `start-swim.ts`, which makes one.
 */
import { SwimError, type SeedFailure } from "../errors.ts";
import type { JoinOutcome, JoinTarget } from "../join.ts";
import type { Keyring } from "../keyring.ts";
import type { Member } from "../member.ts";
import type { Endpoint } from "../protocol-core.ts";
import type { PingOutcome, Recipient } from "../direct-messages.ts";
import type { Swim } from "../swim.ts";
import type { SwimEvent } from "../swim-event.ts";
import type { SwimReport } from "../swim-report.ts";
import type { EventBuffer, Overflow, SubscribeOptions } from "./event-buffer.ts";
import type { LoopDelay } from "./loop-delay.ts";
import type { NodeDriver } from "./node-driver.ts";
import { PendingCalls } from "./pending-calls.ts";

export interface Cancellable {
  readonly signal?: AbortSignal;
}

export interface Timed extends Cancellable {
  /** How long the news may take to be told. 0 waits for ever. Default 5 s. */
  readonly timeoutMs?: number;
}

/** A member's name, or an address with the name of whoever is expected there. */
export type Target = string | Recipient;

/** What a `RunningSwim` is made of. */
export interface RunningSwimParts {
  readonly core: Swim;
  readonly driver: NodeDriver<SwimEvent, SwimReport>;
  readonly events: EventBuffer<SwimEvent>;
  readonly resolve: (
    text: string,
    signal: AbortSignal | undefined,
  ) => Promise<readonly JoinTarget[]>;
}

const DEFAULT_BROADCAST_TIMEOUT_MS = 5_000;
/** Names looked up at the same time. */
const RESOLVE_PARALLELISM = 16;

export class RunningSwim implements AsyncDisposable {
  readonly #core: Swim;
  readonly #driver: NodeDriver<SwimEvent, SwimReport>;
  readonly #events: EventBuffer<SwimEvent>;
  readonly #resolve: RunningSwimParts["resolve"];
  readonly #pending = new PendingCalls();
  #closing: Promise<void> | undefined;

  /** @internal Made by `startSwim`. */
  constructor(parts: RunningSwimParts) {
    this.#core = parts.core;
    this.#driver = parts.driver;
    this.#events = parts.events;
    this.#resolve = parts.resolve;
  }

  /** This member as the others see it. */
  get localMember(): Member {
    return this.#core.localMember;
  }

  /** A snapshot of everybody alive or suspected, oneself included. */
  get members(): readonly Member[] {
    return this.#core.members();
  }

  /** A snapshot of every record held, dead and left members included. */
  get allMembers(): readonly Member[] {
    return this.#core.allMembers();
  }

  /** @returns the record of a name, whatever its state. */
  member(name: string): Member | undefined {
    return this.#core.member(name);
  }

  /** The address and port the sockets are bound to. */
  get localEndpoint(): Endpoint {
    return this.#driver.localEndpoint;
  }

  /** How far this member trusts itself: 0 is healthy, more is slower to accuse. */
  get healthScore(): number {
    return this.#core.healthScore;
  }

  /** How late this process runs. */
  get loopDelay(): LoopDelay {
    return this.#driver.loopDelay;
  }

  /** The live key ring: changes count from the next packet on. `undefined` without encryption. */
  get keyring(): Keyring | undefined {
    return this.#core.keyring;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Everything that happens from now on, in order. Each call is a reader of its own with a bounded
   * queue; what a slow reader misses is told by an `overflow` item. Ends at `close`.
   */
  events(options: SubscribeOptions = {}): AsyncIterableIterator<SwimEvent | Overflow> {
    return this.#events.subscribe(options);
  }

  /**
   * Exchanges everything known with each address: `[name/]host[:port]`, where a host name counts
   * once for each of its addresses and a missing port is our own.
   *
   * @returns how many addresses answered, at least 1 (0 if none was given).
   * @throws {SwimError} `no-seed-answered` with every address and reason in `failures`; `shut-down`.
   */
  async join(addresses: readonly string[], options: Cancellable = {}): Promise<number> {
    if (addresses.length === 0) return 0;
    const { targets, failures } = await this.#resolveAll(addresses, options.signal);
    const outcome = await this.#wait<JoinOutcome>(options.signal, (nowMs, settled) =>
      this.#core.join(targets, nowMs, settled),
    );
    if (outcome.joinedCount > 0) return outcome.joinedCount;
    for (const { target, message } of outcome.failures) {
      const { text, endpoint } = target;
      failures.push({ kind: "unanswered", text, endpoint, message });
    }
    const places = new Map(addresses.map((text, place) => [text, place]));
    failures.sort((a, b) => (places.get(a.text) ?? 0) - (places.get(b.text) ?? 0));
    throw new SwimError(
      "no-seed-answered",
      `no seed answered (${failures.length} tried): check the addresses or the keyring`,
      { failures },
    );
  }

  /**
   * Tells the others that this member goes, and waits until the news is out. It stays reachable as
   * `left` until `close`.
   *
   * @throws {SwimError} `timed-out` if the news could not be told in time; `shut-down`.
   */
  async leave(options: Timed = {}): Promise<void> {
    const timeoutMs = options.timeoutMs ?? DEFAULT_BROADCAST_TIMEOUT_MS;
    const { timedOut } = await this.#wait<{ readonly timedOut: boolean }>(
      options.signal,
      (nowMs, settled) => this.#core.leave({ timeoutMs }, nowMs, settled),
    );
    if (timedOut) throw broadcastTimeout("leave", timeoutMs);
  }

  /**
   * Replaces what the others know about this member besides its address.
   *
   * @param meta - at most 512 bytes.
   * @throws {SwimError} `timed-out` if the news could not be told in time (the metadata stays
   *   changed); `shut-down`.
   * @throws {RangeError} for more than 512 bytes.
   */
  async updateMeta(meta: Uint8Array, options: Timed = {}): Promise<void> {
    const timeoutMs = options.timeoutMs ?? DEFAULT_BROADCAST_TIMEOUT_MS;
    const { timedOut } = await this.#wait<{ readonly timedOut: boolean }>(
      options.signal,
      (nowMs, settled) => this.#core.updateMeta(meta, { timeoutMs }, nowMs, settled),
    );
    if (timedOut) throw broadcastTimeout("metadata", timeoutMs);
  }

  /**
   * Asks one member for a sign of life. No effect on what anybody believes.
   *
   * @returns the round-trip time in milliseconds.
   * @throws {SwimError} `timed-out` if no answer came within `probeTimeoutMs`; `unknown-member`;
   *   `shut-down`.
   */
  async ping(
    target: string | (Recipient & { readonly name: string }),
    options: Cancellable = {},
  ): Promise<number> {
    const recipient = typeof target === "string" ? this.#known(target) : target;
    const outcome = await this.#wait<PingOutcome>(options.signal, (nowMs, settled) =>
      this.#core.ping(recipient, nowMs, settled),
    );
    if ("rttMs" in outcome) return outcome.rttMs;
    throw new SwimError("timed-out", `no response from member ${JSON.stringify(recipient.name)}`);
  }

  /**
   * Sends opaque bytes in one datagram: quick, unordered, perhaps lost. Arrives as a
   * `user-message` event.
   *
   * @throws {SwimError} `unknown-member`, `too-large`, `shut-down`.
   */
  send(target: Target, payload: Uint8Array): void {
    this.#checkOpen();
    const recipient = this.#recipient(target);
    this.#driver.call((nowMs) => this.#core.sendBestEffort(recipient, payload, nowMs));
  }

  /**
   * Sends opaque bytes over a connection of their own, and resolves once they are handed over.
   * There is no answer from the other side.
   *
   * @throws {SwimError} `send-failed` with the reason; `unknown-member`, `too-large`, `shut-down`.
   */
  async sendReliable(
    target: Target,
    payload: Uint8Array,
    options: Cancellable = {},
  ): Promise<void> {
    const recipient = this.#recipient(target);
    const { failure } = await this.#wait<Parameters<SendSettled>[0]>(
      options.signal,
      (nowMs, settled) => this.#core.sendReliable(recipient, payload, nowMs, settled),
    );
    if (failure !== undefined) throw new SwimError("send-failed", failure.message);
  }

  /**
   * Stops at once; without a `leave` before, the others see a failure. Whatever still waits
   * rejects with `shut-down`. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    // First, so that nobody takes the end of the core for an answer.
    this.#pending.rejectAll(shutDown());
    this.#driver.call((nowMs) => this.#core.shutdown(nowMs));
    await this.#driver.close();
    this.#events.close();
  }

  async #resolveAll(
    texts: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<{ targets: JoinTarget[]; failures: SeedFailure[] }> {
    this.#checkOpen();
    const targets: JoinTarget[] = [];
    const failures: SeedFailure[] = [];
    const resolveOne = async (text: string): Promise<readonly JoinTarget[] | SeedFailure> => {
      try {
        return await this.#resolve(text, signal);
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof SwimError)) throw error;
        return { kind: "unresolved", text, message: error.message };
      }
    };
    for (let start = 0; start < texts.length; start += RESOLVE_PARALLELISM) {
      const slice = texts.slice(start, start + RESOLVE_PARALLELISM);
      for (const outcome of await Promise.all(slice.map(resolveOne))) {
        if ("kind" in outcome) failures.push(outcome);
        else targets.push(...outcome);
      }
    }
    return { targets, failures };
  }

  #wait<Outcome>(
    signal: AbortSignal | undefined,
    begin: (nowMs: number, settled: (outcome: Outcome) => void) => void,
  ): Promise<Outcome> {
    return this.#pending.add<Outcome>(signal, (settled) => {
      this.#checkOpen();
      this.#driver.call((nowMs) => begin(nowMs, settled));
    });
  }

  #checkOpen(): void {
    if (this.isClosed) throw shutDown();
  }

  #recipient(target: Target): Recipient {
    return typeof target === "string" ? this.#known(target) : target;
  }

  #known(name: string): Recipient & { readonly name: string } {
    const member = this.#core.member(name);
    if (member !== undefined) return member;
    throw new SwimError("unknown-member", `no member is called ${JSON.stringify(name)}`);
  }
}

type SendSettled = Parameters<Swim["sendReliable"]>[3];

function shutDown(): SwimError {
  return new SwimError("shut-down", "this member is closed: start another one");
}

function broadcastTimeout(what: string, timeoutMs: number): SwimError {
  return new SwimError(
    "timed-out",
    `${what} broadcast was not told within ${timeoutMs} ms: the others may learn it later or never`,
  );
}
