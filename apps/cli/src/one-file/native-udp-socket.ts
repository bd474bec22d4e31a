/**
 * A UDP socket on Bun's own, with those members of Node's `Socket` of `node:dgram` that our packages
 * use.
 *
 * Node's class brings half of `node:cluster` and of name resolution along: it opens after 4 ms, and
 * Bun's own after a quarter of one.
 *
 * Source: Node's documentation of `dgram.Socket`, for what comes when; udp(7) and ip(7), for errors
 * and `SO_RCVBUF`.
 */
import { type BunUdpError, type BunUdpSocket, bunUdp } from "./bun-udp.ts";
import { EventEmitter } from "./events.ts";
import { libc } from "./libc.ts";
import { guarded } from "./native-socket.ts";

type Done = (error: Error | null) => void;

interface Packet {
  readonly bytes: Uint8Array;
  readonly port: number;
  readonly address: string;
  readonly done: Done | undefined;
}

/** Linux on all processors Bun runs on. */
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const intBytes = 4;

/** What enlarges the buffer takes a millisecond to load, which whoever waits for a start may have. */
export const enlargeDelayMs = 30;

export class NativeUdpSocket extends EventEmitter {
  #socket: BunUdpSocket | undefined;
  #isClosed = false;
  /** What the kernel had no room for. */
  readonly #waiting: Packet[] = [];
  #waitingBytes = 0;

  /** Tells `listening` or `error`. */
  bind({ address, port }: { readonly address: string; readonly port: number }): this {
    const handlers = {
      data: (_: BunUdpSocket, bytes: Buffer, remotePort: number, remoteAddress: string): void =>
        guarded(
          () => void this.emit("message", bytes, { address: remoteAddress, port: remotePort }),
        ),
      drain: (): void => guarded(() => this.#sendWaiting()),
      error: (error: BunUdpError): void => guarded(() => this.#noteError(error)),
    };
    bunUdp()
      .udpSocket({ hostname: address, port, socket: handlers })
      .then(
        (socket) => {
          if (this.#isClosed) {
            socket.close();
            return;
          }
          this.#socket = socket;
          guarded(() => void this.emit("listening"));
        },
        (error: unknown) => guarded(() => void this.emit("error", error)),
      );
    return this;
  }

  /** @throws {Error} unless it listens. */
  address(): { readonly address: string; readonly port: number } {
    const { hostname, port } = this.#bound();
    return { address: hostname, port };
  }

  /** @param done - told what went wrong, or `null`; later. */
  send(bytes: Uint8Array, port: number, address: string, done?: Done): void {
    const packet = { bytes, port, address, done };
    if (this.#waiting.length === 0 && this.#trySend(packet)) return;
    this.#waiting.push(packet);
    this.#waitingBytes += bytes.length;
  }

  /** Bytes the kernel has not taken. */
  getSendQueueSize(): number {
    return this.#waitingBytes;
  }

  /**
   * Asks the kernel to hold so much for us, soon. It never refuses: it gives as much as the system
   * allows.
   */
  setRecvBufferSize(bytes: number): void {
    const { fd } = this.#bound();
    setTimeout(() => {
      if (this.#isClosed) return;
      try {
        libc().setsockopt(fd, SOL_SOCKET, SO_RCVBUF, new Int32Array([bytes]), intBytes);
      } catch {
        // Another C library, or code may not be made while running: what the system gives to all
        // has to do.
      }
    }, enlargeDelayMs).unref();
  }

  /** What the kernel granted, in its own accounting. @throws where the C library is another. */
  getRecvBufferSize(): number {
    const granted = new Int32Array(1);
    libc().getsockopt(this.#bound().fd, SOL_SOCKET, SO_RCVBUF, granted, new Int32Array([intBytes]));
    return granted[0] ?? 0;
  }

  /** What waits is not sent. Tells `close`. */
  close(closed?: () => void): this {
    if (closed !== undefined) this.once("close", closed);
    if (this.#isClosed) return this;
    this.#isClosed = true;
    this.#socket?.close();
    this.#socket = undefined;
    const unsent = this.#waiting.splice(0);
    this.#waitingBytes = 0;
    queueMicrotask(() => {
      for (const { done } of unsent) done?.(new Error("the socket is closed"));
      this.emit("close");
    });
    return this;
  }

  #bound(): BunUdpSocket {
    if (this.#socket === undefined) throw new Error("the socket is not bound");
    return this.#socket;
  }

  #sendWaiting(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (!this.#trySend(first)) return;
      this.#waiting.shift();
      this.#waitingBytes -= first.bytes.length;
    }
  }

  /** @returns whether that is done with: the kernel took it or never will. */
  #trySend({ bytes, port, address, done }: Packet): boolean {
    const socket = this.#bound();
    const attempt = (): boolean => socket.send(bytes, port, address);
    let fault: Error | null = null;
    try {
      if (!attemptTwice(attempt)) return false;
    } catch (error) {
      fault = sendFault(error as NodeJS.ErrnoException, address, port);
    }
    if (done !== undefined) queueMicrotask(() => done(fault));
    return true;
  }

  #noteError(error: BunUdpError): void {
    // What an earlier datagram has met. Node's sockets do not hear of it either.
    if (error.errqueue === true) return;
    this.emit("error", error);
  }
}

/**
 * The system also tells here, once, what an earlier datagram has met elsewhere, and then sends
 * nothing.
 */
function attemptTwice(attempt: () => boolean): boolean {
  try {
    return attempt();
  } catch {
    return attempt();
  }
}

/** With the text and the fields of Node's. */
function sendFault(error: NodeJS.ErrnoException, address: string, port: number): Error {
  const message = `send ${error.code} ${address}:${port}`;
  return Object.assign(error, { message, syscall: "send", address, port });
}
