/**
 * What the operating system says about a broken connection, in the words of the protocol core.
 *
 * The messages follow the form operators of the reference know and search their logs for:
 * `dial tcp 127.0.0.1:7946: connect: connection refused`.
 */
import type { Endpoint, StreamFailure } from "../protocol-core.ts";

/** System error code → our code and the system's usual words for it. */
const KNOWN: Readonly<Record<string, readonly [StreamFailure["code"], string]>> = {
  ECONNREFUSED: ["refused", "connection refused"],
  ETIMEDOUT: ["timed-out", "connection timed out"],
  EHOSTUNREACH: ["unreachable", "no route to host"],
  EHOSTDOWN: ["unreachable", "host is down"],
  ENETUNREACH: ["unreachable", "network is unreachable"],
  ENETDOWN: ["unreachable", "network is down"],
  EADDRNOTAVAIL: ["unreachable", "cannot assign requested address"],
  EAFNOSUPPORT: ["unreachable", "address family not supported by protocol"],
  EINVAL: ["unreachable", "invalid argument"],
  EACCES: ["unreachable", "permission denied"],
  ECONNRESET: ["reset", "connection reset by peer"],
  EPIPE: ["reset", "broken pipe"],
  ECONNABORTED: ["reset", "software caused connection abort"],
};

/** What was being done when it broke. */
export type StreamPhase = "dial" | "read" | "write";

/** @returns `address:port`, with brackets around IPv6. */
export function endpointText(endpoint: Endpoint): string {
  const host = endpoint.address.includes(":") ? `[${endpoint.address}]` : endpoint.address;
  return `${host}:${endpoint.port}`;
}

/** @returns the failure an error of a socket means. */
export function streamFailure(error: Error, phase: StreamPhase, remote: Endpoint): StreamFailure {
  const [code, words] = KNOWN[errorCode(error)] ?? ["aborted", error.message];
  const step = phase === "dial" ? "connect: " : `${phase}: `;
  return { code, message: `${phase} tcp ${endpointText(remote)}: ${step}${words}` };
}

/** @returns the failure of a dial that took too long. */
export function dialTimeout(remote: Endpoint): StreamFailure {
  return { code: "timed-out", message: `dial tcp ${endpointText(remote)}: i/o timeout` };
}

/** @returns the system's code of an error, such as `ECONNREFUSED`, or an empty string. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
