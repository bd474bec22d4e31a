/**
 * Splits `host:port` texts as the reference does, with its error texts.
 *
 * Source: agent specification §1 (address forms) and §2 (error texts).
 */

/** The text is no address; `message` is the reference's. */
export class AddressError extends Error {
  override readonly name = "AddressError";
}

/** The two halves of an address text. */
export interface HostPort {
  /** Without brackets; may be empty; may hold an IPv6 zone after `%`. */
  readonly host: string;
  /** Not yet checked: a number or a service name. */
  readonly port: string;
}

/** The port members use unless told otherwise. */
export const defaultBindPort = 7946;

/**
 * @throws {AddressError} `address X: missing port in address`, `too many colons in address`,
 *   `missing ']' in address`.
 *
 * @example
 * splitHostPort("[::1]:7946"); // => { host: "::1", port: "7946" }
 */
export function splitHostPort(text: string): HostPort {
  const fault = (what: string): AddressError => new AddressError(`address ${text}: ${what}`);
  const lastColon = text.lastIndexOf(":");
  if (lastColon < 0) throw fault("missing port in address");
  if (text.startsWith("[")) {
    const end = text.indexOf("]");
    if (end < 0) throw fault("missing ']' in address");
    if (end + 1 === text.length) throw fault("missing port in address");
    if (end + 1 !== lastColon) {
      throw fault(text[end + 1] === ":" ? "too many colons in address" : "missing port in address");
    }
    return checkBrackets(text.slice(1, end), text.slice(lastColon + 1), fault);
  }
  const host = text.slice(0, lastColon);
  if (host.includes(":")) throw fault("too many colons in address");
  return checkBrackets(host, text.slice(lastColon + 1), fault);
}

function checkBrackets(host: string, port: string, fault: (what: string) => Error): HostPort {
  for (const bracket of ["[", "]"]) {
    if (host.includes(bracket) || port.includes(bracket)) {
      throw fault(`unexpected '${bracket}' in address`);
    }
  }
  return { host, port };
}

/**
 * Splits a bind or advertise address, where the port may be left out.
 *
 * @throws {AddressError} as `splitHostPort`.
 */
export function splitHostOptionalPort(text: string): HostPort {
  try {
    return splitHostPort(text);
  } catch (error) {
    if (!(error instanceof AddressError) || !error.message.endsWith("missing port in address")) {
      throw error;
    }
    return splitHostPort(`${text}:${defaultBindPort}`);
  }
}

/** Service names the reference's hosts know for the ports people use here. */
const servicePorts = new Map([
  ["domain", 53],
  ["http", 80],
  ["https", 443],
]);

/**
 * @param port - decimal digits or a service name; empty = 0, chosen by the system.
 * @throws {AddressError} `address 99999: invalid port`, `lookup tcp/foo: unknown port`.
 */
export function parsePort(port: string): number {
  if (port === "") return 0;
  if (/^[+-]?\d+$/.test(port)) {
    const value = Number(port);
    if (value < 0 || value > 65_535) throw new AddressError(`address ${port}: invalid port`);
    return value;
  }
  const known = servicePorts.get(port.toLowerCase());
  if (known === undefined) throw new AddressError(`lookup tcp/${port}: unknown port`);
  return known;
}

/** Joins what `splitHostPort` splits. */
export function joinHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
