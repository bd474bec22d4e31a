/**
 * What the program as one file has in place of `node:net`: sockets without streams.
 *
 * The bundler puts it there, so our packages do not know. What it does not do itself, such as
 * names of hosts and sockets with a path, is left to `node:net`, which is then loaded.
 */
import type * as NodeNet from "node:net";
import { bunTcp } from "./bun-tcp.ts";
import { isIP } from "./ip-version.ts";
import { NativeServer } from "./native-server.ts";
import { NativeSocket } from "./native-socket.ts";

export { isIP, isIPv4, isIPv6 } from "./ip-version.ts";

const nodeNet = (): typeof NodeNet => process.getBuiltinModule("node:net");

/** Dials. Tells `connect` or `error`. */
export function connect(options: NodeNet.NetConnectOpts): NativeSocket | NodeNet.Socket {
  if (!isPlain(options)) return nodeNet().connect(options);
  const { host: hostname = "", port, allowHalfOpen = false } = options;
  const socket = new NativeSocket({ allowHalfOpen });
  const { handlers } = socket;
  bunTcp()
    .connect({ hostname, port, allowHalfOpen: true, socket: handlers })
    // Told already, unless it never came to dialling.
    .catch((error: Error) => handlers.error(undefined, error));
  return socket;
}

/** To an IP address, without a zone, and nothing else asked for. */
function isPlain(options: NodeNet.NetConnectOpts): options is NodeNet.TcpNetConnectOpts {
  if (!("port" in options) || options.host === undefined) return false;
  return !options.host.includes("%") && isIP(options.host) !== 0;
}

export function createServer(options: { readonly allowHalfOpen?: boolean }): NativeServer {
  return new NativeServer({ allowHalfOpen: options.allowHalfOpen ?? false });
}

/** Node's, when the first is made. */
export const BlockList: new () => NodeNet.BlockList = new Proxy(
  class {} as typeof NodeNet.BlockList,
  { construct: () => new (nodeNet().BlockList)() },
);
