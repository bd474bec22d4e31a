/** Members as plain values. */
import type { Member, Tags } from "../../src/member.ts";
import type { MemberEvent, MemberEventKind, UserEvent } from "../../src/serf-event.ts";

export function member(
  name: string,
  options: { readonly tags?: Tags; readonly address?: string; readonly port?: number } = {},
): Member {
  return {
    name,
    endpoint: { address: options.address ?? "127.0.0.1", port: options.port ?? 7946 },
    addressBytes: new Uint8Array([127, 0, 0, 1]),
    tags: options.tags ?? {},
    status: "alive",
    versions: {
      protocolMin: 1,
      protocolMax: 5,
      protocolCurrent: 2,
      delegateMin: 2,
      delegateMax: 5,
      delegateCurrent: 4,
    },
  };
}

export function memberEvent(kind: MemberEventKind, ...members: readonly Member[]): MemberEvent {
  return { kind, members };
}

export function userEvent(
  name: string,
  lamportTime: bigint,
  options: { readonly payload?: Uint8Array; readonly coalesce?: boolean } = {},
): UserEvent {
  return {
    kind: "user",
    lamportTime,
    name,
    payload: options.payload ?? new Uint8Array(),
    coalesce: options.coalesce ?? true,
  };
}
