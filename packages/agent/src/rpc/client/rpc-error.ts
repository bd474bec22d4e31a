/** Why a call over RPC failed. Callers branch on the code, never on the text. */
export type RpcErrorCode =
  /** No connection came about. */
  | "dial-failed"
  /** Nothing came or went in time. */
  | "timed-out"
  /** The connection is gone, or was closed by `close()`. Text: `client closed`. */
  | "client-closed"
  /** The connection went before a stream, monitor or query was granted. Text: `Stream closed`. */
  | "stream-closed"
  /** The agent refused; the text is the agent's, verbatim. */
  | "remote"
  /** The agent sent bytes that are no RPC. */
  | "protocol"
  /** More calls wait for their answers than a client may have. */
  | "too-many-calls";

/** Every failure of this client that is not the caller's own `AbortSignal`. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: RpcErrorCode;

  constructor(code: RpcErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
