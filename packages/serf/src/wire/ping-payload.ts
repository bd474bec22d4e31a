/**
 * The coordinate each direct ack brings along.
 *
 * One version byte, then a record of floats that always take eight bytes each.
 *
 * Source: Serf specification §16 rule 4.
 */
import { encodeKey, MsgpackFields, MsgpackReader, MsgpackWriter, WireError } from "@x/swim/wire";
import type { Coordinate } from "@x/vivaldi";

/** The one version there has ever been. Source: Serf specification §16 rule 4. */
const pingVersion = 1;

/**
 * Most dimensions read. Members of a Serf cluster use 8; any other number is refused later, where
 * the coordinate would be used, with a reason of its own.
 */
export const coordinateDimensionLimit = 64;

const keyAdjustment = encodeKey("Adjustment");
const keyError = encodeKey("Error");
const keyHeight = encodeKey("Height");
const keyVector = encodeKey("Vec");

const coordinateFields = new MsgpackFields(["Vec", "Error", "Adjustment", "Height"]);

const writer = new MsgpackWriter();

/** The payload of an ack that tells where this member is. */
export function encodePingPayload(coordinate: Coordinate): Uint8Array {
  writer.reset();
  writer.writeByte(pingVersion);
  writer.writeMapHeader(4);
  writer.writeKey(keyAdjustment);
  writer.writeFloat64(coordinate.adjustment);
  writer.writeKey(keyError);
  writer.writeFloat64(coordinate.error);
  writer.writeKey(keyHeight);
  writer.writeFloat64(coordinate.height);
  writer.writeKey(keyVector);
  writer.writeArrayHeader(coordinate.vector.length);
  for (const component of coordinate.vector) writer.writeFloat64(component);
  return writer.finish();
}

/**
 * The coordinate an ack brought. It may hold anything a float can be: whether it is of use is
 * judged by the coordinate client.
 *
 * @throws {WireError} `empty`, `unknown-type` for another version, or what the reader says.
 */
export function decodePingPayload(bytes: Uint8Array): Coordinate {
  const version = bytes[0];
  if (version === undefined) throw new WireError("empty", "a ping payload without a version");
  if (version !== pingVersion) {
    throw new WireError("unknown-type", `ping version ${version} is unknown`);
  }
  const reader = new MsgpackReader(bytes, 1);
  let vector: readonly number[] = [];
  let error = 0;
  let adjustment = 0;
  let height = 0;
  reader.readRecord(coordinateFields, (field) => {
    if (field === 0) vector = readVector(reader);
    else if (field === 1) error = reader.readFloat64();
    else if (field === 2) adjustment = reader.readFloat64();
    else height = reader.readFloat64();
  });
  return { vector, error, adjustment, height };
}

function readVector(reader: MsgpackReader): readonly number[] {
  const count = reader.readArrayHeader();
  if (count > coordinateDimensionLimit) {
    throw new WireError("too-many", `${count} dimensions, at most ${coordinateDimensionLimit}`);
  }
  return Array.from({ length: count }, () => reader.readFloat64());
}
