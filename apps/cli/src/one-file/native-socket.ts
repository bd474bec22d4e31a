/**
 * A TCP connection on Bun's own sockets, with those members of Node's `Socket` that our packages
 * use.
 *
 * Node's class is a duplex stream, and loading the modules of streams takes Bun as long as starting
 * itself does, and 5 MiB. Our packages use none of it: they write bytes and are told of bytes.
 *
 * What Node puts off with `process.nextTick` waits for a microtask here: Bun takes over a millisecond
 * to set the other up, and nothing else needs it.
 *
 * Source: Node's documentation of `net.Socket`, for what comes when.
 */
import { EventEmitter } from "./events.ts";
import type { BunConnection, BunConnectionHandlers } from "./bun-tcp.ts";

type Done = (error?: Error) => void;

interface Waiting {
  bytes: Uint8Array;
  readonly done: Done | undefined;
}

/** Bytes that may wait for a reader that has paused before the kernel is asked to hold the rest. */
const readAheadLimitBytes = 64 * 1024;
/** Small writes that wait together go out together, up to so many bytes. */
const joinedWriteBytes = 64 * 1024;

export class NativeSocket extends EventEmitter {
  /** Unknown until the connection stands, and after it is gone. */
  remoteAddress: string | undefined;
  remotePort: number | undefined;
  localAddress: string | undefined;
  localPort: number | undefined;
  connecting: boolean;
  destroyed = false;
  /** `end` was called. */
  writableEnded = false;
  /** And everything was written. */
  writableFinished = false;
  /** Bytes the kernel has not taken. */
  writableLength = 0;
  writableCorked = 0;
  /** What Bun is to call back. */
  readonly handlers: BunConnectionHandlers;
  readonly #allowHalfOpen: boolean;
  #connection: BunConnection | undefined;
  readonly #waiting: Waiting[] = [];
  /** The kernel has no room, and Bun says when it has again. */
  #isFull = false;
  readonly #arrived: Buffer[] = [];
  #arrivedBytes = 0;
  #isReadingAhead = true;
  /** Absent until somebody listens or says so. */
  #isFlowing: boolean | undefined;
  #hasRemoteEnded = false;
  #hasToldEnd = false;
  #isReferenced = true;

  /** @param connection - as accepted; absent for one that is dialled. */
  constructor(options: { readonly allowHalfOpen: boolean; readonly connection?: BunConnection }) {
    super();
    this.#allowHalfOpen = options.allowHalfOpen;
    this.handlers = this.#makeHandlers();
    this.connecting = options.connection === undefined;
    if (options.connection !== undefined) this.#attach(options.connection);
  }

  get writable(): boolean {
    return !this.destroyed && !this.writableEnded;
  }

  override on(event: string, listener: (...words: never[]) => void): this {
    super.on(event, listener);
    if (event === "data" && this.#isFlowing !== false) this.resume();
    return this;
  }

  /** @returns whether the kernel took everything. */
  write(data: Uint8Array | string, done?: Done): boolean {
    if (!this.writable) {
      const error = new Error(this.destroyed ? "the socket is destroyed" : "write after end");
      if (done !== undefined) queueMicrotask(() => done(error));
      return false;
    }
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    this.#waiting.push({ bytes, done });
    this.writableLength += bytes.length;
    if (this.writableCorked === 0) this.#flush();
    return this.writableLength === 0;
  }

  /** Writes wait for as many `uncork`. */
  cork(): void {
    this.writableCorked += 1;
  }

  uncork(): void {
    if (this.writableCorked === 0) return;
    this.writableCorked -= 1;
    if (this.writableCorked === 0) this.#flush();
  }

  /** Sends what waits, then that there is no more. */
  end(last?: Uint8Array | string | (() => void), whenFinished?: () => void): this {
    const finished = typeof last === "function" ? last : whenFinished;
    if (last !== undefined && typeof last !== "function") this.write(last);
    if (finished !== undefined) {
      if (this.writableFinished) queueMicrotask(finished);
      else this.once("finish", finished);
    }
    if (!this.writable) return this;
    this.writableEnded = true;
    this.writableCorked = 0;
    this.#flush();
    return this;
  }

  pause(): this {
    this.#isFlowing = false;
    return this;
  }

  resume(): this {
    this.#isFlowing = true;
    queueMicrotask(() => this.#deliver());
    return this;
  }

  isPaused(): boolean {
    return this.#isFlowing === false;
  }

  setKeepAlive(isOn: boolean, delayMs = 0): this {
    this.#connection?.setKeepAlive(isOn, delayMs);
    return this;
  }

  ref(): this {
    this.#isReferenced = true;
    this.#connection?.ref();
    return this;
  }

  unref(): this {
    this.#isReferenced = false;
    this.#connection?.unref();
    return this;
  }

  /** Gives the connection up; tells `error` if there is one, and `close`. */
  destroy(error?: Error): this {
    return this.#give(error, (connection) => connection.close());
  }

  /** The same with a reset for the other side. */
  resetAndDestroy(): this {
    return this.#give(undefined, (connection) => connection.terminate());
  }

  #makeHandlers(): BunConnectionHandlers {
    return {
      open: (connection) =>
        guarded(() => {
          if (this.destroyed) {
            // Given up while it was dialled, which cannot be called off.
            connection.terminate();
            return;
          }
          connection.setNoDelay(true);
          this.#attach(connection);
          this.connecting = false;
          this.emit("connect");
          this.#flush();
        }),
      data: (_, bytes) => guarded(() => this.#take(bytes)),
      drain: () =>
        guarded(() => {
          this.#isFull = false;
          this.#flush();
        }),
      end: () => guarded(() => this.#noteRemoteEnd()),
      close: (_, error) => guarded(() => this.#noteClose(error)),
      error: (_, error) => guarded(() => void this.destroy(error)),
      connectError: (_, error) => guarded(() => void this.destroy(error)),
    };
  }

  #attach(connection: BunConnection): void {
    this.#connection = connection;
    this.remoteAddress = connection.remoteAddress;
    this.remotePort = connection.remotePort;
    this.localAddress = connection.localAddress;
    this.localPort = connection.localPort;
    if (!this.#isReferenced) connection.unref();
  }

  #flush(): void {
    const connection = this.#connection;
    if (connection === undefined || this.#isFull || this.writableCorked > 0) return;
    this.#join();
    const done: Done[] = [];
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const taken = first.bytes.length === 0 ? 0 : connection.write(first.bytes);
      // Closed already: Bun tells so at once.
      if (taken < 0) break;
      this.writableLength -= taken;
      if (taken < first.bytes.length) {
        first.bytes = first.bytes.subarray(taken);
        this.#isFull = true;
        break;
      }
      if (first.done !== undefined) done.push(first.done);
      this.#waiting.shift();
    }
    if (done.length > 0) queueMicrotask(() => done.forEach((each) => each()));
    if (this.#waiting.length === 0 && this.writableEnded && !this.writableFinished) this.#finish();
  }

  /** What was written in small pieces goes out in one. */
  #join(): void {
    if (this.#waiting.length < 2 || this.writableLength > joinedWriteBytes) return;
    const all = this.#waiting.splice(0);
    const bytes = Buffer.concat(all.map((each) => each.bytes));
    this.#waiting.push({ bytes, done: () => all.forEach((each) => each.done?.()) });
  }

  #finish(): void {
    this.#connection?.shutdown();
    this.writableFinished = true;
    queueMicrotask(() => {
      this.emit("finish");
      this.#closeIfDone();
    });
  }

  #take(bytes: Buffer): void {
    if (this.destroyed) return;
    if (this.#isFlowing === true && this.#arrived.length === 0) {
      this.emit("data", bytes);
      return;
    }
    this.#arrived.push(bytes);
    this.#arrivedBytes += bytes.length;
    if (this.#arrivedBytes < readAheadLimitBytes || !this.#isReadingAhead) return;
    this.#isReadingAhead = false;
    this.#connection?.pause();
  }

  /** Hands on what arrived as long as nobody pauses, then perhaps the end. */
  #deliver(): void {
    while (this.#isFlowing === true && !this.destroyed) {
      const bytes = this.#arrived.shift();
      if (bytes === undefined) break;
      this.#arrivedBytes -= bytes.length;
      this.emit("data", bytes);
    }
    if (this.#isFlowing !== true || this.destroyed) return;
    if (!this.#isReadingAhead) {
      this.#isReadingAhead = true;
      this.#connection?.resume();
    }
    if (!this.#hasRemoteEnded || this.#hasToldEnd) return;
    this.#hasToldEnd = true;
    this.emit("end");
    if (!this.#allowHalfOpen) this.end();
    this.#closeIfDone();
  }

  #noteRemoteEnd(): void {
    if (this.#hasRemoteEnded) return;
    this.#hasRemoteEnded = true;
    queueMicrotask(() => this.#deliver());
  }

  /** Gone without our doing: broken, or ended from both sides. */
  #noteClose(error: Error | undefined): void {
    if (this.destroyed) return;
    this.#connection = undefined;
    if (error !== undefined || !this.writableFinished) {
      this.destroy(error);
      return;
    }
    this.#noteRemoteEnd();
  }

  #closeIfDone(): void {
    if (this.#hasToldEnd && this.writableFinished) this.destroy();
  }

  #give(error: Error | undefined, how: (connection: BunConnection) => void): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.connecting = false;
    this.remoteAddress = undefined;
    this.remotePort = undefined;
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection !== undefined) how(connection);
    const unwritten = this.#waiting.splice(0);
    this.writableLength = 0;
    this.#arrived.length = 0;
    queueMicrotask(() => {
      for (const { done } of unwritten) done?.(error ?? new Error("the socket is destroyed"));
      if (error !== undefined) this.emit("error", error);
      this.emit("close", error !== undefined);
    });
    return this;
  }
}

/** A fault of ours must end the process as anywhere else, and not become an error of the socket. */
export function guarded(body: () => void): void {
  try {
    body();
  } catch (fault) {
    process.nextTick(() => {
      throw fault;
    });
  }
}
