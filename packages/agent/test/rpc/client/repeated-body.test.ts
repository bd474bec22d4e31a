import { describe, expect, it } from "vitest";
import { encodeValue, list, text } from "../../../src/rpc/record-codec.ts";
import { REPEATED_BODY_LIMIT, RepeatedBody } from "../../../src/rpc/client/repeated-body.ts";

const names = list(text);

describe("RepeatedBody", () => {
  it("gives the same value for the same bytes, and another for others", () => {
    const body = new RepeatedBody(names);
    const bytes = encodeValue(names, ["a", "b"]);

    const first = body.decode(bytes);
    const second = body.decode(bytes.slice());
    const third = body.decode(encodeValue(names, ["a", "c"]));

    expect(second).toBe(first);
    expect([first, third]).toEqual([
      ["a", "b"],
      ["a", "c"],
    ]);
  });

  it("is not fooled by memory that is used again", () => {
    const body = new RepeatedBody(names);
    const bytes = encodeValue(names, ["a"]);
    body.decode(bytes);

    bytes[2] = 0x62;

    expect(body.decode(bytes)).toEqual(["b"]);
  });

  it("keeps a body of the limit, and none longer", () => {
    const headBytes = 5;
    const atLimit = encodeValue(names, ["x".repeat(REPEATED_BODY_LIMIT - headBytes - 1)]);
    const beyond = encodeValue(names, ["x".repeat(REPEATED_BODY_LIMIT - headBytes)]);
    const lists = new RepeatedBody(names);

    expect(atLimit.length).toBe(REPEATED_BODY_LIMIT);
    expect(lists.decode(atLimit)).toBe(lists.decode(atLimit));
    expect(lists.decode(beyond)).not.toBe(lists.decode(beyond));
  });
});
