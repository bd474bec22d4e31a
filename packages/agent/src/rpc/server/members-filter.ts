/**
 * Which members `members-filtered` returns.
 *
 * Source: RPC specification §5.1, members-filtered.
 */
import { compileRe2, Re2Error, type Member, type Re2Expression } from "@x/serf";
import type { MembersFilteredRequest } from "../command.ts";

/**
 * Longest expression, in bytes. RE2 matches in linear time, but an expression is compiled before it
 * can be refused, and a mebibyte of it would hold up every other client meanwhile.
 */
export const EXPRESSION_BYTES_LIMIT = 4096;

/** `^` and `$`. */
const ANCHOR_BYTES = 2;

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
  let compiled: Re2Expression;
  try {
    compiled = compileRe2(`^${expression}$`, { bytesLimit: EXPRESSION_BYTES_LIMIT + ANCHOR_BYTES });
  } catch (error) {
    if (!(error instanceof Re2Error)) throw error;
    throw new Error(`Failed to compile regex: ${error.message}`, { cause: error });
  }
  return (text) => compiled.test(text);
}
