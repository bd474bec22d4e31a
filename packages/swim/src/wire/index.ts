/**
 * The bytes members of the reference exchange, without any protocol behind them: messages,
 * datagrams, streams.
 *
 * Promises: what the reference writes is understood, and what is written here it understands;
 * decoding throws `WireError` or nothing, whatever the bytes; everything that hostile bytes could
 * make large or slow has a limit with a name (`WireLimits`).
 *
 * Reading order: `message.ts` (what is said), `message-codec.ts` (how it becomes bytes),
 * `packet.ts` (datagrams), `stream-frame.ts` (streams); then what these are made of:
 * `msgpack-dialect.ts`, `compound.ts`, `compression.ts` and `lzw.ts`, `sealing.ts`, `label.ts`.
 *
 * @packageDocumentation
 */
export type { Aead } from "./aead.ts";
export { WireError, type WireErrorCode } from "./errors.ts";
export { addressBytes, addressText, canonicalAddress, isMemberAddress, sameAddress } from "./ip.ts";
export {
  MessageType,
  WireState,
  type AckMessage,
  type AliveMessage,
  type DatagramMessage,
  type DeadMessage,
  type ErrorMessage,
  type IndirectPingMessage,
  type NackMessage,
  type PingMessage,
  type PushPullMessage,
  type EncodedNodes,
  type PushPullNode,
  type SourceFields,
  type StreamMessage,
  type SuspectMessage,
  type UserMessage,
} from "./message.ts";
export { decodeMessage, encodeMessage } from "./message-codec.ts";
export { encodeKey, MsgpackFields } from "./msgpack-dialect.ts";
export { MsgpackReader } from "./msgpack-reader.ts";
export { MsgpackWriter } from "./msgpack-writer.ts";
export { compoundPartOverheadBytes, maxCompoundParts } from "./compound.ts";
export {
  openPacket,
  packetOverheadBytes,
  sealPacket,
  type PacketSettings,
  type PacketSink,
  type SealPacketOptions,
} from "./packet.ts";
export type { StreamRole } from "./stream-body.ts";
export {
  encodeStream,
  errorReply,
  StreamReader,
  type EncodeStreamOptions,
} from "./stream-frame.ts";
export { decodeName, encodeName } from "./utf8.ts";
export { defaultWireLimits, type WireLimits } from "./wire-limits.ts";
