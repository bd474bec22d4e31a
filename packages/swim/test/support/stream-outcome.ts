/** Stream messages for tests, and what a reader makes of bytes, in one word. */
import { WireError } from "../../src/wire/errors.ts";
import type { PushPullMessage, PushPullNode, StreamMessage } from "../../src/wire/message.ts";
import type { PacketSettings } from "../../src/wire/packet.ts";
import type { StreamRole } from "../../src/wire/stream-body.ts";
import { encodeStream, StreamReader } from "../../src/wire/stream-frame.ts";
import { packetSettings } from "./packet-settings.ts";
import { unhex } from "./vectors.ts";

export const node: PushPullNode = {
  name: "a",
  address: Uint8Array.of(10, 0, 0, 1),
  port: 7946,
  meta: new Uint8Array(0),
  incarnation: 1,
  state: 0,
  versions: Uint8Array.of(1, 5, 2, 2, 5, 4),
};

/** A push-pull of members that differ by name. */
export function pushPull(nodeCount: number, userStateBytes = 0): PushPullMessage {
  const nodes = Array.from({ length: nodeCount }, (_, i) => ({ ...node, name: `member-${i}` }));
  return {
    kind: "push-pull",
    isJoin: true,
    nodes,
    userState: new Uint8Array(userStateBytes).fill(7),
  };
}

/** The bytes a dialler sends. */
export function dialled(
  message: StreamMessage,
  settings = packetSettings(),
  compress = false,
): Uint8Array {
  return encodeStream(message, settings, { role: "dialler", compress });
}

/** What a reader makes of bytes and, after them, of the end: the kind of message, or the code and whether it is answered. */
export function outcome(
  bytes: Uint8Array | string,
  settings: PacketSettings = packetSettings(),
  role: StreamRole = "acceptor",
): string {
  const reader = new StreamReader(settings, role);
  try {
    reader.push(typeof bytes === "string" ? unhex(bytes) : bytes);
    reader.end();
    return reader.message()?.kind ?? "nothing";
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return reader.needsErrorReply(error) ? `${error.code}, answered` : error.code;
  }
}
