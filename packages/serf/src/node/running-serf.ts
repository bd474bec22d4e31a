/**
 * A live member of a Serf cluster, as a program holds it.
 *
 * Read next: `start-serf.ts`, which makes one.
 */
import type { Coordinate } from "@x/vivaldi";
import type { KeyOutcome } from "../key-manager.ts";
import type { Member, Tags } from "../member.ts";
import type { LamportTime, SerfEvent } from "../serf-event.ts";

/** Whatever waits can be given up. */
export interface Cancellable {
  /** Aborting rejects with `signal.reason`; what is already on the wire stays there. */
  readonly signal?: AbortSignal;
}

/** How to join. */
export interface JoinOptions extends Cancellable {
  /** Do not deliver user events from before the join. Default `true`. */
  readonly ignoreOldEvents?: boolean;
}

/** Whom to ask, for how long, and how the answers come back. */
export interface QueryOptions extends Cancellable {
  readonly filterNodes?: readonly string[];
  /** Tag name → RE2 expression that must match somewhere in the tag's value. */
  readonly filterTags?: Tags;
  /** 0 or absent: the default of the cluster's size. */
  readonly timeoutMs?: number;
  /** 0 to 255 extra relayed copies of each answer. */
  readonly relayFactor?: number;
  /** Ask for acks. */
  readonly ack?: boolean;
  /** End as soon as every member expected to answer has acked and responded. Default `true`. */
  readonly endEarly?: boolean;
}

/** An ack says "I have heard the question", a response answers it; each member sends at most one of each. */
export type QueryAnswer =
  | { readonly kind: "ack"; readonly from: string }
  | { readonly kind: "response"; readonly from: string; readonly payload: Uint8Array };

/** A query in flight: iterate it for acks and responses; the iteration ends at the deadline. */
export interface RunningQuery extends AsyncIterable<QueryAnswer> {
  readonly id: number;
  readonly lamportTime: LamportTime;
  readonly deadlineMs: number;
  /** Alive members that pass the node filter, as known when asked. */
  readonly expected: readonly string[];
  /** Expected members that have not acked (or, without acks, not responded) so far. */
  missing(): readonly string[];
  close(): void;
}

export type { KeyOutcome };

/** Key operations on the whole cluster. Every member must confirm: look at `error`. */
export interface KeyManager {
  /** @param key - base64, 16, 24 or 32 bytes decoded. @throws {SerfError} `invalid-base64`. */
  install(key: string, options?: { relayFactor?: number } & Cancellable): Promise<KeyOutcome>;
  use(key: string, options?: { relayFactor?: number } & Cancellable): Promise<KeyOutcome>;
  remove(key: string, options?: { relayFactor?: number } & Cancellable): Promise<KeyOutcome>;
  list(options?: { relayFactor?: number } & Cancellable): Promise<KeyOutcome>;
}

/** The member. Nothing it returns changes afterwards: a newer state is another object. */
export interface RunningSerf extends AsyncDisposable {
  readonly localMember: Member;
  /** Every member of the table, failed and left ones included. */
  readonly members: readonly Member[];
  /** Another number than before once `members` may differ: for those who keep what they made of it. */
  readonly memberRevision: number;
  readonly state: "alive" | "leaving" | "left" | "shutdown";
  readonly isEncrypted: boolean;
  /**
   * @returns the number of addresses contacted.
   * @throws {SerfError} `join-failed` with all failures in `failures`, when none answered;
   *   `not-alive` after leave or shutdown.
   */
  join(addresses: readonly string[], options?: JoinOptions): Promise<number>;
  /** Tells the others, waits until the news is out, and stays as `left`. @throws {SerfError} `leave-in-progress`. */
  leave(options?: Cancellable): Promise<void>;
  /** @throws {SerfError} `broadcast-timeout`. Unknown names succeed: the intent is told all the same. */
  forceLeave(name: string, options?: { prune?: boolean } & Cancellable): Promise<void>;
  /** Replaces all tags. @throws {SerfError} `tags-too-large`, `broadcast-timeout` (the tags stay changed). */
  setTags(tags: Tags, options?: Cancellable): Promise<void>;
  /** @throws {SerfError} `event-too-large`, with the reference's text; `not-alive` after shutdown. */
  userEvent(name: string, payload?: Uint8Array, options?: { coalesce?: boolean }): void;
  /** @throws {SerfError} `query-too-large`, `query-unsupported`, `query-limit`, `not-alive`. */
  query(name: string, payload?: Uint8Array, options?: QueryOptions): RunningQuery;
  /** Bounded; what a slow reader misses is told by an `overflow` item, never lost silently. */
  events(
    options?: { bufferLimit?: number } & Cancellable,
  ): AsyncIterable<SerfEvent | { readonly kind: "overflow"; readonly droppedCount: number }>;
  readonly keys: KeyManager;
  /** Own coordinate without a name. `undefined` when unknown or switched off. */
  coordinate(name?: string): Coordinate | undefined;
  /** Estimated round-trip time in milliseconds, if both coordinates are known. */
  rtt(from: string, to?: string): number | undefined;
  /** The reference's keys and text values. Source: Serf specification §16 rule 7. */
  stats(): Readonly<Record<string, string>>;
  /** Resolves when this member is shut down for whatever reason, e.g. a lost name conflict. */
  readonly closed: Promise<void>;
  /** Stops at once; without a leave before, the others see a failure. */
  close(): Promise<void>;
}
