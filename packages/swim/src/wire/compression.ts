/**
 * The compress envelope: a record that names the algorithm and holds the compressed bytes.
 *
 * Source: wire specification §7.
 */
import { WireError } from "./errors.ts";
import { compressLzw, decompressLzw, LzwExpansion } from "./lzw.ts";
import { MessageType } from "./message.ts";
import { encodeKey, MsgpackFields } from "./msgpack-dialect.ts";
import { MsgpackReader } from "./msgpack-reader.ts";
import { MsgpackWriter } from "./msgpack-writer.ts";

/** The only algorithm there is. A fork of the reference numbers another one; it is never written here. */
const lzwAlgorithm = 0;

const fields = new MsgpackFields(["Algo", "Buf"]);
const algorithmKey = encodeKey("Algo");
const bufferKey = encodeKey("Buf");
const writer = new MsgpackWriter();

/** @returns the envelope of `bytes`, whether it is shorter or not. */
export function compressEnvelope(bytes: Uint8Array): Uint8Array {
  writer.reset();
  writer.writeByte(MessageType.compress);
  writer.writeMapHeader(2);
  writer.writeKey(algorithmKey);
  writer.writeUnsigned(lzwAlgorithm);
  writer.writeKey(bufferKey);
  writer.writeRaw(compressLzw(bytes));
  return writer.finish();
}

/** The envelope itself takes 16 bytes, and the first hundred bytes hardly repeat anything. */
const leastCompressibleBytes = 96;

/**
 * What an idle member sends is not even tried: a ping alone is too short, and an ack is noise but
 * for its keys. A twentieth of its processor time went into that.
 *
 * @returns the shorter one: `bytes` themselves, or their envelope.
 */
export function compressIfShorter(bytes: Uint8Array): Uint8Array {
  if (bytes.length < leastCompressibleBytes || bytes[0] === MessageType.ack) return bytes;
  const envelope = compressEnvelope(bytes);
  return envelope.length < bytes.length ? envelope : bytes;
}

/**
 * Opens an envelope.
 *
 * @param bytes - type byte included; bytes behind the envelope are ignored.
 * @param maxBytes - the most that may come out.
 * @returns new bytes, at least one.
 * @throws {WireError} as the reader and `decompressLzw`; `unknown-algorithm`; `empty` when nothing comes out.
 */
export function openCompressEnvelope(bytes: Uint8Array, maxBytes: number): Uint8Array {
  return notEmpty(decompressLzw(compressedBytes(bytes), maxBytes));
}

/** An envelope that is opened bit by bit, because it may hold megabytes. */
export class CompressEnvelope {
  readonly #expansion: LzwExpansion;

  /**
   * @param bytes - as for `openCompressEnvelope`; must not change until it is open.
   * @throws {WireError} as the reader; `unknown-algorithm`.
   */
  constructor(bytes: Uint8Array, maxBytes: number) {
    this.#expansion = new LzwExpansion(compressedBytes(bytes), maxBytes);
  }

  /** Bytes that came out so far. */
  get expandedBytes(): number {
    return this.#expansion.writtenBytes;
  }

  /**
   * @param moreBytes - about how many may come out now.
   * @returns all that was in it, at least one byte, once it is open.
   * @throws {WireError} as `decompressLzw`; `empty` when nothing comes out.
   */
  advance(moreBytes: number): Uint8Array | undefined {
    return this.#expansion.advance(moreBytes) ? notEmpty(this.#expansion.takeBytes()) : undefined;
  }
}

function compressedBytes(envelope: Uint8Array): Uint8Array {
  let algorithm: number = lzwAlgorithm;
  let compressed = envelope.subarray(0, 0);
  const reader = new MsgpackReader(envelope, 1);
  reader.readRecord(fields, (index) => {
    if (index === 0) algorithm = reader.readUnsigned(255);
    else compressed = reader.readRaw();
  });
  if (algorithm !== lzwAlgorithm) {
    throw new WireError("unknown-algorithm", `compression algorithm ${algorithm} is unknown`);
  }
  return compressed;
}

function notEmpty(expanded: Uint8Array): Uint8Array {
  if (expanded.length === 0) throw new WireError("empty", "nothing was compressed");
  return expanded;
}
