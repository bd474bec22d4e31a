import type { Keyring } from "../keyring.ts";
import type { Aead } from "./aead.ts";
import type { WireError } from "./errors.ts";
import type { DatagramMessage } from "./message.ts";
import type { WireLimits } from "./wire-limits.ts";

/** How this member wraps what it sends and unwraps what it receives, in datagrams and on streams. */
export interface PacketSettings {
  /** Raw bytes of the cluster's label, at most 255; empty = none. */
  readonly label: Uint8Array;
  /** Labels were already stripped by something in front of us. */
  readonly skipInboundLabelCheck: boolean;
  /** Encryption is on iff a keyring is given and holds a key. */
  readonly keyring?: Keyring;
  /** Refuse plaintext while a key exists. */
  readonly verifyIncoming: boolean;
  /** Encrypt while a key exists. */
  readonly verifyOutgoing: boolean;
  /** 1 chooses encryption format 0. */
  readonly protocolVersion: number;
  /** Needed iff a keyring is given. */
  readonly aead?: Aead;
  /** Fills with fresh, unpredictable bytes: nonces. */
  fillRandom(bytes: Uint8Array): void;
  readonly limits: WireLimits;
}

/** Where `openPacket` puts what it finds. */
export interface PacketSink {
  /** @param encoded - type byte and body as received, for relaying unchanged; a view into the packet's memory. */
  handleMessage(message: DatagramMessage, encoded: Uint8Array): void;
  /** Once per refused part; the neighbours of a bad part are still handled. */
  handleRejected(error: WireError): void;
}

/** Per-packet choices of the sender. */
export interface SealPacketOptions {
  /** Compress if that makes the packet shorter. */
  readonly compress: boolean;
  /** Add the checksum header: only to members with protocol maximum ≥ 5. */
  readonly checksum: boolean;
}

/** Parts that fit one compound. */
export const maxCompoundParts: number = 255;

/** @param parts - 1 to 255 encoded messages: one goes bare, several in one compound. */
export function sealPacket(
  parts: readonly Uint8Array[],
  settings: PacketSettings,
  options: SealPacketOptions,
): Uint8Array {
  throw new Error(`${parts.length} ${settings.label} ${options.compress}`);
}

/** Never throws. */
export function openPacket(bytes: Uint8Array, settings: PacketSettings, sink: PacketSink): void {
  throw new Error(`${bytes.length} ${settings.label} ${String(sink)}`);
}

/** Fixed bytes around the parts: label, encryption, checksum and the compound's head (2). Each part costs `compoundPartOverheadBytes` more. */
export function packetOverheadBytes(settings: PacketSettings): number {
  throw new Error(String(settings.label));
}

/** Bytes each part of a compound costs besides itself. */
export const compoundPartOverheadBytes: number = 2;
