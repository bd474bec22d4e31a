/**
 * What this member says about itself, and pictures of what others say.
 *
 * Source: behaviour specification §12, §17.
 */
import { MemberRecord, type MemberDescription } from "./member-record.ts";
import type { Member, MemberState } from "./member.ts";
import type { SwimOptions } from "./swim-options.ts";
import { addressBytes, canonicalAddress, type AliveMessage } from "./wire/index.ts";

/** Protocols this implementation understands. Source: behaviour specification §12. */
export const PROTOCOL_MIN = 1;
export const PROTOCOL_MAX = 5;

/** Always in the 4-byte form for IPv4: reference members take a change of form for a conflict. */
export function describeSelf(options: SwimOptions, meta: Uint8Array): MemberDescription {
  const { advertiseEndpoint, protocolVersion } = options;
  return {
    address: canonicalAddress(addressBytes(advertiseEndpoint.address)),
    port: advertiseEndpoint.port,
    meta,
    versions: Uint8Array.of(
      PROTOCOL_MIN,
      PROTOCOL_MAX,
      protocolVersion,
      options.delegateProtocolMin,
      options.delegateProtocolMax,
      options.delegateProtocolVersion,
    ),
  };
}

/** A member as a claim describes it, whether or not the claim is believed. */
export function pictureOf(
  claim: MemberDescription & Pick<AliveMessage, "incarnation" | "node">,
  state: MemberState = "alive",
): Member {
  // The number is an index of a pool, and this record is in none.
  const record = new MemberRecord({ name: claim.node, number: -1, hash: 0 }, claim);
  return record.picture(claim.incarnation, state);
}
