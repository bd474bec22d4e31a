/**
 * A datagram, inside out: message, compound, compression, checksum, encryption, label.
 *
 * `sealPacket` wraps, `openPacket` unwraps. Opening never throws: hostile bytes end at the sink's
 * `handleRejected`, once for each part refused, and a bad part does not cost its neighbours.
 *
 * What one datagram can cost is bounded: how deep envelopes nest, how many parts are looked at,
 * and how many bytes all of its compressed envelopes together expand to (`wire-limits.ts`).
 *
 * Source: wire specification §2, §4.2, §5, §6, §12, §13.
 */
import type { Keyring } from "../keyring.ts";
import type { Aead } from "./aead.ts";
import {
  compoundBytes,
  compoundHeadBytes,
  partCount,
  walkCompound,
  writeCompound,
} from "./compound.ts";
import { compressIfShorter, openCompressEnvelope } from "./compression.ts";
import { crc32 } from "./crc32.ts";
import { WireError } from "./errors.ts";
import { checkLabel, labelHeaderBytes, readLabel, writeLabelHeader } from "./label.ts";
import { MessageType, type DatagramMessage } from "./message.ts";
import { decodeMessage } from "./message-codec.ts";
import { maxSealOverheadBytes, nonceBytes, open, seal, type SealVersion } from "./sealing.ts";
import type { WireLimits } from "./wire-limits.ts";

/** How this member wraps what it sends and unwraps what it receives, in datagrams and on streams. */
export interface PacketSettings {
  /** Raw bytes of the cluster's label, at most 255; empty = none. */
  readonly label: Uint8Array;
  /** Labels were already stripped and checked by something in front of us. */
  readonly skipInboundLabelCheck: boolean;
  /** Encryption is on iff a keyring is given and holds a key. */
  readonly keyring?: Keyring;
  /** Refuse plaintext while a key exists. */
  readonly verifyIncoming: boolean;
  /** Encrypt while a key exists. */
  readonly verifyOutgoing: boolean;
  /** 1 chooses encryption version 0, anything newer version 1. */
  readonly protocolVersion: number;
  /** Needed iff the keyring ever holds a key. */
  readonly aead?: Aead;
  /** Fills with fresh, unpredictable bytes: nonces. */
  fillRandom(bytes: Uint8Array): void;
  readonly limits: WireLimits;
}

/** Where `openPacket` puts what it finds. */
export interface PacketSink {
  /**
   * A message is there.
   *
   * @param encoded - type byte and body as received, for relaying unchanged. A view into the
   *   packet's memory, as is a user message's payload: copy what is kept.
   */
  handleMessage(message: DatagramMessage, encoded: Uint8Array): void;
  /**
   * Asked about each part of a compound before it is decoded, as most of what a member of a large
   * cluster is told is old.
   *
   * @returns whether nothing more need be done with it.
   */
  passOver?(bytes: Uint8Array, start: number, end: number): boolean;
  /** A part, or the whole packet, was refused. */
  handleRejected(error: WireError): void;
}

/** What a sender decides anew for each packet. */
export interface SealPacketOptions {
  /** Compress if that makes the packet shorter. */
  readonly compress: boolean;
  /** Add the checksum header: only to members with protocol maximum ≥ 5. */
  readonly checksum: boolean;
}

const checksumHeaderBytes = 5;

/**
 * LZW cannot expand more than this: the longest string of a full table, 3839 bytes, said again and
 * again in 12 bits. Source: wire specification §7.
 */
const maxExpansionRatio = 2560;

/**
 * Fixed bytes around the parts of a packet, whatever options it is sent with: label, encryption,
 * checksum, and the two bytes a compound begins with. Each part costs `compoundPartOverheadBytes`
 * more. What fits beside them into the send budget is never split by the network.
 *
 * Deviation: the reference's own figure forgets the checksum and two bytes of the first part, so
 * that its packets may be 7 bytes too long.
 *
 * Source: wire specification §12.
 */
export function packetOverheadBytes(settings: PacketSettings): number {
  const encryption =
    sealingKey(settings) === undefined ? 0 : maxSealOverheadBytes(sealVersion(settings));
  return labelHeaderBytes(settings.label) + encryption + checksumHeaderBytes + compoundHeadBytes;
}

/**
 * Wraps encoded messages into one datagram.
 *
 * @param parts - 1 to 255 encoded messages: one goes bare, several go as one compound.
 * @returns bytes never changed afterwards; the only part itself if nothing had to be wrapped around it.
 * @throws {RangeError} for no part, too many, one of more than 65,535 bytes, or a label above 255.
 */
export function sealPacket(
  parts: readonly Uint8Array[],
  settings: PacketSettings,
  options: SealPacketOptions,
): Uint8Array {
  const [first] = parts;
  if (first === undefined) throw new RangeError("a packet has at least one part, not 0");
  let body = joined(parts, first, options);
  const key = sealingKey(settings);
  if (key !== undefined) body = sealBytes(body, key, settings.label, settings);
  if (settings.label.length === 0) return body;
  const packet = new Uint8Array(labelHeaderBytes(settings.label) + body.length);
  writeLabelHeader(settings.label, packet);
  packet.set(body, packet.length - body.length);
  return packet;
}

/** The key outgoing bytes are sealed with, if they are. Source: wire specification §4.2. */
export function sealingKey(settings: PacketSettings): Uint8Array | undefined {
  return settings.verifyOutgoing ? settings.keyring?.primary : undefined;
}

/** Source: wire specification §4.1. */
export function sealVersion(settings: PacketSettings): SealVersion {
  return settings.protocolVersion === 1 ? 0 : 1;
}

/** Seals with a fresh nonce. */
export function sealBytes(
  plaintext: Uint8Array,
  key: Uint8Array,
  additionalData: Uint8Array,
  settings: PacketSettings,
): Uint8Array {
  const nonce = new Uint8Array(nonceBytes);
  settings.fillRandom(nonce);
  return seal(sealVersion(settings), key, nonce, plaintext, additionalData, requiredAead(settings));
}

/** @throws {TypeError} if a keyring holds a key but nothing can use it: a mistake of the caller. */
export function requiredAead(settings: PacketSettings): Aead {
  if (settings.aead === undefined) {
    throw new TypeError("a keyring with a key needs an `aead` to use it: give one in the settings");
  }
  return settings.aead;
}

/** The parts with what stands around them inside the encryption. */
function joined(
  parts: readonly Uint8Array[],
  first: Uint8Array,
  { checksum, compress }: SealPacketOptions,
): Uint8Array {
  if (parts.length > 1 && checksum && !compress) {
    // Most packets of a large cluster: put together in place.
    const bytes = new Uint8Array(checksumHeaderBytes + compoundBytes(parts));
    writeCompound(parts, bytes, checksumHeaderBytes);
    writeChecksum(bytes);
    return bytes;
  }
  let body = first;
  if (parts.length > 1) {
    body = new Uint8Array(compoundBytes(parts));
    writeCompound(parts, body, 0);
  }
  if (compress) body = compressIfShorter(body);
  return checksum ? withChecksum(body) : body;
}

function withChecksum(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(checksumHeaderBytes + body.length);
  bytes.set(body, checksumHeaderBytes);
  writeChecksum(bytes);
  return bytes;
}

/** Writes the header in front of what stands behind it. */
function writeChecksum(bytes: Uint8Array): void {
  const checksum = crc32(bytes, checksumHeaderBytes);
  bytes[0] = MessageType.hasChecksum;
  bytes[1] = checksum >>> 24;
  bytes[2] = checksum >>> 16;
  bytes[3] = checksum >>> 8;
  bytes[4] = checksum;
}

/**
 * Unwraps a datagram and hands every message in it to the sink, in order.
 *
 * Never throws because of the bytes, whatever they are.
 */
export function openPacket(bytes: Uint8Array, settings: PacketSettings, sink: PacketSink): void {
  // A Node `Buffer` would hand its own idea of `slice`, a view, on to every part.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const body = attempt(() => unwrap(plain, settings), sink);
  if (body !== undefined) new PacketWalk(settings.limits, sink).visit(body, 0);
}

/** Removes label, encryption and checksum. */
function unwrap(bytes: Uint8Array, settings: PacketSettings): Uint8Array {
  if (bytes.length === 0) throw new WireError("empty", "the datagram is empty");
  const label = readLabel(bytes);
  checkLabel(label, settings.label, { isCheckedElsewhere: settings.skipInboundLabelCheck });
  const body = decrypt(bytes.subarray(labelHeaderBytes(label)), settings);
  if (body[0] !== MessageType.hasChecksum || body.length < checksumHeaderBytes) return body;
  const expected =
    (((body[1] ?? 0) << 24) | ((body[2] ?? 0) << 16) | ((body[3] ?? 0) << 8) | (body[4] ?? 0)) >>>
    0;
  if (crc32(body, checksumHeaderBytes) !== expected) {
    throw new WireError("checksum-mismatch", "the checksum does not fit the bytes");
  }
  return body.subarray(checksumHeaderBytes);
}

function decrypt(bytes: Uint8Array, settings: PacketSettings): Uint8Array {
  const { keyring } = settings;
  if (keyring === undefined || keyring.isEmpty) return bytes;
  try {
    return open(bytes, keyring, settings.label, requiredAead(settings));
  } catch (error) {
    // The bytes 0 and 1 are both encryption versions and message types: only the tag can tell.
    if (settings.verifyIncoming || !(error instanceof WireError)) throw error;
    return bytes;
  }
}

/** Opens the envelopes of one datagram, within limits that hold for all of them together. */
class PacketWalk {
  readonly #limits: WireLimits;
  readonly #sink: PacketSink;
  #partCount = 0;
  #expandedBytes = 0;

  constructor(limits: WireLimits, sink: PacketSink) {
    this.#limits = limits;
    this.#sink = sink;
  }

  /** @returns whether the walk may go on; not once the datagram has more parts than are looked at. */
  visit(part: Uint8Array, depth: number): boolean {
    this.#partCount += 1;
    if (this.#partCount > this.#limits.partsPerDatagram) {
      const limit = this.#limits.partsPerDatagram;
      this.#sink.handleRejected(
        new WireError("too-many", `a datagram has more than ${limit} parts`),
      );
      return false;
    }
    switch (part[0]) {
      case MessageType.compound:
        return this.#visitCompound(part, depth);
      case MessageType.compress:
        return this.#visitCompressed(part, depth);
      default: {
        const message = attempt(() => this.#decode(part), this.#sink);
        if (message !== undefined) this.#sink.handleMessage(message, part);
        return true;
      }
    }
  }

  #decode(part: Uint8Array): DatagramMessage {
    const [type] = part;
    if (type !== undefined && isMisplaced(type)) {
      throw new WireError("misplaced-type", `a message of type ${type} cannot stand here`);
    }
    return decodeMessage(part, this.#limits);
  }

  #visitCompound(part: Uint8Array, depth: number): boolean {
    const count = attempt(() => {
      this.#checkDepth(depth);
      return partCount(part);
    }, this.#sink);
    if (count === undefined) return true;
    let goesOn = true;
    const truncatedCount = walkCompound(part, (start, end) => {
      goesOn = this.#passOver(part, start, end) || this.visit(part.subarray(start, end), depth + 1);
      return goesOn;
    });
    if (truncatedCount > 0) {
      this.#sink.handleRejected(
        new WireError("truncated", `a compound lacks ${truncatedCount} of its parts`),
      );
    }
    return goesOn;
  }

  #passOver(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#partCount >= this.#limits.partsPerDatagram) return false;
    if (this.#sink.passOver?.(bytes, start, end) !== true) return false;
    this.#partCount += 1;
    return true;
  }

  #visitCompressed(part: Uint8Array, depth: number): boolean {
    const inner = attempt(() => {
      this.#checkDepth(depth);
      return this.#expand(part);
    }, this.#sink);
    return inner === undefined || this.visit(inner, depth + 1);
  }

  #expand(part: Uint8Array): Uint8Array {
    const rest = this.#limits.datagramExpandedBytes - this.#expandedBytes;
    // Charged in advance with the worst, and corrected on success: an envelope that expands and
    // expands and then turns out to be bad has cost as much as a good one.
    this.#expandedBytes += Math.min(rest, maxExpansionRatio * part.length);
    const expanded = openCompressEnvelope(part, rest);
    this.#expandedBytes = this.#limits.datagramExpandedBytes - rest + expanded.length;
    return expanded;
  }

  #checkDepth(depth: number): void {
    if (depth >= this.#limits.nestingDepth) {
      const limit = this.#limits.nestingDepth;
      throw new WireError("too-deep", `envelopes are nested more than ${limit} deep`);
    }
  }
}

/** Types that exist, but not inside a datagram's other envelopes. Source: wire specification §1. */
function isMisplaced(type: number): boolean {
  return (
    type === MessageType.pushPull ||
    type === MessageType.encrypt ||
    type === MessageType.error ||
    type === MessageType.hasChecksum ||
    type === MessageType.labelHeader
  );
}

/** Runs a step that may refuse the bytes, and only that step: what the sink throws is not ours to catch. */
function attempt<Result>(step: () => Result, sink: PacketSink): Result | undefined {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    sink.handleRejected(error);
    return undefined;
  }
}
