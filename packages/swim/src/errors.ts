/**
 * The errors this package throws or rejects with. Nothing that comes from the network throws:
 * it is counted and reported instead.
 */

import type { Endpoint } from "./protocol-core.ts";

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
  /** Neither the DNS server nor the system knows the host name. */
  | "unresolved-address"
  /** Bound to every address, and none of them is one to advertise. */
  | "no-private-address"
  /** A name that is in no record. */
  | "unknown-member"
  /** A message could not be handed over. */
  | "send-failed"
  /** The payload is longer than what fits. */
  | "too-large"
  /** A member without a name was addressed although `requireNames` is set. */
  | "name-required";

/** Why one address given to `join` did not lead to a member. */
export type SeedFailure =
  | { readonly kind: "unresolved"; readonly text: string; readonly message: string }
  | {
      readonly kind: "unanswered";
      readonly text: string;
      /** The address tried: one host name may have several. */
      readonly endpoint: Endpoint;
      readonly message: string;
    };

/** An operation of the membership layer failed. */
export class SwimError extends Error {
  override readonly name = "SwimError";
  readonly code: SwimErrorCode;
  /** With `no-seed-answered`: every address and why, in the order given. Otherwise empty. */
  readonly failures: readonly SeedFailure[];

  constructor(
    code: SwimErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly failures?: readonly SeedFailure[] } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.failures = options.failures ?? [];
  }
}

/** Something that can never happen has happened: a defect of this package, not of its caller. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}
