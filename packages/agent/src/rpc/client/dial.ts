/**
 * Opens the connection, and says why it cannot in the words the reference uses, which scripts and
 * people know: `dial tcp 127.0.0.1:7373: connect: connection refused`.
 *
 * Source: command line specification §3.
 */
import { connect } from "node:net";
import type { Socket } from "node:net";
import { AddressError, joinHostPort, parsePort, splitHostPort } from "../../config/host-port.ts";
import { RpcError } from "./rpc-error.ts";

export interface DialOptions {
  /** Milliseconds until the connection must stand. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * @param address - `host:port`, IPv6 in brackets; an empty host is this machine.
 * @throws {RpcError} `dial-failed` or `timed-out`; `signal.reason` when aborted.
 */
export function dial(address: string, options: DialOptions): Promise<Socket> {
  options.signal?.throwIfAborted();
  const target = parseTarget(address);
  return new Promise((resolve, reject) => {
    const { signal, timeoutMs } = options;
    const socket = connect({ ...target, noDelay: true, autoSelectFamily: true });
    const fail = (reason: unknown): void => {
      release();
      socket.destroy();
      reject(reason);
    };
    const onError = (error: Error): void => fail(toDialError(error, target));
    const onAbort = (): void => fail(signal?.reason);
    const timer = setTimeout(() => {
      const text = `dial tcp ${joinHostPort(target.host, target.port)}: i/o timeout`;
      fail(new RpcError("timed-out", text));
    }, timeoutMs);
    const release = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      // What comes after the decision, such as the error of a destroyed socket, decides nothing.
      socket.on("error", () => {});
    };
    signal?.addEventListener("abort", onAbort);
    socket.once("error", onError);
    socket.once("connect", () => {
      release();
      resolve(socket);
    });
  });
}

interface DialTarget {
  readonly host: string;
  readonly port: number;
}

function parseTarget(address: string): DialTarget {
  if (address === "") throw new RpcError("dial-failed", "dial tcp: missing address");
  try {
    const { host, port } = splitHostPort(address);
    return { host: host === "" ? "127.0.0.1" : host, port: parsePort(port) };
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new RpcError("dial-failed", `dial tcp: ${error.message}`, { cause: error });
  }
}

/** The system's error names in the words of the reference's platform. */
const connectFaults: ReadonlyMap<string, string> = new Map([
  ["EACCES", "permission denied"],
  ["EADDRNOTAVAIL", "cannot assign requested address"],
  ["ECONNREFUSED", "connection refused"],
  ["ECONNRESET", "connection reset by peer"],
  ["EHOSTUNREACH", "no route to host"],
  ["EINVAL", "invalid argument"],
  ["ENETUNREACH", "network is unreachable"],
  ["ETIMEDOUT", "connection timed out"],
]);

interface SystemError extends Error {
  readonly code?: string;
  readonly syscall?: string;
  readonly address?: string;
  readonly port?: number;
}

/** @returns the error with the reference's text; the system's own is its cause. */
export function toDialError(error: Error, target: DialTarget): RpcError {
  const fault = firstFault(error);
  if (fault.syscall === "getaddrinfo") {
    const text = `dial tcp: lookup ${target.host}${lookupFault(fault)}`;
    return new RpcError("dial-failed", text, { cause: error });
  }
  const endpoint = joinHostPort(fault.address ?? target.host, fault.port ?? target.port);
  const why = connectFaults.get(fault.code ?? "") ?? fault.message;
  return new RpcError("dial-failed", `dial tcp ${endpoint}: connect: ${why}`, { cause: error });
}

/** Of the addresses of a name, the first one tried speaks for all. */
function firstFault(error: Error): SystemError {
  if (!(error instanceof AggregateError)) return error;
  const [first] = error.errors;
  return first instanceof Error ? first : error;
}

function lookupFault(fault: SystemError): string {
  if (fault.code !== "ENOTFOUND") return ": Temporary failure in name resolution";
  // Looked at only now: loading it would take a tenth of the time a command needs.
  const [server] = process.getBuiltinModule("node:dns").getServers();
  return server === undefined ? ": no such host" : ` on ${withPort(server)}: no such host`;
}

/** Name servers come with a port only if it is not 53. */
function withPort(server: string): string {
  if (server.startsWith("[")) return server;
  const colonCount = server.split(":").length - 1;
  return colonCount === 1 ? server : joinHostPort(server, 53);
}
