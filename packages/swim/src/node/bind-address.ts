/** Where to listen, as a user writes it. */
import { isIPv4, isIPv6 } from "node:net";

/** An IP address and a port to bind. */
export interface BindAddress {
  readonly address: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** The port members of the reference listen on. Source: behaviour specification §16. */
export const DEFAULT_PORT = 7_946;

/**
 * Takes `address`, `address:port`, `[v6]` or `[v6]:port` apart. Names are not resolved: a member
 * must not wait for DNS to know where it listens.
 *
 * @param defaultPort - for texts without a port. Default 7946.
 * @throws {TypeError} if it is none of these.
 *
 * @example
 * parseBindAddress("[::1]:0"); // => { address: "::1", port: 0 }
 */
export function parseBindAddress(text: string, defaultPort: number = DEFAULT_PORT): BindAddress {
  if (isAddress(text)) return { address: text, port: defaultPort };
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[^:]+))(?::(?<port>\d{1,5}))?$/.exec(text);
  const address = match?.groups?.["v6"] ?? match?.groups?.["v4"] ?? "";
  const portText = match?.groups?.["port"];
  const port = portText === undefined ? defaultPort : Number(portText);
  if (!isAddress(address) || port > 65_535) {
    throw new TypeError(
      `${JSON.stringify(text)} is no address to bind: give an IP address and a port, such as "0.0.0.0:7946" or "[::]:7946"`,
    );
  }
  return { address, port };
}

/** An IPv6 address has two colons; asking whether a text without is one costs 5 ms of a start. */
function isAddress(text: string): boolean {
  return text.indexOf(":") === text.lastIndexOf(":") ? isIPv4(text) : isIPv6(text);
}
