/**
 * Pings of the wire, made and read without any protocol behind them.
 *
 * Source: wire specification §14.
 */
import { fillRandom, nodeAead } from "@x/swim/node";
import { defaultWireLimits, openPacket, type DatagramMessage, type PacketSettings } from "@x/swim/wire";

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


/** @param node - the member meant. */
export function pingPacket(node: string, sequence: number): Buffer {
  const name = Buffer.from(node);
  const head = Buffer.from([0x00, 0x82, 0xa4, ...Buffer.from("Node"), 0xa0 + name.length]);
  const tail = Buffer.from([0xa5, ...Buffer.from("SeqNo"), 0xce, 0, 0, 0, 0]);
  tail.writeUInt32BE(sequence, tail.length - 4);
  return Buffer.concat([head, name, tail]);
}

/** Everything a datagram says. What is no message of the wire is not looked at. */
export function messagesIn(datagram: Uint8Array): DatagramMessage[] {
  const messages: DatagramMessage[] = [];
  openPacket(datagram, plainSettings, {
    handleMessage: (message) => messages.push(message),
    handleRejected: () => undefined,
  });
  return messages;
}
