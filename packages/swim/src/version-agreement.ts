/**
 * Whether the members of two lists can speak with each other.
 *
 * Deviation: in the reference one record that does not fit, even of a member long dead, refuses the
 * whole exchange and splits the cluster. Here only a living member that does not fit refuses it; a
 * record without versions, or of a dead or suspect member that does not fit, is left out alone.
 *
 * Source: behaviour specification §12, §19.9.
 */
import { hasAllVersions } from "./admission.ts";
import type { MemberTable } from "./member-table.ts";
import { WireState, type PushPullNode } from "./wire/index.ts";

/** Protocols everybody alive understands. */
interface CommonRange {
  protocolMin: number;
  protocolMax: number;
  delegateMin: number;
  delegateMax: number;
}

interface Spoken {
  readonly protocolMin: number;
  readonly protocolMax: number;
  readonly protocolCurrent: number;
  readonly delegateMin: number;
  readonly delegateMax: number;
  readonly delegateCurrent: number;
}

export type VersionAgreement =
  | { readonly kind: "agreed"; readonly isLeftOut: (node: PushPullNode) => boolean }
  | { readonly kind: "refused"; readonly name: string; readonly message: string };

/** Compares a received list with our own table. O(n). */
export function agreeOnVersions(
  remote: readonly PushPullNode[],
  table: MemberTable,
): VersionAgreement {
  const range = commonRange(remote, table);
  for (const node of remote) {
    if (node.state !== WireState.alive || !hasAllVersions(node.versions)) continue;
    const versions = spokenBy(node.versions);
    if (!fits(versions, range)) return refusal(node.name, versions, range);
  }
  for (let row = 0; row < table.size; row += 1) {
    if (table.state(row) !== "alive") continue;
    const { name, versions } = table.record(row);
    if (!fits(versions, range)) return refusal(name, versions, range);
  }
  return {
    kind: "agreed",
    isLeftOut: (node) => !hasAllVersions(node.versions) || !fits(spokenBy(node.versions), range),
  };
}

function commonRange(remote: readonly PushPullNode[], table: MemberTable): CommonRange {
  const range = { protocolMin: 0, protocolMax: 255, delegateMin: 0, delegateMax: 255 };
  for (const node of remote) {
    if (node.state === WireState.alive && hasAllVersions(node.versions)) {
      narrow(range, spokenBy(node.versions));
    }
  }
  for (let row = 0; row < table.size; row += 1) {
    if (table.state(row) === "alive") narrow(range, table.record(row).versions);
  }
  return range;
}

function narrow(range: CommonRange, versions: Spoken): void {
  range.protocolMin = Math.max(range.protocolMin, versions.protocolMin);
  range.protocolMax = Math.min(range.protocolMax, versions.protocolMax);
  range.delegateMin = Math.max(range.delegateMin, versions.delegateMin);
  range.delegateMax = Math.min(range.delegateMax, versions.delegateMax);
}

function fits({ protocolCurrent, delegateCurrent }: Spoken, range: CommonRange): boolean {
  return (
    protocolCurrent >= range.protocolMin &&
    protocolCurrent <= range.protocolMax &&
    delegateCurrent >= range.delegateMin &&
    delegateCurrent <= range.delegateMax
  );
}

function spokenBy(bytes: Uint8Array): Spoken {
  const [protocolMin = 0, protocolMax = 0, protocolCurrent = 0] = bytes;
  const [, , , delegateMin = 0, delegateMax = 0, delegateCurrent = 0] = bytes;
  return {
    protocolMin,
    protocolMax,
    protocolCurrent,
    delegateMin,
    delegateMax,
    delegateCurrent,
  };
}

function refusal(name: string, versions: Spoken, range: CommonRange): VersionAgreement {
  const spoken = `protocol ${versions.protocolCurrent}, delegate protocol ${versions.delegateCurrent}`;
  const wanted = `${range.protocolMin} to ${range.protocolMax}, ${range.delegateMin} to ${range.delegateMax}`;
  return { kind: "refused", name, message: `${name} speaks ${spoken}; all understand ${wanted}` };
}
