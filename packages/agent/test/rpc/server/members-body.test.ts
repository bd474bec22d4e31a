import type { Member } from "@x/serf";
import { describe, expect, it } from "vitest";
import { commandCodecs } from "../../../src/rpc/command.ts";
import { decodeValue } from "../../../src/rpc/record-codec.ts";
import { MembersBody } from "../../../src/rpc/server/members-body.ts";
import { member } from "../../support/members.ts";

function names(body: Uint8Array): string[] {
  return decodeValue(commandCodecs.members.response, body).Members.map(({ Name }) => Name);
}

describe("MembersBody", () => {
  it("is encoded anew only after a change", () => {
    let asked = 0;
    let memberList: readonly Member[] = [member({ name: "a" })];
    const source = {
      memberRevision: 1,
      members: () => {
        asked += 1;
        return memberList;
      },
    };
    const body = new MembersBody(source);

    const first = body.encoded();
    const second = body.encoded();
    memberList = [member({ name: "a" }), member({ name: "b" })];
    source.memberRevision = 2;
    const third = body.encoded();

    expect(second).toBe(first);
    expect(asked).toBe(2);
    expect([names(first), names(third)]).toEqual([["a"], ["a", "b"]]);
  });
});
