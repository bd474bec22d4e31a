import { createSocket } from "node:dgram";
import { once } from "node:events";
import { decode, encode } from "dns-packet";
import { describe, expect, it } from "vitest";
import {
  isPlausiblePacket,
  mdnsPacketBytesLimit,
  plausibleSocket,
} from "../../src/discovery/mdns-packet.ts";

/** Found by fuzzing: four records are there, 121,112 are claimed, and all were decoded. */
const LIAR = Buffer.from(
  "000080000000000400ffffd90a5f736572665f636c7573045f746370056c6f63616c00000c000100000078001d056f74" +
    "6865720a5f736572665f636c7573045f746370056c6f63616c00056f746865720a5f736572665f636c7573045f746370" +
    "056c6f63616c0000210001000000780013000a00011f0a056f74686572056c6f63616c00",
  "hex",
);

function header(questions: number, answers: number, lengthBytes: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  new DataView(bytes.buffer).setUint16(4, questions);
  new DataView(bytes.buffer).setUint16(6, answers);
  return bytes;
}

describe("a plausible mDNS packet", () => {
  it("is as long as its questions and records take at least, and no longer than RFC 6762 §17 says", () => {
    expect(isPlausiblePacket(header(2, 0, 12 + 10))).toBe(true);
    expect(isPlausiblePacket(header(2, 0, 12 + 9))).toBe(false);
    expect(isPlausiblePacket(header(1, 2, 12 + 27))).toBe(true);
    expect(isPlausiblePacket(header(1, 2, 12 + 26))).toBe(false);
    expect(isPlausiblePacket(header(0, 0, mdnsPacketBytesLimit))).toBe(true);
    expect(isPlausiblePacket(header(0, 0, mdnsPacketBytesLimit + 1))).toBe(false);
    expect(isPlausiblePacket(new Uint8Array(11))).toBe(false);
    expect(isPlausiblePacket(LIAR)).toBe(false);
  });

  it("is whatever the library writes", () => {
    const question = { name: ".", type: "PTR" } as const;
    const answer = { name: ".", type: "TXT", ttl: 1, data: [] } as const;

    expect(isPlausiblePacket(encode({ type: "query", questions: [question, question] }))).toBe(
      true,
    );
    expect(
      isPlausiblePacket(encode({ type: "response", answers: [{ ...answer, data: "" }] })),
    ).toBe(true);
  });

  it("is all a socket hears", async () => {
    const [socket, stranger] = [plausibleSocket("udp4"), createSocket("udp4")];
    try {
      socket.bind(0, "127.0.0.1");
      await once(socket, "listening");
      const heard = once(socket, "message") as Promise<[Buffer]>;
      const { port } = socket.address();
      stranger.send(LIAR, port, "127.0.0.1");
      stranger.send(encode({ type: "query", id: 9, questions: [] }), port, "127.0.0.1");
      const [bytes] = await heard;

      expect(decode(bytes).id).toBe(9);
    } finally {
      socket.close();
      stranger.close();
    }
  });
});
