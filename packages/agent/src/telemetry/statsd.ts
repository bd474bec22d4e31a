/**
 * Sends figures to a statsd (UDP) or statsite (TCP) daemon.
 *
 * Source: agent specification §12.
 */
import { createSocket } from "node:dgram";
import { connect, type Socket } from "node:net";
import { AddressError, parsePort, splitHostPort } from "../config/host-port.ts";
import type { MetricKind, MetricSink } from "./metrics.ts";

/** Lines are packed into packets of at most this many bytes. */
export const statsdPacketBytes = 1400;
const flushIntervalMs = 100;
/** Bytes that may wait for a statsite daemon that is away; further lines are dropped. */
export const statsitePendingLimit: number = 1024 * 1024;
const reconnectDelayMs = 5_000;

const suffixes: Readonly<Record<MetricKind, string>> = { counter: "c", sample: "ms", gauge: "g" };

/** `name:1.000000|c` and a newline. */
export function formatMetric(kind: MetricKind, name: string, value: number): string {
  return `${name}:${value.toFixed(6)}|${suffixes[kind]}\n`;
}

/** Collects lines and hands them on at most every `flushIntervalMs`. */
class LineBatch {
  readonly #send: (text: string) => void;
  readonly #limitBytes: number;
  #lines: string[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(limitBytes: number, send: (text: string) => void) {
    this.#limitBytes = limitBytes;
    this.#send = send;
  }

  push(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#bytes > 0 && this.#bytes + bytes > this.#limitBytes) this.flush();
    this.#lines.push(line);
    this.#bytes += bytes;
    this.#timer ??= setTimeout(() => this.flush(), flushIntervalMs).unref();
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#lines.join("");
    this.#lines = [];
    this.#bytes = 0;
    if (text !== "") this.#send(text);
  }
}

/** @throws {AddressError} when it is no `host:port` to send to. */
function daemonAddress(address: string): { readonly host: string; readonly port: number } {
  const { host, port } = splitHostPort(address);
  const number = parsePort(port);
  if (number === 0) throw new AddressError(`address ${address}: missing port in address`);
  return { host: host === "" ? "localhost" : host, port: number };
}

/**
 * @param address - `host:port`.
 * @throws {AddressError} when it is none. Deviation: the reference finds out only when it sends.
 */
export function openStatsd(address: string): MetricSink {
  const { host, port } = daemonAddress(address);
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  // Nobody listening is the daemon's matter, not the agent's.
  socket.on("error", () => {});
  socket.unref();
  const batch = new LineBatch(statsdPacketBytes, (text) => socket.send(text, port, host));
  return {
    write: (kind, name, value) => batch.push(formatMetric(kind, name, value)),
    close: () => {
      batch.flush();
      // Closing at once would drop the packet just handed over.
      setImmediate(() => socket.close());
    },
  };
}

/**
 * The same lines over TCP; a lost connection is opened again.
 *
 * @param address - `host:port`.
 * @throws {AddressError} when it is none.
 */
export function openStatsite(address: string): MetricSink {
  const { host, port } = daemonAddress(address);
  let socket: Socket | undefined;
  let retry: NodeJS.Timeout | undefined;
  let isClosed = false;
  const dial = (): void => {
    const dialled = connect({ host, port });
    dialled.unref();
    dialled.on("error", () => {});
    dialled.once("close", () => {
      socket = undefined;
      if (!isClosed) retry = setTimeout(dial, reconnectDelayMs).unref();
    });
    socket = dialled;
  };
  dial();
  const batch = new LineBatch(statsitePendingLimit, (text) => {
    if (socket !== undefined && socket.writableLength + text.length <= statsitePendingLimit) {
      socket.write(text);
    }
  });
  return {
    write: (kind, name, value) => batch.push(formatMetric(kind, name, value)),
    close: () => {
      isClosed = true;
      clearTimeout(retry);
      batch.flush();
      socket?.end();
    },
  };
}
