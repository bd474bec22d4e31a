/**
 * Datagrams and streams of one member on one port of one address, as the protocol wants them.
 *
 * Source: behaviour specification §15 (binding), §14 (buffers).
 */
import { isIP } from "node:net";
import type { Endpoint, StreamId } from "../protocol-core.ts";
import { addressZone, withZone } from "./plain-address.ts";
import { bindSamePort } from "./same-port.ts";
import { TcpListener } from "./tcp-listener.ts";
import { TcpStreams, type TcpStreamLimits } from "./tcp-streams.ts";
import type { Transport, TransportHandler } from "./transport.ts";
import { UdpSocket } from "./udp-socket.ts";

export interface SocketTransportOptions {
  /** IP address; `0.0.0.0` and `::` are every address of the machine, `::` with IPv4. */
  readonly bindAddress: string;
  /** 0 lets the system choose a port that is free for both protocols. */
  readonly bindPort: number;
  /** Aborting while binding rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
  readonly limits?: Partial<TcpStreamLimits>;
  /** Default 2 MiB, halved until the system accepts it. */
  readonly receiveBufferBytes?: number;
  /** Default 4 MiB. */
  readonly sendQueueLimitBytes?: number;
}

/** How long closed streams may flush when the transport closes. */
const CLOSE_GRACE_MS = 1_000;

export class SocketTransport implements Transport {
  readonly localEndpoint: Endpoint;
  readonly #udp: UdpSocket;
  readonly #listener: TcpListener;
  readonly #limits: Partial<TcpStreamLimits>;
  readonly #zone: string | undefined;
  #streams: TcpStreams | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    bindAddress: string,
    udp: UdpSocket,
    listener: TcpListener,
    limits: Partial<TcpStreamLimits>,
  ) {
    this.localEndpoint = { address: bindAddress, port: listener.port };
    this.#udp = udp;
    this.#listener = listener;
    this.#limits = limits;
    this.#zone = addressZone(bindAddress);
  }

  /**
   * Binds both sockets. With port 0, TCP chooses and UDP takes the same number; if that one is
   * taken, both choose again, ten times at most.
   *
   * @throws {TypeError} if the address is no IP address, the system's error if it cannot be bound.
   */
  static async bind(options: SocketTransportOptions): Promise<SocketTransport> {
    const { bindAddress, bindPort, signal } = options;
    if (isIP(bindAddress) === 0) {
      throw new TypeError(`bindAddress is ${JSON.stringify(bindAddress)}: give an IP address`);
    }
    const [listener, udp] = await bindSamePort({
      bindPort,
      bindFirst: (port) => TcpListener.bind({ bindAddress, bindPort: port }),
      portOf: ({ port }) => port,
      release: (unwanted) => unwanted.close(),
      bindSecond: (port) => UdpSocket.bind({ ...options, bindPort: port }),
      ...(signal === undefined ? {} : { signal }),
    });
    const transport = new SocketTransport(bindAddress, udp, listener, options.limits ?? {});
    if (signal?.aborted === true) {
      await transport.close();
      signal.throwIfAborted();
    }
    return transport;
  }

  /** What the kernel granted for datagrams waiting to be read, in its own accounting. */
  get receiveBufferBytes(): number {
    return this.#udp.receiveBufferBytes;
  }

  /** Connections whose socket still exists. */
  get openStreamCount(): number {
    return this.#streams?.openCount ?? 0;
  }

  start(handler: TransportHandler): void {
    const streams = new TcpStreams(handler, this.#limits);
    this.#streams = streams;
    this.#udp.start({
      handleDatagram: (datagram, receivedAtMs) => handler.handleDatagram(datagram, receivedAtMs),
      handleDatagramFailure: (failure, nowMs) => handler.handleDatagramFailure(failure, nowMs),
      handleSocketFailure: ({ message }) =>
        handler.handleTransportReport({ kind: "datagram-socket-failed", message }),
    });
    this.#listener.start({
      handleConnection: (socket) => streams.accept(socket),
      handleAcceptFailure: ({ message }, retryMs) =>
        handler.handleTransportReport({ kind: "accept-failed", message, retryMs }),
    });
  }

  sendDatagram(target: Endpoint, bytes: Uint8Array): void {
    this.#udp.send(this.#reachable(target), bytes);
  }

  openStream(streamId: StreamId, target: Endpoint, timeoutMs: number): void {
    this.#streams?.open(streamId, this.#reachable(target), timeoutMs);
  }

  writeStream(streamId: StreamId, bytes: Uint8Array): void {
    this.#streams?.write(streamId, bytes);
  }

  closeStream(streamId: StreamId): void {
    this.#streams?.end(streamId);
  }

  resetStream(streamId: StreamId): void {
    this.#streams?.reset(streamId);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #reachable(target: Endpoint): Endpoint {
    if (this.#zone === undefined) return target;
    return { address: withZone(target.address, this.#zone), port: target.port };
  }

  async #close(): Promise<void> {
    this.#listener.close();
    await Promise.all([this.#udp.close(), this.#streams?.close(CLOSE_GRACE_MS)]);
  }
}
