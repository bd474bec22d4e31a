import type { WireError } from "./errors.ts";
import type { ErrorMessage, StreamMessage } from "./message.ts";
import type { PacketSettings } from "./packet.ts";

/** `dialler` opened the connection. */
export type StreamRole = "dialler" | "acceptor";

/** @param options.compress - wrap in a compress envelope if that makes it shorter. */
export function encodeStream(
  message: StreamMessage,
  settings: PacketSettings,
  options: { readonly role: StreamRole; readonly compress: boolean },
): Uint8Array {
  throw new Error(`${message.kind} ${settings.label} ${options.role}`);
}

/** The reply an acceptor owes for an error of unwrapping. */
export function errorReply(error: WireError): ErrorMessage {
  return { kind: "error", error: error.message };
}

/** Reads the one message a connection carries in our direction, byte by byte if need be. */
export class StreamReader {
  constructor(settings: PacketSettings, role: StreamRole) {
    throw new Error(`${settings.label} ${role}`);
  }
  /**
   * Takes bytes in. After the message is complete, further bytes are ignored.
   * @param maxNodes - how many push-pull nodes to decode now; the rest waits for `advance`.
   * @throws {WireError}
   */
  push(bytes: Uint8Array, maxNodes: number = Infinity): void {
    throw new Error(`${bytes} ${maxNodes}`);
  }
  /** Goes on decoding what `push` left. @returns whether more waits. @throws {WireError} */
  advance(maxNodes: number): boolean {
    throw new Error(String(maxNodes));
  }
  /** Whether received bytes wait for `advance`. */
  get hasMore(): boolean {
    return false;
  }
  /** The other side has finished writing. @throws {WireError} `truncated`, or `empty` when not one byte of a message came. */
  end(): void {
    throw new Error();
  }
  /** The message once it is complete. */
  message(): StreamMessage | undefined {
    return undefined;
  }
  /** Well-formed messages' push-pull nodes that were left out because they are invalid (wire specification §13.13). */
  get rejectedNodeCount(): number {
    return 0;
  }
  /** Whether this error, thrown by this reader, is answered before closing (wire specification §11.4). */
  needsErrorReply(error: WireError): boolean {
    return error.code === "no-key";
  }
}
