/**
 * Which mDNS packets are worth decoding.
 *
 * A packet says in its header how many records it has, and the decoder believes it: one of two
 * hundred bytes that claimed 65,535 kept a processor busy for a tenth of a second. Here the claim
 * is held against the length first.
 *
 * Source: RFC 1035 §4.1; RFC 6762 §17.
 */
import { createSocket, type Socket } from "node:dgram";

/** Longest packet taken, in bytes. Source: RFC 6762 §17, without the headers. */
export const mdnsPacketBytesLimit = 9_000;

const headerBytes = 12;
/** An empty name, a type and a class. */
const leastQuestionBytes = 5;
/** The same, a time to live and the length of no data. */
const leastRecordBytes = 11;

/** Whether a packet is long enough for what it claims to hold, and not too long. */
export function isPlausiblePacket(bytes: Uint8Array): boolean {
  if (bytes.length < headerBytes || bytes.length > mdnsPacketBytesLimit) return false;
  const header = new DataView(bytes.buffer, bytes.byteOffset);
  const recordCount = header.getUint16(6) + header.getUint16(8) + header.getUint16(10);
  const leastBytes = header.getUint16(4) * leastQuestionBytes + recordCount * leastRecordBytes;
  return headerBytes + leastBytes <= bytes.length;
}

/** A socket for mDNS that hears plausible packets only. */
export function plausibleSocket(type: "udp4" | "udp6"): Socket {
  const socket = createSocket({ type, reuseAddr: true });
  const emit = socket.emit.bind(socket) as (name: string, ...details: unknown[]) => boolean;
  // Before any listener, since the library that decodes puts its own there.
  socket.emit = ((name: string, ...details: unknown[]): boolean => {
    const isImplausible = name === "message" && !isPlausiblePacket(details[0] as Uint8Array);
    return isImplausible ? false : emit(name, ...details);
  }) as typeof socket.emit;
  return socket;
}
