/**
 * Members as `serf members` shows them, for people and for programs.
 *
 * Source: CLI specification §5.1.
 */
import type { RpcMember } from "@x/agent/rpc-client";
import { formatColumns } from "./columns.ts";
import { formatJson, type JsonOutput, sortedKeys } from "./json.ts";

function address(member: RpcMember): string {
  return member.address.includes(":")
    ? `[${member.address}]:${member.port}`
    : `${member.address}:${member.port}`;
}

function tagText(tags: Readonly<Record<string, string>>): string {
  return Object.entries(sortedKeys(tags))
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}

/** By name, byte order, so that two calls show the same. */
export function sortMembers(members: readonly RpcMember[]): readonly RpcMember[] {
  return members.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/** Rows of name, address, status and tags; with `isDetailed` the protocol versions too. */
export function memberTable(members: readonly RpcMember[], isDetailed: boolean): string {
  const rows = members.map((member) => {
    const row = [member.name, address(member), member.status, tagText(member.tags)];
    if (isDetailed) {
      const { delegateMin, delegateMax, delegateCurrent } = member.versions;
      row.push(
        `Protocol Version: ${delegateCurrent}`,
        `Available Protocol Range: [${delegateMin}, ${delegateMax}]`,
      );
    }
    return row;
  });
  return formatColumns(rows).trim();
}

/** The same for programs; nobody at all is `null`. */
export function memberJson(members: readonly RpcMember[]): string {
  const list: JsonOutput[] = members.map((member) => ({
    name: member.name,
    addr: address(member),
    port: member.port,
    tags: sortedKeys(member.tags),
    status: member.status,
    protocol: {
      max: member.versions.delegateMax,
      min: member.versions.delegateMin,
      version: member.versions.delegateCurrent,
    },
  }));
  return formatJson({ members: list.length === 0 ? null : list });
}
