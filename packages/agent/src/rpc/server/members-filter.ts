/**
 * Which members `members-filtered` returns.
 *
 * Source: RPC specification §5.1, members-filtered.
 */
import type { Member } from "@x/serf";
import { RE2JS } from "re2js";
import type { MembersFilteredRequest } from "../command.ts";

/**
 * Longest expression, in UTF-16 units. RE2 matches in linear time, but an expression is compiled
 * before it can be refused, and a mebibyte of it would hold up every other client meanwhile.
 */
export const EXPRESSION_LENGTH_LIMIT = 4096;

/**
 * @throws {Error} `Failed to compile regex: …` with the text of the reference's own compiler.
 */
export function compileMembersFilter(request: MembersFilteredRequest): (member: Member) => boolean {
  const tags = Object.entries(request.Tags).map(
    ([tag, expression]) => [tag, compileAnchored(expression)] as const,
  );
  const status = request.Status === "" ? undefined : compileAnchored(request.Status);
  const name = request.Name === "" ? undefined : compileAnchored(request.Name);
  return (member) =>
    tags.every(([tag, expression]) => expression(tagOf(member, tag))) &&
    (status === undefined || status(member.status)) &&
    (name === undefined || name(member.name));
}

/** A missing tag counts as an empty one. */
function tagOf(member: Member, tag: string): string {
  return Object.hasOwn(member.tags, tag) ? (member.tags[tag] ?? "") : "";
}

/** The anchors are added without a group: `a|b` means `^a` or `b$`, as in the reference. */
function compileAnchored(expression: string): (text: string) => boolean {
  if (expression.length > EXPRESSION_LENGTH_LIMIT) {
    throw new Error(`Failed to compile regex: longer than ${EXPRESSION_LENGTH_LIMIT} characters`);
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(`^${expression}$`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Failed to compile regex: ${why}`, { cause: error });
  }
  return (text) => compiled.matcher(text).find();
}
