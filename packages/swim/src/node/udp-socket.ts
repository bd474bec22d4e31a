/**
 * One UDP socket: IPv4, or IPv6 that carries IPv4 too when bound to `::`.
 *
 * Addresses are plain outside (`10.0.0.1`) whatever the socket needs inside (`::ffff:10.0.0.1`),
 * so the protocol never sees one member under two addresses.
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv4, isIPv6 } from "node:net";
import { performance } from "node:perf_hooks";
import type { Datagram, DatagramFailure, Endpoint } from "../protocol-core.ts";
import { mappedAddress, plainAddress } from "./plain-address.ts";
import { endpointText } from "./stream-failure.ts";

export interface UdpSocketOptions {
  /** IP address; a zone may follow `%`. */
  readonly bindAddress: string;
  /** 0 lets the system choose. */
  readonly bindPort: number;
  /**
   * What the kernel is asked to hold for us while the event loop is busy. Halved until the system
   * accepts it. Default 2 MiB (behaviour specification §14).
   */
  readonly receiveBufferBytes?: number;
  /** Bytes waiting for the kernel to take; what exceeds it fails instead of piling up. Default 4 MiB. */
  readonly sendQueueLimitBytes?: number;
}

export interface UdpSocketHandler {
  handleDatagram(datagram: Datagram, receivedAtMs: number): void;
  handleDatagramFailure(failure: DatagramFailure, nowMs: number): void;
  /** The socket as such is in trouble. */
  handleSocketFailure(error: Error): void;
}

const DEFAULT_RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;
const DEFAULT_SEND_QUEUE_LIMIT_BYTES = 4 * 1024 * 1024;
/** Below this, asking the kernel for less makes no sense. */
const LEAST_RECEIVE_BUFFER_BYTES = 4 * 1024;

export class UdpSocket {
  readonly #socket: Socket;
  readonly #isIpv6: boolean;
  readonly #sendQueueLimitBytes: number;
  #handler: UdpSocketHandler | undefined;
  #isClosed = false;

  private constructor(socket: Socket, isIpv6: boolean, sendQueueLimitBytes: number) {
    this.#socket = socket;
    this.#isIpv6 = isIpv6;
    this.#sendQueueLimitBytes = sendQueueLimitBytes;
    socket.on("error", (error) => this.#handler?.handleSocketFailure(error));
  }

  /** @throws the system's error if the address cannot be bound. */
  static async bind(options: UdpSocketOptions): Promise<UdpSocket> {
    const { bindAddress, bindPort } = options;
    const isIpv6 = bindAddress.includes(":");
    const socket = createSocket({
      type: isIpv6 ? "udp6" : "udp4",
      // Every target is an IP address: answering here at once keeps DNS and its delay out of sending.
      lookup: (hostname, _options, callback) => callback(null, hostname, isIpv6 ? 6 : 4),
    });
    try {
      // With an answer at once, binding ends at once too: listen before it begins.
      const listening = once(socket, "listening");
      // A worker of node:cluster must not share the port: each member has its own.
      socket.bind({ address: bindAddress, port: bindPort, exclusive: true });
      await listening;
    } catch (error) {
      socket.close();
      throw error;
    }
    enlargeReceiveBuffer(socket, options.receiveBufferBytes ?? DEFAULT_RECEIVE_BUFFER_BYTES);
    return new UdpSocket(
      socket,
      isIpv6,
      options.sendQueueLimitBytes ?? DEFAULT_SEND_QUEUE_LIMIT_BYTES,
    );
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** What the kernel granted, in its own accounting. */
  get receiveBufferBytes(): number {
    return this.#socket.getRecvBufferSize();
  }

  /** Begins to deliver. */
  start(handler: UdpSocketHandler): void {
    this.#handler = handler;
    this.#socket.on("message", (bytes: Buffer, remote: RemoteInfo) => {
      const receivedAtMs = performance.now();
      // Node allocates the memory of every datagram anew, so it may be given away.
      const source = { address: plainAddress(remote.address), port: remote.port };
      handler.handleDatagram({ bytes, source }, receivedAtMs);
    });
  }

  /** Sends one packet. What goes wrong is told to the handler, later. */
  send(target: Endpoint, bytes: Uint8Array): void {
    if (this.#isClosed) return;
    const address = this.#socketAddress(target.address);
    if (address === undefined) {
      this.#fail(target, `no ${this.#isIpv6 ? "IPv6" : "IPv4"} path: address family not supported`);
      return;
    }
    if (!(target.port >= 1 && target.port <= 65_535)) {
      this.#fail(target, "port 0 cannot be sent to");
      return;
    }
    if (this.#socket.getSendQueueSize() + bytes.length > this.#sendQueueLimitBytes) {
      this.#fail(target, `send queue is full (${this.#sendQueueLimitBytes} bytes)`);
      return;
    }
    this.#socket.send(bytes, target.port, address, (error) => {
      if (error !== null && !this.#isClosed) this.#report(target, error.message);
    });
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handler = undefined;
    this.#socket.removeAllListeners("message");
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  #socketAddress(address: string): string | undefined {
    if (isIPv4(address)) return this.#isIpv6 ? mappedAddress(address) : address;
    if (!isIPv6(address)) return undefined;
    if (this.#isIpv6) return address;
    const plain = plainAddress(address);
    return isIPv4(plain) ? plain : undefined;
  }

  /** Later, so that a driver is never called back from inside its own call. */
  #fail(target: Endpoint, message: string): void {
    setImmediate(() => {
      if (!this.#isClosed) this.#report(target, message);
    });
  }

  #report(target: Endpoint, message: string): void {
    this.#handler?.handleDatagramFailure(
      { target, message: `write udp ${endpointText(target)}: ${message}` },
      performance.now(),
    );
  }
}

/**
 * Asks for `wantedBytes`, then for half of it, until the system accepts.
 *
 * Source: behaviour specification §14.
 */
export function enlargeReceiveBuffer(
  socket: Pick<Socket, "setRecvBufferSize">,
  wantedBytes: number,
): void {
  for (
    let bytes = wantedBytes;
    bytes >= LEAST_RECEIVE_BUFFER_BYTES;
    bytes = Math.floor(bytes / 2)
  ) {
    try {
      socket.setRecvBufferSize(bytes);
      return;
    } catch {
      // The system refuses sizes above its limit; half of it is the next best.
    }
  }
}
