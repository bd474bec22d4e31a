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

/** `[pmin, pmax, pcur, dmin, dmax, dcur]`, as on the wire. */
type Versions = Uint8Array;

/** `[pmin, pmax, dmin, dmax]` that everybody alive understands. */
type CommonRange = [number, number, number, number];

export type VersionAgreement =
  | { readonly kind: "agreed"; readonly isLeftOut: (node: PushPullNode) => boolean }
  | { readonly kind: "refused"; readonly name: string; readonly message: string };

/** Compares a received list with our own table. O(received), and allocates nothing per member. */
export function agreeOnVersions(
  remote: readonly PushPullNode[],
  table: MemberTable,
): VersionAgreement {
  const range = commonRange(remote, table);
  for (const { name, state, versions } of remote) {
    if (state !== WireState.alive || !hasAllVersions(versions)) continue;
    if (!fits(versions, range)) return refusal(name, versions, range);
  }
  for (const versions of table.spokenVersions()) {
    if (!fits(versions, range)) return refusal(speakerOf(versions, table), versions, range);
  }
  return {
    kind: "agreed",
    isLeftOut: ({ versions }) => !hasAllVersions(versions) || !fits(versions, range),
  };
}

function commonRange(remote: readonly PushPullNode[], table: MemberTable): CommonRange {
  const range: CommonRange = [0, 255, 0, 255];
  for (const { state, versions } of remote) {
    if (state === WireState.alive && hasAllVersions(versions)) narrow(range, versions);
  }
  for (const versions of table.spokenVersions()) narrow(range, versions);
  return range;
}

function narrow(range: CommonRange, versions: Versions): void {
  range[0] = Math.max(range[0], versions[0] ?? 0);
  range[1] = Math.min(range[1], versions[1] ?? 0);
  range[2] = Math.max(range[2], versions[3] ?? 0);
  range[3] = Math.min(range[3], versions[4] ?? 0);
}

function fits(
  versions: Versions,
  [protocolMin, protocolMax, delegateMin, delegateMax]: CommonRange,
): boolean {
  const protocolCurrent = versions[2] ?? 0;
  const delegateCurrent = versions[5] ?? 0;
  return (
    protocolCurrent >= protocolMin &&
    protocolCurrent <= protocolMax &&
    delegateCurrent >= delegateMin &&
    delegateCurrent <= delegateMax
  );
}

/** Somebody alive who speaks these versions. */
function speakerOf(versions: Versions, table: MemberTable): string {
  for (let row = 0; row < table.size; row += 1) {
    const { name, versionBytes } = table.record(row);
    if (table.state(row) === "alive" && versionBytes === versions) return name;
  }
  return "";
}

function refusal(name: string, versions: Versions, range: CommonRange): VersionAgreement {
  const spoken = `protocol ${versions[2]}, delegate protocol ${versions[5]}`;
  const understood = `${range[0]} to ${range[1]}, ${range[2]} to ${range[3]}`;
  return {
    kind: "refused",
    name,
    message: `${name} speaks ${spoken}; all understand ${understood}`,
  };
}
