import { describe, expect, it } from "vitest";
import {
  InvalidHandlerError,
  isValidFilter,
  matchesFilter,
  parseEventFilters,
  parseHandlerSpec,
} from "../../src/handler/handler-spec.ts";

describe("parseHandlerSpec (agent specification §6)", () => {
  it.each([
    ["foo.sh", [["*", "", "foo.sh"]]],
    ["=foo.sh", [["*", "", "foo.sh"]]],
    ["member-join=foo.sh", [["member-join", "", "foo.sh"]]],
    ["user:deploy=a=b", [["user", "deploy", "a=b"]]],
    [
      "member-leave,user:blah,query:tubez=script.sh",
      [
        ["member-leave", "", "script.sh"],
        ["user", "blah", "script.sh"],
        ["query", "tubez", "script.sh"],
      ],
    ],
    ["*=FOO=1 ./x.sh", [["*", "", "FOO=1 ./x.sh"]]],
  ])("splits %s", (text, expected) => {
    const pairs = parseHandlerSpec(text).map(({ filter, script }) => [
      filter.event,
      filter.name,
      script,
    ]);

    expect(pairs).toEqual(expected);
  });

  it.each([
    ["FOO=1 ./x.sh", "Invalid event script: Event 'FOO' invoking '1 ./x.sh'"],
    ["member-join,=x", "Invalid event script: Event '' invoking 'x'"],
    ["member-join:a=x", "Invalid event script: Event 'member-join:a' invoking 'x'"],
  ])("refuses %s", (text, message) => {
    expect(() => parseHandlerSpec(text)).toThrow(new InvalidHandlerError(message));
  });
});

describe("isValidFilter", () => {
  it.each([
    ["member-join", true],
    ["user", true],
    ["user:x", true],
    ["query:", true],
    ["*", true],
    ["User", false],
    ["member", false],
    ["Query", false],
    [" user", false],
  ])("judges %j", (text, valid) => {
    expect(parseEventFilters(text).every(isValidFilter)).toBe(valid);
  });
});

describe("matchesFilter", () => {
  it.each([
    ["*", "member-join", "", true],
    ["", "query", "x", true],
    ["member-join", "member-join", "", true],
    ["member-join", "member-leave", "", false],
    ["user", "user", "deploy", true],
    ["user:deploy", "user", "deploy", true],
    ["user:deploy", "user", "restart", false],
    ["user:deploy", "query", "deploy", false],
    ["user:", "user", "any", true],
    ["query:load", "query", "load", true],
  ])("lets filter %j pass %s %s: %s", (filter, event, name, passes) => {
    expect(parseEventFilters(filter).some((item) => matchesFilter(item, event, name))).toBe(passes);
  });
});
