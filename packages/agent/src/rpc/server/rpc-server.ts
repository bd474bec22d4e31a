/**
 * The door through which the command line and other programs control this agent.
 *
 * Source: RPC specification. Read next: `rpc-connection.ts` (the session), `request-runner.ts`
 * (what a command does), `rpc-backend.ts` (what an agent must offer).
 */
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { AuthGate } from "./auth-gate.ts";
import { ClientLink } from "./client-link.ts";
import { MembersBody } from "./members-body.ts";
import { defaultConnectionLimits } from "./connection-limits.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import { PublishedEvent } from "./event-stream.ts";
import type { RequestPorts } from "./request-runner.ts";
import type { RpcBackend, Unsubscribe } from "./rpc-backend.ts";

export interface RpcServerOptions {
  /** IP address or host name; empty is all interfaces. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly backend: RpcBackend;
  /** The key clients must show; empty, the default, asks for none. */
  readonly authKey?: string;
  /** Clients at the same time; a further one is closed at once. Default 1024. */
  readonly connectionLimit?: number;
  /** A client that takes no byte of what waits for it for this long is cut off. Default 30 000. */
  readonly writeTimeoutMs?: number;
  readonly limits?: Partial<ConnectionLimits>;
}

/** Sums over the life of the server. */
export interface RpcServerCounters {
  readonly acceptedCount: number;
  readonly refusedCount: number;
  readonly droppedRecordCount: number;
}

const DEFAULT_CONNECTION_LIMIT = 1024;
const DEFAULT_WRITE_TIMEOUT_MS = 30_000;
/** How long the answer to `leave` may take to get out before the agent stops all the same. */
const LEAVE_FLUSH_TIMEOUT_MS = 1_000;
/** How long clients have to read the rest when the server closes. */
const CLOSE_TIMEOUT_MS = 500;
const KEEP_ALIVE_MS = 30_000;

/**
 * Listens for clients.
 *
 * @throws the system's error, such as `EADDRINUSE`, if it cannot.
 */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const listener = createServer({ allowHalfOpen: true, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    const host = options.host === "" ? {} : { host: options.host };
    listener.listen({ port: options.port, ...host }, () => {
      listener.off("error", reject);
      resolve();
    });
  });
  return new RpcServer(listener, options);
}

/** A listening server; made by `startRpcServer`. */
export class RpcServer implements AsyncDisposable {
  /** Where it listens; the port is the real one. */
  readonly address: { readonly host: string; readonly port: number };
  readonly #listener: Server;
  readonly #backend: RpcBackend;
  readonly #membersBody: MembersBody;
  readonly #auth: AuthGate;
  readonly #limits: ConnectionLimits;
  readonly #connectionLimit: number;
  readonly #writeTimeoutMs: number;
  readonly #links = new Set<ClientLink>();
  /** Clients that asked for a leave and are to be told of it before the agent stops. */
  readonly #leavers = new Set<ClientLink>();
  readonly #unsubscribes: readonly Unsubscribe[];
  #leaving: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #acceptedCount = 0;
  #refusedCount = 0;
  #isRefusing = false;
  /** Of clients that are gone. */
  #droppedRecordCount = 0;

  constructor(listener: Server, options: RpcServerOptions) {
    // A listening TCP server has an address, and it is no path.
    const { address, port } = listener.address() as AddressInfo;
    this.address = { host: address, port };
    this.#listener = listener;
    this.#backend = options.backend;
    this.#membersBody = new MembersBody(options.backend);
    this.#auth = new AuthGate(options.authKey ?? "");
    this.#limits = { ...defaultConnectionLimits, ...options.limits };
    this.#connectionLimit = options.connectionLimit ?? DEFAULT_CONNECTION_LIMIT;
    this.#writeTimeoutMs = options.writeTimeoutMs ?? DEFAULT_WRITE_TIMEOUT_MS;
    listener.on("connection", (socket) => this.#accept(socket));
    listener.on("error", (error) => {
      this.#backend.log("ERR", `agent.ipc: Failed to accept client: ${error.message}`);
    });
    this.#unsubscribes = [
      this.#backend.subscribeEvents((event) => {
        const published = new PublishedEvent(event, performance.now());
        for (const link of this.#links) link.publishEvent(published);
      }),
      this.#backend.subscribeLog((entry) => {
        for (const link of this.#links) link.publishLog(entry);
      }),
    ];
  }

  get connectionCount(): number {
    return this.#links.size;
  }

  get counters(): RpcServerCounters {
    let droppedRecordCount = this.#droppedRecordCount;
    for (const link of this.#links) droppedRecordCount += link.droppedRecordCount;
    return {
      acceptedCount: this.#acceptedCount,
      refusedCount: this.#refusedCount,
      droppedRecordCount,
    };
  }

  /** Closes every connection and stops listening. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #accept(socket: Socket): void {
    if (this.#links.size >= this.#connectionLimit) {
      this.#refuse(socket);
      return;
    }
    this.#isRefusing = false;
    this.#acceptedCount += 1;
    const client = clientName(socket);
    this.#backend.count("agent.ipc.accept");
    this.#backend.log("INFO", `agent.ipc: Accepted client: ${client}`);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const ports: RequestPorts = {
      backend: this.#backend,
      membersBody: this.#membersBody,
      leave: () => this.#leave(link),
      droppedRecordCount: () => this.counters.droppedRecordCount,
    };
    const link = new ClientLink({
      socket,
      client,
      auth: this.#auth,
      limits: this.#limits,
      writeTimeoutMs: this.#writeTimeoutMs,
      ports,
      now: () => performance.now(),
      onClosed: (closed) => {
        this.#links.delete(closed);
        this.#droppedRecordCount += closed.droppedRecordCount;
      },
    });
    this.#links.add(link);
  }

  #refuse(socket: Socket): void {
    this.#refusedCount += 1;
    if (!this.#isRefusing) {
      this.#isRefusing = true;
      const text = `agent.ipc: Refusing clients: ${this.#connectionLimit} are connected`;
      this.#backend.log("WARN", text);
    }
    socket.on("error", () => {
      // The refused client is gone already, which is what was wanted.
    });
    socket.destroy();
  }

  /** However many ask, the agent leaves once, answers all of them, and then shuts down. */
  #leave(link: ClientLink): Promise<void> {
    this.#leavers.add(link);
    if (this.#leaving === undefined) {
      this.#leaving = this.#backend.leave();
      void this.#shutdownAfter(this.#leaving);
    }
    return this.#leaving;
  }

  async #shutdownAfter(leaving: Promise<void>): Promise<void> {
    try {
      await leaving;
    } catch {
      // Each client is told why; the agent stops even so. Source: RPC specification §5.1, leave.
    }
    // After the answers were queued, which the same promise set off.
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([...this.#leavers].map((link) => link.flush(LEAVE_FLUSH_TIMEOUT_MS)));
    this.#backend.shutdown();
  }

  async #closeAll(): Promise<void> {
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    for (const link of this.#links) link.close();
    const timer = setTimeout(() => {
      for (const link of this.#links) link.destroy();
    }, CLOSE_TIMEOUT_MS);
    await Promise.all([closed, ...[...this.#links].map((link) => link.closed)]);
    clearTimeout(timer);
  }
}

/** `ip:port`, IPv6 in brackets. */
function clientName(socket: Socket): string {
  const address = socket.remoteAddress ?? "?";
  const host = address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
  return host.includes(":") ? `[${host}]:${socket.remotePort}` : `${host}:${socket.remotePort}`;
}
