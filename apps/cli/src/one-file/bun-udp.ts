/**
 * The part of Bun's UDP interface that the program as one file uses.
 *
 * Source: Bun's documentation, "UDP". Written down here for the same reason as `bun-tcp.ts`.
 */

/** One socket. */
export interface BunUdpSocket {
  readonly fd: number;
  readonly hostname: string;
  readonly port: number;
  /**
   * @returns whether the kernel took it; if not, `drain` comes.
   * @throws the system's error, with `code`; also one that an earlier datagram has met.
   */
  send(bytes: Uint8Array, port: number, address: string): boolean;
  close(): void;
}

/** What Bun calls back. */
export interface BunUdpHandlers {
  data(socket: BunUdpSocket, bytes: Buffer, port: number, address: string): void;
  drain(socket: BunUdpSocket): void;
  error(error: BunUdpError): void;
}

/** `errqueue`: about an earlier datagram, and not about the socket. */
export interface BunUdpError extends NodeJS.ErrnoException {
  readonly errqueue?: boolean;
}

/** The global object. */
export interface BunUdp {
  /** Rejects with the system's error, with `code` and `syscall`. */
  udpSocket(options: {
    readonly hostname: string;
    readonly port: number;
    readonly socket: BunUdpHandlers;
  }): Promise<BunUdpSocket>;
}

/** @throws {TypeError} outside Bun. */
export function bunUdp(): BunUdp {
  const { Bun } = globalThis as { readonly Bun?: BunUdp };
  if (Bun === undefined) throw new TypeError("these sockets need Bun");
  return Bun;
}
