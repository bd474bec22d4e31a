/**
 * What the layer above sends to one member: a ping, a datagram, or a message over TCP.
 *
 * Source: behaviour specification §5.7, §10, §15.
 */
import type { AckTable } from "./ack-table.ts";
import type { CoreContext } from "./core-context.ts";
import type { Dissemination } from "./dissemination.ts";
import { SwimError } from "./errors.ts";
import type { MemberRecord } from "./member-record.ts";
import { userMessage } from "./packet-sender.ts";
import type { Endpoint, StreamFailure } from "./protocol-core.ts";
import { StreamExchange, type ExchangeFailure } from "./stream-exchange.ts";
import type { StreamTable } from "./stream-table.ts";
import { encodeMessage, packetOverheadBytes } from "./wire/index.ts";

/** Whom a message is for. */
export interface Recipient {
  readonly name?: string;
  readonly endpoint: Endpoint;
}

/** How long a ping took there and back, or that no answer came. */
export type PingOutcome = { readonly rttMs: number } | { readonly timedOut: true };

/** Longest UDP payload over IPv4. */
const LARGEST_DATAGRAM_BYTES = 65_507;

const STREAM_FAILURE_CODES: readonly string[] = [
  "refused",
  "timed-out",
  "unreachable",
  "reset",
  "aborted",
] satisfies StreamFailure["code"][];

/** Sending to one member, past the gossip. */
export class DirectMessages {
  readonly #context: CoreContext;
  readonly #dissemination: Dissemination;
  readonly #acks: AckTable;
  readonly #streams: StreamTable;

  constructor(
    context: CoreContext,
    dissemination: Dissemination,
    acks: AckTable,
    streams: StreamTable,
  ) {
    this.#context = context;
    this.#dissemination = dissemination;
    this.#acks = acks;
    this.#streams = streams;
  }

  /** Changes neither the table nor the health score. */
  ping(
    target: Recipient & { readonly name: string },
    nowMs: number,
    settled: (outcome: PingOutcome) => void,
  ): void {
    const { options } = this.#context;
    const timedOut = { timedOut: true } as const;
    const sequenceNumber = this.#acks.expect(
      {
        expectsFrom: (address) => address === target.endpoint.address,
        handleAck: (_message, _source, ackedMs) => settled({ rttMs: ackedMs - nowMs }),
        handleExpired: () => settled(timedOut),
        handleAbandoned: () => settled(timedOut),
      },
      nowMs + options.probeTimeoutMs,
    );
    const fields = { sequenceNumber, node: target.name, ...this.#context.sourceFields };
    const ping = encodeMessage({ kind: "ping", ...fields });
    this.#dissemination.sendFilled(target.endpoint, ping, nowMs);
  }

  /** @throws {SwimError} `name-required`, or `too-large` for more than any datagram can carry. */
  sendBestEffort(target: Recipient, payload: Uint8Array): void {
    this.#requireName(target);
    const bytes = payload.length + 1 + packetOverheadBytes(this.#context.settings);
    if (bytes > LARGEST_DATAGRAM_BYTES) throw tooLarge(payload.length, "send it reliably instead");
    const record = this.#recordOf(target);
    this.#dissemination.sendAlone(target.endpoint, userMessage(payload), record);
  }

  /** @throws {SwimError} `name-required`, or `too-large` for more than receivers accept. */
  sendReliable(
    target: Recipient,
    payload: Uint8Array,
    nowMs: number,
    settled: (outcome: { readonly failure?: StreamFailure }) => void,
  ): void {
    const { options, outbox, settings } = this.#context;
    this.#requireName(target);
    if (payload.length > settings.limits.userMessageBytes) {
      throw tooLarge(payload.length, `receivers accept ${settings.limits.userMessageBytes} bytes`);
    }
    const { endpoint } = target;
    const request = {
      target: endpoint,
      message: () => ({ kind: "user", payload }) as const,
      timeoutMs: options.streamTimeoutMs,
      expectsReply: false,
      completed: () => settled({}),
      failed: (failure: ExchangeFailure) => {
        const { code, message } = failure;
        outbox.report({ kind: "user-stream-failed", endpoint, code, message });
        settled({ failure: streamFailure(failure) });
      },
    };
    void new StreamExchange(this.#context, this.#streams, request, nowMs);
  }

  #requireName(target: Recipient): void {
    if (!this.#context.options.requireNames || (target.name ?? "") !== "") return;
    const { address, port } = target.endpoint;
    throw new SwimError(
      "name-required",
      `no name given for ${address} port ${port}: name the member`,
    );
  }

  #recordOf(target: Recipient): MemberRecord | undefined {
    const { table } = this.#context;
    const row = target.name === undefined ? undefined : table.find(target.name);
    return row === undefined ? undefined : table.record(row);
  }
}

function tooLarge(bytes: number, advice: string): SwimError {
  return new SwimError("too-large", `the payload is ${bytes} bytes: ${advice}`);
}

/** Nothing is read on these streams, so every other code would be a defect. */
function streamFailure({ code, message }: ExchangeFailure): StreamFailure {
  const isStreamCode = STREAM_FAILURE_CODES.includes(code);
  return { code: isStreamCode ? (code as StreamFailure["code"]) : "aborted", message };
}
