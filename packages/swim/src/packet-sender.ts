/**
 * Encoded messages on their way out, in as many datagrams as it takes.
 *
 * Source: wire specification §6, §8, §12.
 */
import type { CoreContext } from "./core-context.ts";
import type { EagerPace } from "./eager-pace.ts";
import type { MemberRecord } from "./member-record.ts";
import type { Endpoint } from "./protocol-core.ts";
import { maxCompoundParts, MessageType, sealPacket } from "./wire/index.ts";

/** Members from this protocol on check a checksum. Source: behaviour specification §12. */
const CHECKSUM_PROTOCOL = 5;

/** Whether a member checks a checksum. */
export function checksChecksums({ protocolMax }: MemberRecord): boolean {
  return protocolMax >= CHECKSUM_PROTOCOL;
}

/** The way out of one core for datagrams. */
export class PacketSender {
  readonly #context: CoreContext;
  readonly #pace: EagerPace;

  constructor(context: CoreContext, pace: EagerPace) {
    this.#context = context;
    this.#pace = pace;
  }

  /** One packet, or several when there are more parts than a compound can count. */
  send(target: Endpoint, parts: readonly Uint8Array[], checksum: boolean): void {
    for (let start = 0; start < parts.length; start += maxCompoundParts) {
      const isAll = parts.length <= maxCompoundParts;
      const chunk = isAll ? parts : parts.slice(start, start + maxCompoundParts);
      this.#context.outbox.sendDatagram(target, this.#seal(chunk, checksum));
    }
  }

  sendTo(record: MemberRecord, parts: readonly Uint8Array[]): void {
    this.send(record.endpoint, parts, checksChecksums(record));
  }

  /**
   * The same packet to one member after the other.
   *
   * @param sealed - packets as they were sent before in this round.
   */
  sendSame(
    record: MemberRecord,
    parts: readonly Uint8Array[],
    sealed: Map<readonly Uint8Array[], Uint8Array>,
  ): void {
    if (!checksChecksums(record) || parts.length > maxCompoundParts) {
      return this.sendTo(record, parts);
    }
    const bytes = sealed.get(parts) ?? this.#seal(parts, true);
    sealed.set(parts, bytes);
    this.#context.outbox.sendDatagram(record.endpoint, bytes);
  }

  #seal(parts: readonly Uint8Array[], checksum: boolean): Uint8Array {
    const { options, settings } = this.#context;
    const compress = options.compress && !this.#pace.isBehind;
    return sealPacket(parts, settings, { compress, checksum });
  }
}

/** The UDP form of a user message: its type byte and the payload. */
export function userMessage(payload: Uint8Array): Uint8Array {
  const message = new Uint8Array(payload.length + 1);
  message[0] = MessageType.user;
  message.set(payload, 1);
  return message;
}
