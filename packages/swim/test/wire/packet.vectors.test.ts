import { describe, expect, it } from "vitest";
import { splitCompound } from "../../src/wire/compound.ts";
import { compressEnvelope, openCompressEnvelope } from "../../src/wire/compression.ts";
import { WireError } from "../../src/wire/errors.ts";
import { labelHeaderBytes, readLabel } from "../../src/wire/label.ts";
import { encodeMessage } from "../../src/wire/message-codec.ts";
import { openPacket, sealPacket } from "../../src/wire/packet.ts";
import { decodeName } from "../../src/wire/utf8.ts";
import { packetSettings } from "../support/packet-settings.ts";
import {
  bytesOf,
  hex,
  readVectors,
  sha256,
  unhex,
  type Described,
  type Vector,
} from "../support/vectors.ts";

const messages = readVectors("swim-messages");
const odd = readVectors("swim-decode");

function ofType(type: string): readonly Vector[] {
  const found = messages.filter(({ input }) => input["type"] === type);
  if (found.length === 0) throw new Error(`there are no vectors of type ${type}`);
  return found;
}

describe("compound, byte for byte (wire specification §8)", () => {
  it.each(ofType("compound").filter(({ input }) => (input["parts"] as string[]).length > 1))(
    "joins and splits $name",
    (vector) => {
      const parts = (vector.input["parts"] as string[]).map(unhex);

      const packet = sealPacket(parts, packetSettings(), { compress: false, checksum: false });

      expect(hex(packet)).toBe(vector.bytes);
      expect(splitCompound(packet)).toEqual({ parts, truncatedCount: 0 });
    },
  );

  it.each(ofType("compound"))("splits $name", (vector) => {
    const { parts } = splitCompound(unhex(String(vector.bytes)));

    expect(parts.map(hex)).toEqual(vector.input["parts"]);
  });

  it.each(ofType("compounds"))(
    "joins at most 255 parts, as the reference splits them: $name",
    (vector) => {
      const parts = (vector.input["parts"] as string[]).map(unhex);
      const packets: string[] = [];

      for (let at = 0; at < parts.length; at += 255) {
        const some = parts.slice(at, at + 255);
        const packet = sealPacket(some, packetSettings(), { compress: false, checksum: false });
        // One part goes bare here; the reference would wrap it.
        packets.push(
          some.length === 1
            ? `070100${hex(Uint8Array.of(packet.length))}${hex(packet)}`
            : hex(packet),
        );
      }

      expect(packets).toEqual(vector["packets"]);
    },
  );

  it.each(odd.filter(({ op }) => op === "decodeCompound"))(
    "takes odd bytes as the reference does: $name",
    (vector) => {
      const split = () => splitCompound(unhex(`07${String(vector.bytes)}`));

      if (vector.error === null) {
        const { parts, truncatedCount } = split();
        expect({ truncated: truncatedCount, parts: parts.map(hex) }).toEqual(vector.output);
      } else {
        expect(split).toThrow(WireError);
      }
    },
  );
});

describe("compression, byte for byte (wire specification §7)", () => {
  it.each(ofType("compress"))("wraps and opens $name", (vector) => {
    const payload = bytesOf(vector.input["payload"] as Described);

    const envelope = compressEnvelope(payload);

    if (typeof vector.bytes === "string") expect(hex(envelope)).toBe(vector.bytes);
    else expect(sha256(envelope)).toBe(vector.sha256);
    expect(hex(openCompressEnvelope(envelope, 1_048_576))).toBe(hex(payload));
  });

  it.each(odd.filter(({ op }) => op === "decompress"))(
    "takes odd bytes as the reference does: $name",
    (vector) => {
      const opened = () => openCompressEnvelope(unhex(`09${String(vector.bytes)}`), 1_048_576);

      if (vector.error === null) expect(hex(opened())).toBe(vector.output);
      else expect(opened).toThrow(WireError);
    },
  );
});

describe("label, byte for byte (wire specification §3)", () => {
  it.each(ofType("label"))("writes and reads $name", (vector) => {
    const label = String(vector.input["label"]);
    const payload = unhex(String(vector.input["payload"]));

    const packet = sealPacket([payload], packetSettings({ label }), {
      compress: false,
      checksum: false,
    });

    expect(hex(packet)).toBe(vector.bytes);
    expect(decodeName(readLabel(packet))).toBe(label);
  });

  it.each(odd.filter(({ op }) => op === "removeLabel"))(
    "takes odd bytes as the reference does: $name",
    (vector) => {
      const bytes = unhex(String(vector.bytes));

      if (vector.error === null) {
        const label = readLabel(bytes);
        const rest = hex(bytes.subarray(labelHeaderBytes(label)));
        expect({ label: decodeName(label), rest }).toEqual(vector.output);
      } else {
        expect(() => readLabel(bytes)).toThrow(WireError);
      }
    },
  );

  it.each(odd.filter(({ op }) => op === "addLabel"))("refuses to write $name", (vector) => {
    const settings = packetSettings({ label: String(vector.input["label"]) });

    const packet = () =>
      sealPacket([Uint8Array.of(0)], settings, { compress: false, checksum: false });

    expect(packet).toThrow("a label has at most 255 bytes");
  });
});

describe("whole datagrams, byte for byte (wire specification §2)", () => {
  it.each(ofType("hasCrc"))("adds the checksum: $name", (vector) => {
    const payload = unhex(String(vector.input["payload"]));

    const packet = sealPacket([payload], packetSettings(), { compress: false, checksum: true });

    expect(hex(packet)).toBe(vector.bytes);
  });

  const packets = [
    ...ofType("packet"),
    ...readVectors("swim-encryption").filter(({ op }) => op === "packet"),
  ];

  it.each(packets)("seals and opens $name", (vector) => {
    const input = vector.input as Record<"label" | "payload" | "key", string> &
      Record<"protocolVersion" | "recipientProtocolMax", number> & { compress: boolean };
    const settings = packetSettings({
      label: input.label,
      keys: input.key === undefined ? [] : [unhex(input.key)],
      protocolVersion: input.protocolVersion ?? 2,
      ...(typeof vector["nonce"] === "string" && { nonce: unhex(vector["nonce"]) }),
    });
    const found: string[] = [];
    const refused: WireError[] = [];

    const packet = sealPacket([unhex(input.payload)], settings, {
      compress: input.compress,
      checksum: input.recipientProtocolMax >= 5,
    });
    openPacket(packet, settings, {
      handleMessage: (message, encoded) =>
        found.push(`${message.kind} ${hex(encoded) === hex(encodeMessage(message))}`),
      handleRejected: (error) => refused.push(error),
    });

    expect(hex(packet)).toBe(vector.bytes);
    expect(refused).toEqual([]);
    expect(found).toEqual(
      Array.from({ length: input.payload.startsWith("07") ? 4 : 1 }, () => "alive true"),
    );
  });
});
