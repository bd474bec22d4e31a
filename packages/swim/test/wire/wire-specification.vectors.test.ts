/** The vectors printed in the wire specification itself (§14), which current reference members produce or accept. */
import { describe, expect, it } from "vitest";
import { Keyring } from "../../src/keyring.ts";
import { nodeAead } from "../../src/node/aes-gcm.ts";
import { compressEnvelope } from "../../src/wire/compression.ts";
import type { DatagramMessage } from "../../src/wire/message.ts";
import { decodeMessage, encodeMessage } from "../../src/wire/message-codec.ts";
import { sealPacket } from "../../src/wire/packet.ts";
import { open, seal } from "../../src/wire/sealing.ts";
import { encodeStream, StreamReader } from "../../src/wire/stream-frame.ts";
import { packetSettings } from "../support/packet-settings.ts";
import { hex, unhex } from "../support/vectors.ts";

const none = new Uint8Array(0);
const loopback = Uint8Array.of(127, 0, 0, 1);
const source = { sourceAddress: loopback, sourcePort: 7946, sourceNode: "a" };
const suspect = "0383a446726f6da161ab496e6361726e6174696f6e03a44e6f6465a162";
const ping =
  "0085a44e6f6465a162a55365714e6f01aa536f7572636541646472a47f000001" +
  "aa536f757263654e6f6465a161aa536f75726365506f7274cd1f0a";

const messages: readonly [string, DatagramMessage, string][] = [
  ["suspect", { kind: "suspect", incarnation: 3, node: "b", from: "a" }, suspect],
  [
    "dead",
    { kind: "dead", incarnation: 3, node: "b", from: "b" },
    "0583a446726f6da162ab496e6361726e6174696f6e03a44e6f6465a162",
  ],
  ["ping", { kind: "ping", sequenceNumber: 1, node: "b", ...source }, ping],
  [
    "ack",
    { kind: "ack", sequenceNumber: 1, payload: none },
    "0282a75061796c6f6164c0a55365714e6f01",
  ],
  ["nack", { kind: "nack", sequenceNumber: 300 }, "0b81a55365714e6fcd012c"],
  [
    "indirect ping",
    {
      kind: "indirect-ping",
      sequenceNumber: 300,
      target: Uint8Array.of(127, 0, 0, 2),
      port: 7946,
      node: "c",
      wantsNack: true,
      ...source,
    },
    "0188a44e61636bc3a44e6f6465a163a4506f7274cd1f0aa55365714e6fcd012caa536f7572636541646472a47f000001" +
      "aa536f757263654e6f6465a161aa536f75726365506f7274cd1f0aa6546172676574a47f000002",
  ],
  [
    "alive",
    {
      kind: "alive",
      incarnation: 1,
      node: "a",
      address: loopback,
      port: 7946,
      meta: none,
      versions: Uint8Array.of(1, 5, 2, 0, 0, 0),
    },
    "0486a441646472a47f000001ab496e6361726e6174696f6e01a44d657461c0a44e6f6465a161a4506f7274cd1f0aa356736ea6010502000000",
  ],
];

describe("the vectors of the wire specification (§14)", () => {
  it.each(messages)("%s is encoded to its bytes, and decoded from them", (_, message, bytes) => {
    expect(hex(encodeMessage(message))).toBe(bytes);
    expect(decodeMessage(unhex(bytes))).toEqual(message);
  });

  it("a push-pull is read from the bytes of current members, which write lengths as signed integers", () => {
    const header = "0683a44a6f696ec3a54e6f64657301ac5573657253746174654c656ed1012c";
    const node =
      "87a441646472a47f000001ab496e6361726e6174696f6e01a44d657461c0a44e616d65a473656c66a4506f7274cd8b95" +
      "a5537461746500a356736ea6010502000000";
    const reader = new StreamReader(packetSettings(), "acceptor");

    reader.push(unhex(header + node + "55".repeat(300)));

    expect(reader.message()).toEqual({
      kind: "push-pull",
      isJoin: true,
      nodes: [
        {
          name: "self",
          address: loopback,
          port: 35_733,
          meta: none,
          incarnation: 1,
          state: 0,
          versions: Uint8Array.of(1, 5, 2, 0, 0, 0),
        },
      ],
      userState: new Uint8Array(300).fill(0x55),
    });
  });

  it("user message, error, compound and checksum are written to their bytes", () => {
    const user = { kind: "user", payload: new Uint8Array(5) } as const;
    const error = { kind: "error", error: "boom" } as const;
    const stream = { role: "acceptor", compress: false } as const;
    const parts = [unhex(ping), unhex(suspect)];

    expect(hex(encodeStream(user, packetSettings(), stream))).toBe(
      `0881aa557365724d73674c656e05${"00".repeat(5)}`,
    );
    expect(hex(encodeStream(error, packetSettings(), stream))).toBe("0d81a54572726f72a4626f6f6d");
    expect(hex(sealPacket(parts, packetSettings(), { compress: false, checksum: false }))).toBe(
      `0702003b001d${ping}${suspect}`,
    );
    expect(
      hex(sealPacket([unhex(suspect)], packetSettings(), { compress: false, checksum: true })),
    ).toBe(`0c60dd6059${suspect}`);
  });

  it.each([
    ["", "0982a4416c676f00a3427566a3000302"],
    ["a", "0982a4416c676f00a3427566a400c30404"],
    ["testing", "0982a4416c676f00a3427566ab00e9949943278d9b330101"],
    ["a".repeat(32), "0982a4416c676f00a3427566ac00c3081c48b0a0c183040302"],
  ])("%j is compressed to its bytes", (text, bytes) => {
    expect(hex(compressEnvelope(new TextEncoder().encode(text)))).toBe(bytes);
  });

  const key = Uint8Array.from({ length: 16 }, (_, i) => i);
  const nonce = Uint8Array.from({ length: 12 }, (_, i) => 0x10 + i);
  const common =
    "101112131415161718191a1bc7ada7e97d20db4e7676149ba44699505bc81de858f7cff1eaaf4cb005";
  const blue = "626c7565";

  it.each([
    [1, blue, `01${common}1f95387522652c52b151f1ce68460339`],
    [1, "", `01${common}97971f6131997e700f004466f5f837af`],
    [0, blue, `00${common}0612ae5a6063457979b127141a0483a8447d59`],
    [1, `0a0000003a${blue}`, `01${common}40b2337d3ff77fe85eea1b222aabad0d`],
    [0, "0a0000003d", `00${common}0612aef373f8ac006b6372b6e37745aaaf55a0`],
  ] as const)(
    "version %i with additional data %j is sealed to its bytes, and opened from them",
    (version, data, bytes) => {
      expect(hex(seal(version, key, nonce, unhex(suspect), unhex(data), nodeAead))).toBe(bytes);
      expect(hex(open(unhex(bytes), Keyring.create([], key), unhex(data), nodeAead))).toBe(suspect);
    },
  );
});
