/**
 * How long does encryption need for a full packet of 1400 bytes, and for a ping?
 *
 * The reference, in Go on a two-core virtual machine: 1.05 µs (950,000 per second) for 1400 bytes.
 * What else could be done on Node, and why it is not: docs/decisions/0004-sealing.md.
 */
import { createCipheriv, createSecretKey, randomFillSync, webcrypto } from "node:crypto";
import { bench, describe } from "vitest";
import { nodeAead } from "../src/node/aes-gcm.ts";
import { fillRandom } from "../src/node/random-pool.ts";
import { openPacket, sealPacket } from "../src/wire/packet.ts";
import { packetSettings } from "../test/support/packet-settings.ts";

const options = { compress: false, checksum: false };
const sink = {
  handleMessage: () => undefined,
  handleRejected: (error: Error) => {
    throw error;
  },
};

for (const size of [60, 1400]) {
  const part = new Uint8Array(size).fill(8);
  const settings = { ...packetSettings({ keys: [new Uint8Array(32).fill(1)] }), fillRandom };
  const unpooled = { ...settings, fillRandom: (bytes: Uint8Array) => void randomFillSync(bytes) };
  const packet = sealPacket([part], settings, options);
  describe(`AES-256-GCM, ${size} bytes`, () => {
    bench("seal a packet", () => void sealPacket([part], settings, options));
    bench(
      "seal a packet, each nonce asked from the system",
      () => void sealPacket([part], unpooled, options),
    );
    bench("open a packet", () => openPacket(packet, settings, sink));
  });

  const key = new Uint8Array(32);
  const nonce = new Uint8Array(12);
  const none = new Uint8Array(0);
  const sealed = nodeAead.seal(key, nonce, part, none);
  describe(`node:crypto alone, ${size} bytes`, () => {
    bench("seal", () => void nodeAead.seal(key, nonce, part, none));
    bench("open", () => void nodeAead.open(key, nonce, sealed, none));
  });
}

/** Parts and alternatives, for the record of the decision. */
describe("AES-256, 1400 bytes, otherwise", () => {
  const part = new Uint8Array(1400).fill(8);
  const key = new Uint8Array(32).fill(1);
  const nonce = new Uint8Array(12);
  const keyObject = createSecretKey(key);
  bench("make a cipher object and drop it", () => {
    createCipheriv("aes-256-gcm", key, nonce);
  });
  bench("make it of a key object", () => {
    createCipheriv("aes-256-gcm", keyObject, nonce);
  });

  // Counter mode's key stream out of a cipher that stays open: what a GHASH of our own would go with.
  const blocks = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
  const counters = new Uint8Array(1424);
  bench("key stream of an open cipher, no tag", () => {
    blocks.update(counters);
  });

  const imported = webcrypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  bench("WebCrypto, one after the other", async () => {
    await webcrypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, await imported, part);
  });
});
