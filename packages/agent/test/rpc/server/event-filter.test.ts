import { describe, expect, it } from "vitest";
import { FILTER_ITEM_LIMIT, parseEventFilter } from "../../../src/rpc/server/event-filter.ts";
import { member, queryEvent, userEvent } from "../../support/scripted-backend.ts";

const join = { kind: "member-join", members: [member("a")] } as const;

describe("parseEventFilter (RPC specification §6)", () => {
  it.each([
    ["", [true, true, true]],
    ["*", [true, true, true]],
    ["user", [false, true, false]],
    ["user:", [false, true, false]],
    ["user:deploy", [false, true, false]],
    ["user:other", [false, false, false]],
    ["query:deploy", [false, false, true]],
    ["query:other,member-join", [true, false, false]],
    ["user:deploy,user,user:x", [false, true, false]],
  ])("%j matches a join, a user event and a query: %j", (text, expected) => {
    const matches = parseEventFilter(text);

    const actual = [join, userEvent("deploy"), queryEvent("deploy")].map((each) => matches?.(each));

    expect(actual).toEqual(expected);
  });

  it.each(["member-join,", ",", "USER", "member-join, user", "member:x", "users", "*:", ":"])(
    "refuses %j",
    (text) => {
      expect(parseEventFilter(text)).toBeUndefined();
    },
  );

  it("takes as many items as the limit says, and not one more", () => {
    const most = Array.from({ length: FILTER_ITEM_LIMIT }, (_, index) => `user:${index}`).join();

    expect(parseEventFilter(most)?.(userEvent("7"))).toBe(true);
    expect(parseEventFilter(`${most},user`)).toBeUndefined();
  });

  it("takes a colon for a part of the name", () => {
    expect(parseEventFilter("user:a:b")?.(userEvent("a:b"))).toBe(true);
  });
});
