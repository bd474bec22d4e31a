/**
 * How much a member takes in from the network before it refuses.
 *
 * None of the defaults refuses what a normally configured reference peer sends.
 *
 * Source: wire specification §4.3, §7, §11, §13.
 */
export interface WireLimits {
  /** Bytes one compressed stream message may expand to. The reference's 40 MiB. */
  readonly decompressedBytes: number;
  /** Bytes all compressed envelopes of one datagram together may expand to. The reference has 40 MiB each. */
  readonly datagramExpandedBytes: number;
  /** Envelopes (compound or compress) within each other in one datagram. The reference has no limit. */
  readonly nestingDepth: number;
  /** Messages and envelopes looked at per datagram, over all levels. The reference has no limit. */
  readonly partsPerDatagram: number;
  /** Length of an encrypted stream frame; also of a compressed stream message before it is expanded. */
  readonly frameBytes: number;
  /** One record on a stream (a header, a member), compress envelopes excepted. The reference has no limit. */
  readonly recordBytes: number;
  /** A whole push-pull message, envelopes removed. The reference has no limit when nothing is compressed. */
  readonly pushPullBytes: number;
  /** Members in one push-pull message. */
  readonly pushPullNodes: number;
  /** State of the layer above in one push-pull message. */
  readonly userStateBytes: number;
  /** A user message on a stream. */
  readonly userMessageBytes: number;
  /** Error texts sent and received, in bytes. */
  readonly errorTextBytes: number;
  /** A member's metadata. Longer drops the message, never truncates. */
  readonly metaBytes: number;
  /** A member's name. A ping holds two of them, and shall fit a datagram. The reference has no limit. */
  readonly nameBytes: number;
}

const mebibyte = 1_048_576;

/** The limits every member uses unless told otherwise. */
export const defaultWireLimits: WireLimits = {
  decompressedBytes: 40 * mebibyte,
  datagramExpandedBytes: mebibyte,
  nestingDepth: 4,
  partsPerDatagram: 4096,
  frameBytes: 20 * mebibyte,
  recordBytes: 65_536,
  pushPullBytes: 64 * mebibyte,
  pushPullNodes: 1_048_576,
  userStateBytes: 20 * mebibyte,
  userMessageBytes: 20 * mebibyte,
  errorTextBytes: 1024,
  metaBytes: 512,
  nameBytes: 512,
};
