/**
 * The bytes members exchange, without any protocol behind them.
 *
 * @packageDocumentation
 */
export type { Aead } from "./aead.ts";
export { WireError, type WireErrorCode } from "./errors.ts";
export { addressBytes, addressText, canonicalAddress, isMemberAddress, sameAddress } from "./ip.ts";
export * from "./message.ts";
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
