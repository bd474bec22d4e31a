/**
 * Answers pings, and pings on behalf of others. Never waits behind anything else.
 *
 * Deviation: the reference sends answers to whatever address a message names, up to 255 per
 * datagram, and pings any target. Here what goes to strangers is limited to a rate, so that a
 * forged source cannot turn a cluster into a weapon; answers between members are never limited.
 *
 * Deviation: who pings while it is suspected, or held for dead, is told so together with the answer.
 * The reference leaves that to gossip, which is used up by the time a member is in reach again: it
 * stays dead until an exchange of state, although it pings everybody in turn.
 *
 * Source: behaviour specification §5.4, §19.14.
 */
import { isPromptSequence, type AckTable } from "./ack-table.ts";
import { meantPort, type CoreContext } from "./core-context.ts";
import type { Dissemination } from "./dissemination.ts";
import type { Endpoint } from "./protocol-core.ts";
import type { SwimReport } from "./swim-report.ts";
import { TokenBucket } from "./token-bucket.ts";
import {
  addressText,
  encodeMessage,
  isMemberAddress,
  type IndirectPingMessage,
  type PingMessage,
  type SourceFields,
} from "./wire/index.ts";

type WithheldReason = Extract<SwimReport, { kind: "answer-withheld" }>["reason"];

const NO_PAYLOAD = new Uint8Array(0);
/** Members per second that are told what is held against them. */
const REMINDERS_PER_SECOND = 20;

/** The answering side of the failure detector. */
export class PingAnswers {
  readonly #context: CoreContext;
  readonly #dissemination: Dissemination;
  readonly #acks: AckTable;
  readonly #strangerTokens: TokenBucket;
  readonly #reminderTokens = new TokenBucket(REMINDERS_PER_SECOND);
  #relayCount = 0;

  constructor(context: CoreContext, dissemination: Dissemination, acks: AckTable) {
    const { options } = context;
    this.#context = context;
    this.#dissemination = dissemination;
    this.#acks = acks;
    this.#strangerTokens = new TokenBucket(options.strangerAnswersPerSecond);
  }

  handlePing(message: PingMessage, source: Endpoint, nowMs: number): void {
    const { delegate, options, outbox } = this.#context;
    if (message.node !== "" && message.node !== options.name) {
      outbox.report({ kind: "ping-misaddressed", source, name: message.node });
      return;
    }
    const target = this.#answerTarget(message, source, nowMs);
    if (target === undefined) return;
    const payload = delegate.ackPayload?.() ?? NO_PAYLOAD;
    const { sequenceNumber } = message;
    const ack = encodeMessage({ kind: "ack", sequenceNumber, payload });
    this.#dissemination.sendFilled(target, ack, nowMs);
    const row = this.#senderRow(message, source);
    if (row === undefined) return;
    if (isPromptSequence(sequenceNumber)) this.#context.table.notePrompt(row);
    this.#remind(row, nowMs);
  }

  /** The member that sent a ping, if it says so itself: at the address it names, or came from. */
  #senderRow(message: PingMessage, source: Endpoint): number | undefined {
    const { sourceAddress, sourceNode = "", sourcePort = 0 } = message;
    const { table } = this.#context;
    const row = sourceNode === "" ? undefined : table.find(sourceNode);
    if (row === undefined) return undefined;
    const record = table.record(row);
    const isSender =
      sourceAddress === undefined || sourceAddress.length === 0 || sourcePort === 0
        ? record.port === source.port && record.endpoint.address === source.address
        : record.port === sourcePort && record.hasAddress(sourceAddress);
    return isSender ? row : undefined;
  }

  /** What we hold against a member that is alive, as it seems: now it can refute. */
  #remind(row: number, nowMs: number): void {
    const { options, table } = this.#context;
    const state = table.state(row);
    if ((state !== "suspect" && state !== "dead") || !this.#reminderTokens.take(nowMs)) return;
    const { name } = table.record(row);
    const kind = state === "dead" ? "dead" : "suspect";
    const claim = { incarnation: table.incarnation(row), node: name, from: options.name };
    this.#dissemination.sendExactly(table.record(row), [encodeMessage({ kind, ...claim })]);
  }

  handleIndirectPing(message: IndirectPingMessage, source: Endpoint, nowMs: number): void {
    const { options } = this.#context;
    if (this.#relayCount >= options.relayLimit) return this.#withhold(source, "relay-limit");
    const requester = this.#answerTarget(message, source, nowMs);
    if (requester === undefined) return;
    const port = meantPort(message.port, options);
    const known = this.#memberEndpoint(message.node, message.target, port);
    if (known === undefined && !this.#strangerTokens.take(nowMs)) {
      return this.#withhold(source, "rate-limited");
    }
    this.#relay(message, known ?? { address: addressText(message.target), port }, requester, nowMs);
  }

  #relay(message: IndirectPingMessage, target: Endpoint, requester: Endpoint, nowMs: number): void {
    const requested = message.sequenceNumber;
    this.#relayCount += 1;
    const sequenceNumber = this.#acks.expect(
      {
        expectsFrom: (address) => address === target.address,
        handleAck: (_message, _source, ackedMs) => {
          this.#relayCount -= 1;
          const ack = { kind: "ack", sequenceNumber: requested, payload: NO_PAYLOAD } as const;
          this.#dissemination.sendFilled(requester, encodeMessage(ack), ackedMs);
        },
        handleExpired: (expiredMs) => {
          this.#relayCount -= 1;
          if (!message.wantsNack) return;
          const nack = { kind: "nack", sequenceNumber: requested } as const;
          this.#dissemination.sendFilled(requester, encodeMessage(nack), expiredMs);
        },
      },
      nowMs + this.#context.options.probeTimeoutMs,
    );
    const ping = {
      kind: "ping",
      sequenceNumber,
      node: message.node,
      ...this.#context.sourceFields,
    } as const;
    this.#dissemination.sendFilled(target, encodeMessage(ping), nowMs);
  }

  /** @returns where the answer goes, or `undefined` if it may not be sent. */
  #answerTarget(message: SourceFields, source: Endpoint, nowMs: number): Endpoint | undefined {
    const { sourceAddress, sourceNode = "", sourcePort = 0 } = message;
    if (this.#context.options.requireNames && sourceNode === "") {
      this.#withhold(source, "name-required");
      return undefined;
    }
    if (sourceAddress === undefined || sourceAddress.length === 0 || sourcePort === 0)
      return source;
    const known = this.#memberEndpoint(sourceNode, sourceAddress, sourcePort);
    if (known !== undefined) return known;
    // A member bound to every address may name none of them.
    if (!isMemberAddress(sourceAddress)) return source;
    const claimed = { address: addressText(sourceAddress), port: sourcePort };
    const isSender = claimed.address === source.address && claimed.port === source.port;
    if (isSender || this.#strangerTokens.take(nowMs)) return claimed;
    this.#withhold(source, "rate-limited");
    return undefined;
  }

  /** The endpoint of a member, if it has this name and address. Allocates nothing. */
  #memberEndpoint(name: string, address: Uint8Array, port: number): Endpoint | undefined {
    const { table } = this.#context;
    const row = name === "" ? undefined : table.find(name);
    if (row === undefined) return undefined;
    const record = table.record(row);
    return record.port === port && record.hasAddress(address) ? record.endpoint : undefined;
  }

  #withhold(source: Endpoint, reason: WithheldReason): void {
    this.#context.outbox.report({ kind: "answer-withheld", source, reason });
  }
}
