/**
 * Tags, as they travel in the metadata SWIM carries for each member.
 *
 * Source: Serf specification §8.1.
 */
import { decodeName, encodeName, MsgpackReader, MsgpackWriter, WireError } from "@x/swim/wire";
import type { Tags } from "../member.ts";

/** Longest metadata SWIM carries, in bytes, the marker included. Source: Serf specification §8.1. */
export const tagBytesLimit = 512;

/** First byte of metadata that is a map of tags, from protocol version 3 on. */
const tagMapMarker = 0xff;

/** The first protocol version with tags; before, metadata was the bare role. */
const firstVersionWithTags = 3;

const writer = new MsgpackWriter();

/**
 * The metadata that announces `tags`. Who sends it must compare its length with `tagBytesLimit`.
 *
 * @param protocolVersion - Serf's own, 2 to 5; at 2 only the tag `role` is told.
 */
export function encodeTags(tags: Tags, protocolVersion: number): Uint8Array {
  if (protocolVersion < firstVersionWithTags) return encodeName(tags["role"] ?? "");
  const entries = Object.entries(tags);
  writer.reset();
  writer.writeByte(tagMapMarker);
  writer.writeMapHeader(entries.length);
  for (const [tag, value] of entries) {
    writer.writeString(tag);
    writer.writeString(value);
  }
  return writer.finish();
}

/**
 * The tags a member announces; never throws.
 *
 * Metadata without the marker is a bare role. A damaged map yields the tags before the damage, as
 * in the reference. The result has no prototype: a tag named `__proto__` is a tag like any other.
 */
export function decodeTags(meta: Uint8Array): Tags {
  const tags = emptyTags();
  if (meta[0] !== tagMapMarker) {
    tags["role"] = decodeName(meta);
    return tags;
  }
  try {
    readTagsInto(tags, new MsgpackReader(meta, 1));
  } catch (error) {
    // A stranger's damage costs the tags behind it, nothing more.
    if (!(error instanceof WireError)) throw error;
  }
  return tags;
}

function readTagsInto(tags: Record<string, string>, reader: MsgpackReader): void {
  const count = reader.readMapHeader();
  for (let index = 0; index < count; index++) {
    const tag = reader.readString();
    tags[tag] = reader.takeNil() ? "" : reader.readString();
  }
}

function emptyTags(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}
