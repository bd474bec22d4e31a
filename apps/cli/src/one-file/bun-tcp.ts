/**
 * The part of Bun's TCP interface that the program as one file uses.
 *
 * Source: Bun's documentation, "TCP sockets". Written down here, since the types of Bun would
 * replace those of Node for the whole package.
 */

/** One connection, as Bun gives it. */
export interface BunConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** @returns how many bytes the kernel took; after fewer than all, `drain` comes. */
  write(bytes: Uint8Array): number;
  /** Says that nothing more is sent. */
  shutdown(): void;
  /** Gives the connection up as a process that ends does. */
  close(): void;
  /** Gives it up with a reset. */
  terminate(): void;
  pause(): void;
  resume(): void;
  setKeepAlive(isOn: boolean, delayMs: number): void;
  setNoDelay(isOn: boolean): void;
  ref(): void;
  unref(): void;
}

/** What Bun calls back. An error one of them throws ends in `error`. */
export interface BunConnectionHandlers {
  open(connection: BunConnection): void;
  data(connection: BunConnection, bytes: Buffer): void;
  drain(connection: BunConnection): void;
  /** The other side sends nothing more. */
  end(connection: BunConnection): void;
  close(connection: BunConnection, error?: Error): void;
  error(connection: BunConnection | undefined, error: Error): void;
  connectError(connection: BunConnection | undefined, error: Error): void;
}

/** An open port. */
export interface BunListener {
  readonly hostname: string;
  readonly port: number;
  /** Accepts nothing more; connections stay. */
  stop(): void;
}

interface BunAddress {
  readonly hostname: string;
  readonly port: number;
  readonly allowHalfOpen: boolean;
  readonly socket: BunConnectionHandlers;
}

/** The global object. */
export interface BunTcp {
  /** @throws the system's error, with `code` and `syscall`. */
  listen(options: BunAddress & { readonly exclusive: boolean }): BunListener;
  /** Rejects with what `connectError` is told. */
  connect(options: BunAddress): Promise<BunConnection>;
}

/** @throws {TypeError} outside Bun. */
export function bunTcp(): BunTcp {
  const { Bun } = globalThis as { readonly Bun?: BunTcp };
  if (Bun === undefined) throw new TypeError("these sockets need Bun");
  return Bun;
}
