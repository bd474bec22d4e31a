/** What can be wrong with the bytes of an RPC connection. */
export type RpcWireErrorCode =
  "invalid-byte" | "out-of-range" | "too-deep" | "too-large" | "truncated" | "wrong-type";

/**
 * Bytes that are no valid RPC message. Never leaves this package: the server closes the
 * connection, the client fails its calls.
 */
export class RpcWireError extends Error {
  override readonly name = "RpcWireError";
  readonly code: RpcWireErrorCode;

  constructor(code: RpcWireErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
