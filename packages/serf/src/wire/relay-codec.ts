/**
 * "Pass this on": the record behind the type byte 9, followed by the message meant.
 *
 * There is no length field: whatever follows the header's last byte is the inner message.
 *
 * Source: Serf specification §3.10.
 */
import {
  encodeKey,
  MsgpackFields,
  WireError,
  type MsgpackReader,
  type MsgpackWriter,
} from "@x/swim/wire";
import { SerfMessageType, type RelayMessage } from "./message.ts";
import { readOptionalBytes } from "./optional-bytes.ts";
import { writeSignedInteger } from "./signed-integer.ts";

const keyAddress = encodeKey("IP");
const keyDestinationAddress = encodeKey("DestAddr");
const keyDestinationName = encodeKey("DestName");
const keyPort = encodeKey("Port");
const keyZone = encodeKey("Zone");

const headerFields = new MsgpackFields(["DestAddr", "DestName"]);
const addressFields = new MsgpackFields(["IP", "Port", "Zone"]);

/** Writes the header of a relay and the inner message behind it. */
export function writeRelay(writer: MsgpackWriter, message: RelayMessage): void {
  writer.writeMapHeader(2);
  writer.writeKey(keyDestinationAddress);
  writer.writeMapHeader(3);
  writer.writeKey(keyAddress);
  writer.writeRaw(message.address);
  writer.writeKey(keyPort);
  writeSignedInteger(writer, message.port);
  writer.writeKey(keyZone);
  writer.writeString(message.zone);
  writer.writeKey(keyDestinationName);
  writer.writeString(message.node);
  writer.writeBytes(message.inner);
}

/**
 * Reads a relay; `inner` is a view into `bytes`.
 *
 * Deviation: the reference forwards anything, also a relay inside a relay, by which a stranger
 * can make members pass a packet round and round; here a nested relay, an empty inner message and
 * a port that is none are refused. Source: Serf specification §20 item 21.
 *
 * @param reader - stands behind the type byte of `bytes`.
 * @throws {WireError} `empty` without an inner message, `too-deep` if that is a relay.
 */
export function readRelay(reader: MsgpackReader, bytes: Uint8Array): RelayMessage {
  let address: Uint8Array | undefined;
  let port = 0;
  let zone = "";
  let node = "";
  reader.readRecord(headerFields, (field) => {
    if (field === 1) {
      node = reader.readString();
      return;
    }
    reader.readRecord(addressFields, (part) => {
      if (part === 0) address = readOptionalBytes(reader);
      else if (part === 1) port = reader.readSigned(0, 0xffff);
      else zone = reader.readString();
    });
  });
  const inner = bytes.subarray(reader.position);
  const innerType = inner[0];
  if (innerType === undefined) throw new WireError("empty", "a relay without a message to pass on");
  if (innerType === SerfMessageType.relay) {
    throw new WireError("too-deep", "a relay within a relay");
  }
  return { kind: "relay", address, port, zone, node, inner };
}
