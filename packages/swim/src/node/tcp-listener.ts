/**
 * One listening TCP socket that survives a failing accept.
 *
 * When the system cannot accept (no file descriptor is left, no memory), the error comes back at
 * once for as long as a connection waits, and a loop that retries at once does nothing else. Node
 * has no way to pause a listener, so it is closed and opened again on the same port after a wait
 * that doubles from 5 ms to 1 s. Connections that exist are not touched.
 *
 * Source: behaviour specification §15 (accept back-off).
 */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

export interface TcpListenerOptions {
  readonly bindAddress: string;
  /** 0 lets the system choose. */
  readonly bindPort: number;
  /** Makes the server. Tests make it fail. Default: `createServer` of node:net. */
  readonly createServer?: typeof createServer;
}

export interface TcpListenerHandler {
  handleConnection(socket: Socket): void;
  handleAcceptFailure(error: Error, retryMs: number): void;
}

const FIRST_RETRY_MS = 5;
const LAST_RETRY_MS = 1_000;
/** Connections the kernel holds for us. The system caps it. */
const BACKLOG = 1_024;

export class TcpListener {
  readonly #options: TcpListenerOptions;
  #server: Server;
  #handler: TcpListenerHandler | undefined;
  #port: number;
  #retryMs = FIRST_RETRY_MS;
  #retryTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(options: TcpListenerOptions, server: Server, port: number) {
    this.#options = options;
    this.#server = server;
    this.#port = port;
    this.#watch(server);
  }

  /** @throws the system's error if the address cannot be bound. */
  static async bind(options: TcpListenerOptions): Promise<TcpListener> {
    const server = openServer(options);
    server.listen(listenOptions(options.bindAddress, options.bindPort));
    await once(server, "listening");
    const bound = server.address();
    if (bound === null || typeof bound === "string") {
      throw new TypeError(
        `bindAddress is ${JSON.stringify(options.bindAddress)}: give an IP address`,
      );
    }
    return new TcpListener(options, server, bound.port);
  }

  get port(): number {
    return this.#port;
  }

  /** Begins to deliver. A connection that comes earlier is dropped. */
  start(handler: TcpListenerHandler): void {
    this.#handler = handler;
  }

  /** Stops accepting. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handler = undefined;
    clearTimeout(this.#retryTimer);
    this.#server.close();
  }

  #watch(server: Server): void {
    server.on("connection", (socket) => {
      this.#retryMs = FIRST_RETRY_MS;
      if (this.#handler === undefined) socket.destroy();
      else this.#handler.handleConnection(socket);
    });
    server.on("error", (error) => this.#backOff(error));
  }

  #backOff(error: Error): void {
    if (this.#isClosed || this.#retryTimer !== undefined) return;
    const retryMs = this.#retryMs;
    this.#retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    this.#server.close();
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.#server = openServer(this.#options);
      this.#watch(this.#server);
      this.#server.listen(listenOptions(this.#options.bindAddress, this.#port));
    }, retryMs);
    this.#handler?.handleAcceptFailure(error, retryMs);
  }
}

function openServer(options: TcpListenerOptions): Server {
  // Half open: the other side may finish writing before we have answered.
  return (options.createServer ?? createServer)({ allowHalfOpen: true, noDelay: true });
}

function listenOptions(host: string, port: number): { host: string; port: number } & ServerOptions {
  return { host, port, backlog: BACKLOG, exclusive: true };
}

interface ServerOptions {
  readonly backlog: number;
  readonly exclusive: boolean;
}
