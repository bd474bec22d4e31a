/**
 * Sends commands and waits for what belongs to them, on a socket.
 *
 * Source: RPC specification §12.
 */
import type { Socket } from "node:net";
import { IPC_VERSION, commandCodecs, requestHeader } from "../command.ts";
import type { CommandName, RequestBody, ResponseBody } from "../command.ts";
import { decodeValue, encodeValue } from "../record-codec.ts";
import type { Codec } from "../record-codec.ts";
import { RpcWireError } from "../wire-error.ts";
import { CallTable } from "./call-table.ts";
import type { PendingCall } from "./call-table.ts";
import { RpcError } from "./rpc-error.ts";
import { Subscription } from "./subscription.ts";

export interface Cancellable {
  /** Aborting rejects with `signal.reason`; what was sent stays sent. */
  readonly signal?: AbortSignal | undefined;
}

/** Calls, abandoned ones included, that may wait for their answers at the same time. */
export const CALL_LIMIT = 4096;

/** A response: the agent's error text, empty for success, and the body if one came. */
export interface CallOutcome<C extends CommandName> {
  readonly error: string;
  readonly body: ResponseBody<C> | undefined;
}

export class RpcSession {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #table = new CallTable();
  readonly #writeTimeoutMs: number;
  #unwrittenCount = 0;
  #writeTimer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #hasAskedToClose = false;

  /** @param socket - connected, and not read from. */
  constructor(socket: Socket, options: { readonly writeTimeoutMs: number }) {
    this.#socket = socket;
    this.#writeTimeoutMs = options.writeTimeoutMs;
    socket.on("data", (segment: Buffer) => this.#handleBytes(segment));
    // The close that follows tells everyone who waits; the reason changes nothing for them.
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        clearTimeout(this.#writeTimer);
        this.#settle(new RpcError("client-closed", "client closed"));
        resolve();
      });
    });
  }

  close(): Promise<void> {
    this.#hasAskedToClose = true;
    this.#settle(new RpcError("client-closed", "client closed"));
    this.#socket.destroy();
    return this.closed;
  }

  /** Shakes hands, and authenticates if there is a key. */
  async open(authKey: string, options: Cancellable): Promise<void> {
    await this.command("handshake", { Version: IPC_VERSION }, options);
    if (authKey !== "") await this.command("auth", { AuthKey: authKey }, options);
  }

  /** For commands without a body in their response. @throws {RpcError} `remote` if refused. */
  async command<C extends CommandName>(
    command: C,
    body: RequestBody<C>,
    options: Cancellable,
  ): Promise<void> {
    const { error } = await this.call(command, body, options);
    if (error !== "") throw new RpcError("remote", error);
  }

  /**
   * Resolves with the agent's error too; rejects if no answer comes.
   *
   * @param read - reads the body, whose bytes are valid only during the call.
   */
  async call<C extends CommandName>(
    command: C,
    body: RequestBody<C>,
    { signal }: Cancellable,
    read: (codec: Codec<ResponseBody<C>>, bytes: Uint8Array) => ResponseBody<C> = decodeValue,
  ): Promise<CallOutcome<C>> {
    signal?.throwIfAborted();
    const codec = commandCodecs[command].response as Codec<ResponseBody<C>> | null;
    let onAbort = (): void => {};
    try {
      return await new Promise((resolve, reject) => {
        onAbort = () => reject(signal?.reason);
        signal?.addEventListener("abort", onAbort);
        this.#send(this.#table.nextSeq(), command, body, {
          hasBody: codec !== null,
          onReply(error, bytes) {
            try {
              const isBodied = codec !== null && bytes !== undefined;
              resolve({ error, body: isBodied ? read(codec, bytes) : undefined });
            } catch (fault) {
              reject(toProtocolError(fault));
              throw fault;
            }
          },
          onLost: reject,
        });
      });
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** @param onRecord - reads a record; `RpcWireError` from it ends the connection. */
  subscribe<C extends "stream" | "monitor" | "query", Item>(
    command: C,
    body: RequestBody<C>,
    bufferLimit: number,
    { signal }: Cancellable,
    onRecord: (body: Uint8Array, subscription: Subscription<Item>) => void,
  ): Subscription<Item> {
    const seq = this.#table.nextSeq();
    const onAbort = (): void => subscription.abort(signal?.reason);
    const subscription = new Subscription<Item>({
      bufferLimit,
      onEnd: () => {
        signal?.removeEventListener("abort", onAbort);
        this.#table.unsubscribe(seq);
      },
      onClose: () => {
        if (command !== "query") this.#stop(seq);
      },
    });
    if (signal?.aborted) {
      subscription.fail(signal.reason);
      return subscription;
    }
    signal?.addEventListener("abort", onAbort);
    this.#send(seq, command, body, {
      hasBody: false,
      onReply: (error) => {
        if (error !== "") {
          subscription.fail(new RpcError("remote", error));
          return;
        }
        if (subscription.isEnded) return;
        subscription.grant();
        this.#table.subscribe(seq, {
          onRecord: (record) => onRecord(record, subscription),
          onLost: (fault) => (fault === undefined ? subscription.end() : subscription.fail(fault)),
        });
      },
      onLost: () => subscription.fail(new RpcError("stream-closed", "Stream closed")),
    });
    return subscription;
  }

  /** The agent forgets the stream; a connection that is gone has no streams. */
  #stop(seq: bigint): void {
    if (this.#isClosed) return;
    const ignored = (): void => {};
    const call = { hasBody: false, onReply: ignored, onLost: ignored };
    this.#send(this.#table.nextSeq(), "stop", { Stop: seq }, call);
  }

  #send<C extends CommandName>(
    seq: bigint,
    command: C,
    body: RequestBody<C>,
    call: PendingCall,
  ): void {
    if (this.#isClosed) {
      call.onLost(new RpcError("client-closed", "client closed"));
      return;
    }
    if (this.#table.pendingCallCount >= CALL_LIMIT) {
      const text = `${CALL_LIMIT} calls wait for their answers: the agent does not keep up`;
      call.onLost(new RpcError("too-many-calls", text));
      return;
    }
    const header = encodeValue(requestHeader, { Command: command, Seq: seq });
    const codec = commandCodecs[command].request as Codec<RequestBody<C>> | null;
    this.#table.expectReply(seq, call);
    this.#write(codec === null ? header : Buffer.concat([header, encodeValue(codec, body)]));
  }

  /**
   * Calls of one turn of the event loop go out together, since a write is dearer than a call. One
   * that is alone goes at once.
   */
  #write(bytes: Uint8Array): void {
    if (this.#socket.writableCorked === 0 && this.#table.pendingCallCount > 1) {
      this.#socket.cork();
      process.nextTick(() => this.#socket.uncork());
    }
    this.#unwrittenCount += 1;
    this.#writeTimer ??= setTimeout(() => {
      this.#settle(new RpcError("timed-out", "the agent takes no bytes: i/o timeout"));
      this.#socket.destroy();
    }, this.#writeTimeoutMs);
    this.#socket.write(bytes, () => this.#noteWritten());
  }

  /** Every write that is done gives those behind it the whole time again. */
  #noteWritten(): void {
    this.#unwrittenCount -= 1;
    if (this.#unwrittenCount > 0) {
      this.#writeTimer?.refresh();
      return;
    }
    clearTimeout(this.#writeTimer);
    this.#writeTimer = undefined;
  }

  #handleBytes(segment: Uint8Array): void {
    if (this.#isClosed) return;
    try {
      this.#table.handleBytes(segment);
    } catch (error) {
      if (!(error instanceof RpcWireError)) throw error;
      this.#settle(toProtocolError(error));
      this.#socket.destroy();
    }
  }

  #settle(fault: RpcError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#table.close(fault, { wasWanted: this.#hasAskedToClose });
  }
}

function toProtocolError(fault: unknown): RpcError {
  const why = fault instanceof Error ? fault.message : String(fault);
  return new RpcError("protocol", `the agent sent what is no RPC: ${why}`, { cause: fault });
}
