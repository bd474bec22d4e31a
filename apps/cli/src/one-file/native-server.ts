/**
 * A listening TCP port on Bun's own sockets, with those members of Node's `Server` that our
 * packages use.
 *
 * Source: Node's documentation of `net.Server`, for what comes when.
 */
import { lookup } from "node:dns/promises";
import { EventEmitter } from "./events.ts";
import { type BunConnection, type BunListener, bunTcp } from "./bun-tcp.ts";
import { isIP, isIPv4 } from "./ip-version.ts";
import { guarded, NativeSocket } from "./native-socket.ts";

export interface ServerAddress {
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
  readonly port: number;
}

export class NativeServer extends EventEmitter {
  readonly #allowHalfOpen: boolean;
  readonly #sockets = new Map<BunConnection, NativeSocket>();
  #listener: BunListener | undefined;
  #isClosed = false;

  constructor(options: { readonly allowHalfOpen: boolean }) {
    super();
    this.#allowHalfOpen = options.allowHalfOpen;
  }

  /** Tells `listening` or `error`. @param options - without a host, all addresses. */
  listen(options: { readonly host?: string; readonly port: number }, listening?: () => void): this {
    if (listening !== undefined) this.once("listening", listening);
    const { host, port } = options;
    if (host === undefined) this.#tryOpen(["::", "0.0.0.0"], port);
    else if (isIP(host) !== 0) this.#tryOpen([host], port);
    else {
      lookup(host).then(
        ({ address }) => this.#tryOpen([address], port),
        (error: unknown) => this.emit("error", error),
      );
    }
    return this;
  }

  /** @returns `null` unless it listens. */
  address(): ServerAddress | null {
    if (this.#listener === undefined) return null;
    const { hostname, port } = this.#listener;
    return { address: hostname, family: isIPv4(hostname) ? "IPv4" : "IPv6", port };
  }

  /** Accepts nothing more. Tells `close` when the last connection is gone. */
  close(closed?: (error?: Error) => void): this {
    const listener = this.#listener;
    if (listener === undefined) {
      if (closed !== undefined) {
        queueMicrotask(() => closed(new Error("Server is not running.")));
      }
      return this;
    }
    if (closed !== undefined) this.once("close", closed);
    this.#listener = undefined;
    this.#isClosed = true;
    listener.stop();
    this.#tellCloseIfEmpty();
    return this;
  }

  /** The first of the addresses this machine has. */
  #tryOpen(hosts: readonly string[], port: number): void {
    const faults: unknown[] = [];
    for (const hostname of hosts) {
      try {
        this.#listener = this.#open(hostname, port);
        queueMicrotask(() => this.emit("listening"));
        return;
      } catch (error) {
        faults.push(error);
      }
    }
    queueMicrotask(() => this.emit("error", faults.at(-1)));
  }

  #open(hostname: string, port: number): BunListener {
    const socketOf = (connection: BunConnection): NativeSocket | undefined =>
      this.#sockets.get(connection);
    return bunTcp().listen({
      hostname,
      port,
      exclusive: true,
      allowHalfOpen: true,
      socket: {
        open: (connection) => this.#accept(connection),
        data: (connection, bytes) => socketOf(connection)?.handlers.data(connection, bytes),
        drain: (connection) => socketOf(connection)?.handlers.drain(connection),
        end: (connection) => socketOf(connection)?.handlers.end(connection),
        close: (connection, error) => {
          socketOf(connection)?.handlers.close(connection, error);
          this.#sockets.delete(connection);
          this.#tellCloseIfEmpty();
        },
        error: (connection, error) => {
          if (connection !== undefined) socketOf(connection)?.handlers.error(connection, error);
        },
        connectError: () => {},
      },
    });
  }

  #accept(connection: BunConnection): void {
    if (this.#isClosed) {
      connection.close();
      return;
    }
    connection.setNoDelay(true);
    const socket = new NativeSocket({ allowHalfOpen: this.#allowHalfOpen, connection });
    this.#sockets.set(connection, socket);
    guarded(() => this.emit("connection", socket));
  }

  #tellCloseIfEmpty(): void {
    if (this.#isClosed && this.#sockets.size === 0) queueMicrotask(() => this.emit("close"));
  }
}
