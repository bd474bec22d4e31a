import { describe, expect, it } from "vitest";
import {
  EXPRESSION_BYTES_LIMIT,
  compileMembersFilter,
} from "../../../src/rpc/server/members-filter.ts";
import { member } from "../../support/scripted-backend.ts";

const foo = member("foo", { tags: { role: "web", dc: "east\n" } });

function matches(filter: { Tags?: Record<string, string>; Status?: string; Name?: string }) {
  return compileMembersFilter({ Tags: {}, Status: "", Name: "", ...filter })(foo);
}

describe("compileMembersFilter (RPC specification §5.1)", () => {
  it.each([
    [{}, true],
    [{ Name: "f.*" }, true],
    [{ Name: "oo" }, false],
    [{ Name: "fo|ba" }, true],
    [{ Name: "(?:fo|ba)" }, false],
    [{ Name: "(?i)FOO" }, true],
    [{ Name: "\\pL+" }, true],
    [{ Name: "[[:alpha:]]+" }, true],
    [{ Status: "alive" }, true],
    [{ Status: "failed|left" }, false],
    [{ Tags: { role: "web" } }, true],
    [{ Tags: { role: "web", dc: "west" } }, false],
    [{ Tags: { dc: "east" } }, false],
    [{ Tags: { absent: "" } }, true],
    [{ Tags: { absent: ".*" } }, true],
    [{ Tags: { absent: ".+" } }, false],
    [{ Tags: { toString: "" } }, true],
  ])("%j: %s", (filter, expected) => {
    expect(matches(filter)).toBe(expected);
  });

  it.each([
    ["(", "missing closing ): `^($`"],
    ["(?=a)", "invalid or unsupported Perl syntax: `(?=`"],
    ["x{1001}", "invalid repeat count: `{1001}`"],
  ])("refuses %s in the reference's words", (Name, why) => {
    expect(() => matches({ Name })).toThrow(
      `Failed to compile regex: error parsing regexp: ${why}`,
    );
  });

  it.each(["((((a{1000}){100}){100}){100})", `(?:${"\\pL".repeat(1_000)})`])(
    "refuses %s, which would hold up the other clients, without compiling it",
    (Name) => {
      expect(() => matches({ Name })).toThrow("error parsing regexp: expression too large");
    },
  );

  it("takes bytes that are not UTF-8 for U+FFFD, as Go does", () => {
    const filter = compileMembersFilter({ Tags: { raw: "\\x{FFFD}" }, Status: "", Name: "" });

    expect(filter(member("foo", { tags: { raw: "\udc80" } }))).toBe(true);
  });

  it("takes an expression of exactly the limit and refuses one longer", () => {
    const longest = "x".repeat(EXPRESSION_BYTES_LIMIT);

    expect(matches({ Name: longest })).toBe(false);
    expect(() => matches({ Name: `${longest}x` })).toThrow(
      "Failed to compile regex: error parsing regexp: expression longer than",
    );
  });
});
