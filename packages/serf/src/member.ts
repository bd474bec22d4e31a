/**
 * A member as Serf sees it: with tags, and with a status that tells a leave from a failure.
 *
 * Source: Serf specification §5.
 */
import type { Endpoint, ProtocolVersions } from "@x/swim";

/** `left` went by itself or was sent away, `failed` was not heard of any more, `leaving` is on its way; `none` is not in the table yet. */
export type MemberStatus = "none" | "alive" | "leaving" | "left" | "failed";

/** What a member says about itself: at most 512 bytes encoded. */
export type Tags = Readonly<Record<string, string>>;

/** An immutable picture of a member; a newer one is another object. */
export interface Member {
  readonly name: string;
  readonly endpoint: Endpoint;
  /** Raw IP exactly as announced, 4 or 16 bytes; RPC clients of the reference get these bytes. */
  readonly addressBytes: Uint8Array;
  readonly tags: Tags;
  readonly status: MemberStatus;
  /** `protocol*` are SWIM's versions, `delegate*` Serf's. */
  readonly versions: ProtocolVersions;
}
