/**
 * What a user may write where a member's address is wanted.
 *
 * Source: behaviour specification §9, "Address syntax".
 */
import { SwimError } from "./errors.ts";

/** An address before name resolution. */
export interface JoinAddress {
  /** The member's name, given before the first `/`. */
  readonly name?: string;
  /** IP address or host name, without brackets. */
  readonly host: string;
  /** 0 to 65535. */
  readonly port: number;
  /** What the user wrote. */
  readonly text: string;
}

/**
 * Takes `[name/]host[:port]` apart.
 *
 * A text that starts with `[` has a port iff its last `:` stands behind its last `]`; any other has
 * one iff it holds exactly one `:`, so that a bare IPv6 address needs no brackets.
 *
 * @param defaultPort - the own bind port, which the reference assumes of others.
 * @throws {SwimError} `invalid-address`.
 *
 * @example
 * parseJoinAddress("blue/10.0.0.1:7000", 7946); // => { name: "blue", host: "10.0.0.1", port: 7000, text: "blue/10.0.0.1:7000" }
 */
export function parseJoinAddress(text: string, defaultPort: number): JoinAddress {
  const slash = text.indexOf("/");
  if (slash === 0) throw invalid(text, "the name before the slash is empty");
  const name = slash > 0 ? text.slice(0, slash) : undefined;
  const rest = slash > 0 ? text.slice(slash + 1) : text;
  const { hostText, portText } = splitPort(rest);
  const host = withoutBrackets(hostText);
  if (host === "") throw invalid(text, "the host is empty");
  const port = portText === undefined ? defaultPort : parsePort(portText, text);
  return name === undefined ? { host, port, text } : { name, host, port, text };
}

function splitPort(rest: string): { hostText: string; portText?: string } {
  const lastColon = rest.lastIndexOf(":");
  const hasPort = rest.startsWith("[")
    ? lastColon > rest.lastIndexOf("]")
    : lastColon >= 0 && rest.indexOf(":") === lastColon;
  if (!hasPort) return { hostText: rest };
  return { hostText: rest.slice(0, lastColon), portText: rest.slice(lastColon + 1) };
}

function withoutBrackets(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

function parsePort(portText: string, text: string): number {
  const port = /^[0-9]{1,5}$/.test(portText) ? Number(portText) : Number.NaN;
  if (!(port <= 65_535))
    throw invalid(text, `the port ${JSON.stringify(portText)} is not 0 to 65535`);
  return port;
}

function invalid(text: string, why: string): SwimError {
  return new SwimError("invalid-address", `invalid address ${JSON.stringify(text)}: ${why}`);
}
