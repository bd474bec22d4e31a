/**
 * What the program as one file has in place of `node:dgram`: a socket without what Node's brings
 * along.
 *
 * The bundler puts it there. Sockets that ask for more than an address, and those of other systems
 * than Linux, are left to `node:dgram`, which is then loaded.
 */
import type * as NodeDgram from "node:dgram";
import { NativeUdpSocket } from "./native-udp-socket.ts";

/** @param options - the `lookup` of one whose targets are all IP addresses is not asked. */
export function createSocket(
  options: NodeDgram.SocketOptions | NodeDgram.SocketType,
): NativeUdpSocket | NodeDgram.Socket {
  if (isPlain(options) && process.platform === "linux") return new NativeUdpSocket();
  const nodeDgram: typeof NodeDgram = process.getBuiltinModule("node:dgram");
  return nodeDgram.createSocket(options as NodeDgram.SocketOptions);
}

/** Whoever looks names up by itself needs no names, and nothing else is asked for. */
function isPlain(options: NodeDgram.SocketOptions | NodeDgram.SocketType): boolean {
  return (
    typeof options === "object" &&
    Object.keys(options).every((name) => name === "type" || name === "lookup") &&
    options.lookup !== undefined
  );
}
