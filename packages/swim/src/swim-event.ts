/**
 * Everything a SWIM core may tell its user.
 *
 * Source: behaviour specification §3, §11.
 */
import type { Member } from "./member.ts";

export type SwimEvent =
  | { readonly kind: "member-joined"; readonly member: Member }
  /** `member.state` tells a graceful departure (`left`) from a failure (`dead`). */
  | { readonly kind: "member-left"; readonly member: Member }
  /** Its metadata changed. */
  | { readonly kind: "member-updated"; readonly member: Member; readonly previous: Member }
  /** Accused, with time to refute. Not told by the reference; useful to watch. */
  | { readonly kind: "member-suspected"; readonly member: Member; readonly accuser: string }
  | { readonly kind: "suspicion-refuted"; readonly member: Member }
  | { readonly kind: "user-message"; readonly payload: Uint8Array };
