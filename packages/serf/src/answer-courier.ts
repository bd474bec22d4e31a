/**
 * Brings answers to the asker: directly, by relays, or, if it is this very member, without a wire.
 *
 * Relaying for others is guarded. Deviation: the reference passes any bytes on to any address, and
 * relays within relays; here only answers, only to known members, only so many per second.
 *
 * Deviation: an answer longer than a datagram goes over a stream, which the reference's receivers
 * take as well; and an answer whose relayed copies would be too long is still an answer.
 *
 * Source: Serf specification §10.3, §10.4, §3.10; its weaknesses 16 and 21.
 */
import { SwimError, type Endpoint, type Recipient } from "@x/swim";
import { addressText, sameAddress, WireError } from "@x/swim/wire";
import type { RegistryEntry } from "./member-registry.ts";
import type { SerfContext } from "./serf-context.ts";
import type { QueryMessage, QueryResponseMessage, RelayMessage } from "./wire/message.ts";
import { decodeSerfMessage, encodeSerfMessage } from "./wire/message-codec.ts";

/** SWIM's maximum from which on a member understands relays. Source: Serf specification §10.4. */
const RELAY_SWIM_MIN = 5;

/** Type byte of a user message in a bare datagram. */
const USER_TYPE_BYTES = 1;

/** Where a message for this member itself is handled. */
export type SelfDelivery = (message: QueryResponseMessage, nowMs: number) => void;

/** The asker of a query, as far as its message tells. */
export interface Asker {
  readonly name: string;
  readonly address: Uint8Array;
  readonly endpoint: Endpoint;
}

/** @returns nothing if the message names no address an answer could go to. */
export function askerOf(message: QueryMessage): Asker | undefined {
  const { address, port, sourceNode } = message;
  if (address === undefined || (address.length !== 4 && address.length !== 16)) return undefined;
  if (port === 0) return undefined;
  return { name: sourceNode, address, endpoint: { address: addressText(address), port } };
}

/** Sends acks and answers, and passes on those of others. */
export class AnswerCourier {
  readonly #context: SerfContext;
  readonly #deliverToSelf: SelfDelivery;
  #relayBudget: number;
  #budgetAtMs = 0;

  constructor(context: SerfContext, deliverToSelf: SelfDelivery) {
    this.#context = context;
    this.#deliverToSelf = deliverToSelf;
    this.#relayBudget = context.options.relaysPerSecond;
  }

  /**
   * @param encoded - a whole query response.
   * @param relayFactor - extra copies by way of other members.
   */
  send(asker: Asker, encoded: Uint8Array, relayFactor: number, nowMs: number): void {
    if (this.#isSelf(asker)) {
      // Not at once: whoever asks shall hold the handle before the first answer comes.
      this.#context.timers.schedule(nowMs, (atMs) => {
        const message = decodeSerfMessage(encoded);
        if (message.kind === "query-response") this.#deliverToSelf(message, atMs);
      });
      return;
    }
    this.#transmit(recipientOf(asker.name, asker.endpoint), encoded, { nowMs });
    this.#relay(asker, encoded, relayFactor, nowMs);
  }

  /**
   * The same once more, since it seems to have been lost: as a datagram, which is quick, and over a
   * stream, which is sure. Whichever comes first counts. Only members of this implementation ask
   * again, and they take answers both ways.
   */
  sendAgain(asker: Asker, encoded: Uint8Array, nowMs: number): void {
    if (this.#isSelf(asker)) return;
    const recipient = recipientOf(asker.name, asker.endpoint);
    if (this.#fitsDatagram(encoded)) this.#transmit(recipient, encoded, { nowMs });
    this.#transmit(recipient, encoded, { isReliable: true, nowMs });
  }

  /** Another member asks to pass something on. */
  passOn(message: RelayMessage, nowMs: number): void {
    // First, so that a flood costs next to nothing: looking for a nameless target walks the table.
    if (!this.#spendRelay(nowMs)) return this.#refuse("rate-limited");
    const target = this.#relayTarget(message);
    if (target === undefined) return this.#refuse("unknown-member");
    if (!isAnswer(message.inner)) return this.#refuse("not-an-answer");
    const { zone } = message;
    const { address, port } = target.swimMember.endpoint;
    const endpoint = zone === "" ? { address, port } : { address: `${address}%${zone}`, port };
    this.#transmit({ name: target.name, endpoint }, message.inner.slice(), { nowMs });
  }

  #relay(asker: Asker, inner: Uint8Array, relayFactor: number, nowMs: number): void {
    const { registry, options, name } = this.#context;
    if (relayFactor === 0 || registry.size < relayFactor + 1) return;
    const relay = encodeSerfMessage({
      kind: "relay",
      address: asker.address,
      port: asker.endpoint.port,
      zone: "",
      node: asker.name,
      inner,
    });
    if (relay.length > options.queryResponseSizeLimit) return this.#refuse("too-long");
    const couriers = registry.draw(
      relayFactor,
      () => this.#context.random(),
      (entry) =>
        entry.status === "alive" &&
        entry.name !== name &&
        entry.swimMember.versions.protocolMax >= RELAY_SWIM_MIN,
    );
    for (const { name: courier, swimMember } of couriers) {
      this.#transmit(recipientOf(courier, swimMember.endpoint), relay, { nowMs });
    }
  }

  /** A stranger wrote the address, so that it may be one SWIM refuses to send to. */
  #transmit(
    recipient: Recipient,
    payload: Uint8Array,
    { nowMs, isReliable = false }: { readonly nowMs: number; readonly isReliable?: boolean },
  ): void {
    const { swim } = this.#context;
    const fail = (message: string): void => {
      const asker = recipient.endpoint;
      this.#context.report({ kind: "answer-failed", query: "", asker, message });
    };
    try {
      if (this.#fitsDatagram(payload) && !isReliable) {
        swim.sendBestEffort(recipient, payload, nowMs);
        return;
      }
      swim.sendReliable(recipient, payload, nowMs, ({ failure }) => {
        if (failure !== undefined) fail(failure.message);
      });
    } catch (error) {
      if (!(error instanceof SwimError)) throw error;
      fail(error.message);
    }
  }

  /** Two bytes fewer than a part of a compound costs, so what fits there fits alone. */
  #fitsDatagram(payload: Uint8Array): boolean {
    return payload.length + USER_TYPE_BYTES <= this.#context.queues.payloadBytesLimit;
  }

  #isSelf(asker: Asker): boolean {
    const { addressBytes, endpoint } = this.#context.swim.localMember;
    return (
      asker.name === this.#context.name &&
      asker.endpoint.port === endpoint.port &&
      sameAddress(asker.address, addressBytes)
    );
  }

  #relayTarget(message: RelayMessage): RegistryEntry | undefined {
    const { address, port, node } = message;
    if (address === undefined || (address.length !== 4 && address.length !== 16)) return undefined;
    const { registry } = this.#context;
    const isMeant = (entry: RegistryEntry): boolean =>
      entry.swimMember.endpoint.port === port &&
      sameAddress(entry.swimMember.addressBytes, address);
    const named = registry.find(node);
    if (named !== undefined) return isMeant(named) ? named : undefined;
    // Senders older than 2020 give no name.
    return node === "" ? registry.entries().find(isMeant) : undefined;
  }

  #spendRelay(nowMs: number): boolean {
    const { relaysPerSecond } = this.#context.options;
    const earned = ((nowMs - this.#budgetAtMs) / 1_000) * relaysPerSecond;
    this.#budgetAtMs = nowMs;
    this.#relayBudget = Math.min(relaysPerSecond, this.#relayBudget + earned);
    if (this.#relayBudget < 1) return false;
    this.#relayBudget -= 1;
    return true;
  }

  #refuse(reason: "not-an-answer" | "unknown-member" | "rate-limited" | "too-long"): void {
    this.#context.report({ kind: "relay-refused", reason });
  }
}

function recipientOf(name: string, endpoint: Endpoint): Recipient {
  return name === "" ? { endpoint } : { name, endpoint };
}

function isAnswer(bytes: Uint8Array): boolean {
  try {
    return decodeSerfMessage(bytes).kind === "query-response";
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}
