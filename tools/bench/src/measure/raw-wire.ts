/**
 * Pings of the wire, made and read without any protocol behind them.
 *
 * Source: wire specification §14.
 */
import { Keyring } from "@x/swim";
import { fillRandom, nodeAead } from "@x/swim/node";
import {
  defaultWireLimits,
  encodeMessage,
  openPacket,
  sealPacket,
  type DatagramMessage,
  type PacketSettings,
} from "@x/swim/wire";

/** Neither label nor key. */
export const plainSettings: PacketSettings = {
  label: new Uint8Array(0),
  skipInboundLabelCheck: false,
  verifyIncoming: true,
  verifyOutgoing: true,
  protocolVersion: 2,
  aead: nodeAead,
  fillRandom,
  limits: defaultWireLimits,
};

/** As an agent started with these flags: sealed if they hold a key. */
export function settingsFor(flags: readonly string[]): PacketSettings {
  const keyText = flags.find((flag) => flag.startsWith("-encrypt="))?.slice("-encrypt=".length);
  if (keyText === undefined) return plainSettings;
  const key = new Uint8Array(Buffer.from(keyText, "base64"));
  return { ...plainSettings, keyring: Keyring.create([], key) };
}

/** @param node - the member meant. */
export function pingPacket(
  node: string,
  sequenceNumber: number,
  settings: PacketSettings,
): Uint8Array {
  const ping = encodeMessage({ kind: "ping", sequenceNumber, node });
  return sealPacket([ping], settings, { compress: false, checksum: false });
}

/** Everything a plain datagram says. What is no message of the wire is not looked at. */
export function messagesIn(datagram: Uint8Array): DatagramMessage[] {
  const messages: DatagramMessage[] = [];
  openPacket(datagram, plainSettings, {
    handleMessage: (message) => messages.push(message),
    handleRejected: () => undefined,
  });
  return messages;
}
