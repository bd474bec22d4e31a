/** Settings of a member for tests: plain unless told otherwise. */
import { Keyring } from "../../src/keyring.ts";
import { nodeAead } from "../../src/node/aes-gcm.ts";
import { encodeName } from "../../src/wire/utf8.ts";
import { defaultWireLimits, type WireLimits } from "../../src/wire/wire-limits.ts";
import type { PacketSettings } from "../../src/wire/packet.ts";

export interface PacketSettingsInput {
  readonly label?: string;
  /** The first is the primary. */
  readonly keys?: readonly Uint8Array[];
  readonly protocolVersion?: number;
  readonly skipInboundLabelCheck?: boolean;
  readonly verifyIncoming?: boolean;
  readonly verifyOutgoing?: boolean;
  /** Drawn instead of random bytes. */
  readonly nonce?: Uint8Array;
  readonly limits?: Partial<WireLimits>;
}

export function packetSettings(input: PacketSettingsInput = {}): PacketSettings {
  const keys = input.keys ?? [];
  let drawn = 0;
  return {
    label: encodeName(input.label ?? ""),
    skipInboundLabelCheck: input.skipInboundLabelCheck ?? false,
    keyring: Keyring.create(keys, keys[0]),
    verifyIncoming: input.verifyIncoming ?? true,
    verifyOutgoing: input.verifyOutgoing ?? true,
    protocolVersion: input.protocolVersion ?? 2,
    aead: nodeAead,
    fillRandom(bytes) {
      drawn += 1;
      if (input.nonce === undefined)
        new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, drawn);
      else bytes.set(input.nonce);
    },
    limits: { ...defaultWireLimits, ...input.limits },
  };
}
