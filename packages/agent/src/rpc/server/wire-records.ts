/** From what the agent holds to what stands on the wire. Source: RPC specification §5. */
import type { Member } from "@x/serf";
import type { KeyOutcome } from "@x/serf/node";
import type { Coordinate } from "@x/vivaldi";
import type { CoordinateResponse, KeysResponse, WireMember } from "../command.ts";

export function toWireMember(member: Member): WireMember {
  return {
    Name: member.name,
    Addr: member.addressBytes,
    Port: member.endpoint.port,
    Tags: member.tags,
    Status: member.status,
    ProtocolMin: member.versions.protocolMin,
    ProtocolMax: member.versions.protocolMax,
    ProtocolCur: member.versions.protocolCurrent,
    DelegateMin: member.versions.delegateMin,
    DelegateMax: member.versions.delegateMax,
    DelegateCur: member.versions.delegateCurrent,
  };
}

/** An empty payload and none are the same to the agent; the wire then says none. */
export function toWirePayload(payload: Uint8Array): Uint8Array | null {
  return payload.length === 0 ? null : payload;
}

/** Only `list-keys` tells keys; the other commands say nil. */
export function toWireKeys(
  outcome: KeyOutcome,
  { listsKeys }: { readonly listsKeys: boolean },
): KeysResponse {
  return {
    Messages: Object.fromEntries(outcome.messages),
    Keys: listsKeys ? Object.fromEntries(outcome.keys) : null,
    NumNodes: outcome.memberCount,
    NumErr: outcome.errorCount,
    NumResp: outcome.responseCount,
  };
}

export function toWireCoordinate(coordinate: Coordinate | undefined): CoordinateResponse {
  if (coordinate === undefined) {
    return { Coord: { Vec: null, Error: 0, Adjustment: 0, Height: 0 }, Ok: false };
  }
  return {
    Coord: {
      Vec: [...coordinate.vector],
      Error: coordinate.error,
      Adjustment: coordinate.adjustment,
      Height: coordinate.height,
    },
    Ok: true,
  };
}
