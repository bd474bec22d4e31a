/**
 * The errors this package throws or rejects with. Nothing that comes from the network throws:
 * it is counted and reported instead.
 */

/** Callers branch on the code, never on the text. */
export type SerfErrorCode =
  /** No address of a `join` answered; `failures` says why, one by one. */
  | "join-failed"
  /** The operation needs a member that has neither left nor been shut down. */
  | "not-alive"
  /** `leave` while a leave is under way. */
  | "leave-in-progress"
  /** The news was not sent often enough within the broadcast timeout. */
  | "broadcast-timeout"
  /** Encoded tags exceed 512 bytes. */
  | "tags-too-large"
  /** A user event exceeds a limit, or could never leave in a packet. */
  | "event-too-large"
  /** A query exceeds a limit, or could never leave in a packet. */
  | "query-too-large"
  /** Protocol versions below 4 may not ask queries. */
  | "query-unsupported"
  /** Too many queries of this member are waiting for answers. */
  | "query-limit"
  /** One delivered query takes one answer. */
  | "response-already-sent"
  | "response-too-large"
  /** The asker does not listen any more. */
  | "past-deadline"
  /** Key text that is not base64. */
  | "invalid-base64"
  /** Own name empty, too long, or with characters that are not allowed. */
  | "invalid-name";

/** An operation of Serf failed. */
export class SerfError extends Error {
  override readonly name = "SerfError";
  readonly code: SerfErrorCode;
  /** Of `join-failed`: one line for each address that did not answer; else empty. */
  readonly failures: readonly string[];

  constructor(
    code: SerfErrorCode,
    message: string,
    options?: { readonly cause?: unknown; readonly failures?: readonly string[] },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.failures = options?.failures ?? [];
  }
}
