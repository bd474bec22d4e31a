/** What comes over the network to a member: datagrams and streams, plain and sealed. */
import { resolveSerfOptions, Serf } from "@x/serf";
import { SeededRandom } from "@x/simulator";
import { Keyring, type SwimOptionsInput } from "@x/swim";
import { nodeAead } from "@x/swim/node";
import { defaultWireLimits, encodeName, sealPacket, type PacketSettings } from "@x/swim/wire";
import { sealFrame } from "../../../../packages/swim/src/wire/stream-frame.ts";
import type { Door } from "./door.ts";

const KEY = new Uint8Array(32).fill(7);
const LABEL = "blue";
const STRANGER = { address: "10.0.0.9", port: 7_946 };
/** Time between two inputs: gossip and probes go on meanwhile. */
const PAUSE_MS = 7;

/** Serf with SWIM below it, at a time of its own. */
class OpenCore {
  readonly #core: Serf;
  #nowMs = 1_000;
  #streamId = 0;

  constructor(swim: Partial<SwimOptionsInput>) {
    const random = new SeededRandom(1);
    this.#core = new Serf(
      resolveSerfOptions({
        name: "self",
        swim: { ...swim, advertiseEndpoint: { address: "10.0.0.1", port: 7_946 } },
      }),
      {
        random: random.toFunction(),
        fillRandom: (bytes) => random.fill(bytes),
        aead: nodeAead,
      },
    );
    this.#core.start(this.#nowMs);
  }

  datagram(bytes: Uint8Array): void {
    this.#core.handleDatagram({ bytes, source: STRANGER }, this.#nowMs);
    this.#rest();
  }

  stream(bytes: Uint8Array, random: SeededRandom): void {
    const streamId = (this.#streamId += 2);
    const remote = { address: `10.0.${streamId & 255}.9`, port: 40_000 };
    this.#core.handleStream({ kind: "accepted", streamId, remote }, this.#nowMs);
    for (let start = 0; start < bytes.length;) {
      const end = Math.min(bytes.length, start + 1 + random.below(400));
      const piece = bytes.slice(start, end);
      this.#core.handleStream({ kind: "data", streamId, bytes: piece }, this.#nowMs);
      start = end;
    }
    this.#core.handleStream({ kind: "ended", streamId }, this.#nowMs);
    this.#rest();
  }

  #rest(): void {
    this.#nowMs += PAUSE_MS;
    this.#core.handleTimeout(this.#nowMs);
    this.#core.takeDirectives();
    const { state } = this.#core.swim.localMember;
    if (state !== "alive") throw new Error(`believes itself ${state}`);
  }
}

export function datagramDoor(): Door {
  const core = new OpenCore({});
  return (bytes) => core.datagram(bytes);
}

/** Strangers who know the key: what is inside is hostile, or the envelope is, once in a while. */
export function sealedDatagramDoor(): Door {
  const settings = sealedSettings();
  const core = new OpenCore(sealedOptions());
  return (bytes, random) => {
    if (bytes.length === 0 || bytes.length > 60_000) return core.datagram(bytes);
    const compress = random.chance(0.5);
    const packet = sealPacket([bytes], settings, { compress, checksum: random.chance(0.5) });
    core.datagram(spoilt(packet, random));
  };
}

export function streamDoor(): Door {
  const core = new OpenCore({});
  return (bytes, random) => core.stream(bytes, random);
}

/** As above, on a stream. */
export function sealedStreamDoor(): Door {
  const settings = sealedSettings();
  const core = new OpenCore(sealedOptions());
  const label = Uint8Array.of(244, LABEL.length, ...encodeName(LABEL));
  return (bytes, random) => {
    const frame = sealFrame(bytes, KEY, settings);
    const stream = new Uint8Array(label.length + frame.length);
    stream.set(label);
    stream.set(frame, label.length);
    core.stream(spoilt(stream, random), random);
  };
}

function spoilt(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  if (random.chance(0.9)) return bytes;
  const copy = bytes.slice(0, random.chance(0.5) ? bytes.length : random.below(bytes.length + 1));
  if (copy.length > 0) copy[random.below(copy.length)] = random.below(256);
  return copy;
}

function sealedOptions(): Partial<SwimOptionsInput> {
  return { label: LABEL, keyring: Keyring.create([KEY], KEY) };
}

function sealedSettings(): PacketSettings {
  let drawn = 0;
  return {
    label: encodeName(LABEL),
    skipInboundLabelCheck: false,
    keyring: Keyring.create([KEY], KEY),
    verifyIncoming: true,
    verifyOutgoing: true,
    protocolVersion: 2,
    aead: nodeAead,
    fillRandom(bytes) {
      drawn += 1;
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, drawn);
    },
    limits: defaultWireLimits,
  };
}
