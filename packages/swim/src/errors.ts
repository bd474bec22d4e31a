/**
 * The errors this package throws or rejects with. Nothing that comes from the network throws:
 * it is counted and reported instead.
 */

/** Callers branch on the code, never on the text. */
export type SwimErrorCode =
  /** `leave`, `updateMeta`, … after `shutdown`. */
  | "shut-down"
  /** Before `start`, or `start` twice. */
  | "not-started"
  /** No address of a `join` answered. */
  | "no-seed-answered"
  /** A broadcast did not finish within its time. */
  | "timed-out"
  /** The text given to `join` is not an address. */
  | "invalid-address"
  /** The payload is longer than what fits. */
  | "too-large"
  /** A member without a name was addressed although `requireNames` is set. */
  | "name-required";

/** An operation of the membership layer failed. */
export class SwimError extends Error {
  override readonly name = "SwimError";
  readonly code: SwimErrorCode;

  constructor(code: SwimErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Something that can never happen has happened: a defect of this package, not of its caller. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}
