import { MsgpackWriter, WireError, type WireErrorCode } from "@x/swim/wire";
import { describe, expect, it } from "vitest";
import { keyCountLimit, tagCountLimit } from "../../src/wire/answer-codec.ts";
import { decodeFilter } from "../../src/wire/filter-codec.ts";
import {
  decodeArrivingMessage,
  decodeKeyRequest,
  decodeSerfMessage,
  encodeSerfMessage,
} from "../../src/wire/message-codec.ts";
import type { RelayMessage } from "../../src/wire/message.ts";
import { coordinateDimensionLimit, decodePingPayload } from "../../src/wire/ping-payload.ts";
import { pushPullStateLimits } from "../../src/wire/push-pull-codec.ts";
import { queryFilterCountLimit } from "../../src/wire/query-codec.ts";
import { fromHex } from "../support/vectors.ts";

function codeOf(decode: () => unknown): WireErrorCode | undefined {
  try {
    decode();
    return undefined;
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
}

/** A record of type `type` with one field, a list of `count` elements that are each one byte. */
function withList(type: number, field: string, count: number, element: number): Uint8Array {
  const writer = new MsgpackWriter();
  writer.writeByte(type);
  writer.writeMapHeader(1);
  writer.writeString(field);
  writer.writeArrayHeader(count);
  writer.writeBytes(new Uint8Array(count).fill(element));
  return writer.finish();
}

function withMap(type: number, field: string, count: number): Uint8Array {
  const writer = new MsgpackWriter();
  writer.writeByte(type);
  writer.writeMapHeader(1);
  writer.writeString(field);
  writer.writeMapHeader(count);
  // Each entry is an empty key and an empty or zero value.
  for (let index = 0; index < count; index++) writer.writeBytes(new Uint8Array([0xa0, 0xc0]));
  return writer.finish();
}

const ack = fromHex("0585a5466c61677301a446726f6da26e32a2494407a54c54696d6501a75061796c6f6164c0");
const relay: RelayMessage = {
  kind: "relay",
  address: fromHex("7f000001"),
  port: 1234,
  zone: "",
  node: "test",
  inner: ack,
};

describe("decodeSerfMessage", () => {
  it("refuses a message of no bytes", () => {
    expect(codeOf(() => decodeSerfMessage(new Uint8Array()))).toBe("empty");
  });

  it("refuses type bytes that name nothing", () => {
    expect(codeOf(() => decodeSerfMessage(new Uint8Array([10, 0x80])))).toBe("unknown-type");
    expect(codeOf(() => decodeSerfMessage(new Uint8Array([255, 0x80])))).toBe("unknown-type");
  });

  it("reads a relay whose inner message begins right behind its header (§3.10)", () => {
    expect(decodeSerfMessage(encodeSerfMessage(relay))).toEqual(relay);
  });

  it("refuses a relay inside a relay (§20 item 21)", () => {
    const nested = encodeSerfMessage({ ...relay, inner: encodeSerfMessage(relay) });

    expect(codeOf(() => decodeSerfMessage(nested))).toBe("too-deep");
  });

  it("refuses a relay of nothing", () => {
    const empty = encodeSerfMessage({ ...relay, inner: new Uint8Array() });

    expect(codeOf(() => decodeSerfMessage(empty))).toBe("empty");
  });

  it("refuses a relay to a port that is none", () => {
    const toMinusOne = fromHex("0981a8446573744164647281a4506f7274ff" + "00");
    const to65536 = fromHex("0981a8446573744164647281a4506f7274ce00010000" + "00");

    expect(codeOf(() => decodeSerfMessage(toMinusOne))).toBe("out-of-range");
    expect(codeOf(() => decodeSerfMessage(to65536))).toBe("out-of-range");
  });

  it.each([
    ["filters of a query", 4, "Filters", queryFilterCountLimit],
    ["left members of a state", 2, "LeftMembers", pushPullStateLimits.memberCount],
    ["event slots of a state", 2, "Events", pushPullStateLimits.slotCount],
    ["keys of a response", 8, "Keys", keyCountLimit],
  ] as const)("takes %s up to the limit, and not one more", (_what, type, field, limit) => {
    const empty = 0xc0;

    expect(codeOf(() => decodeSerfMessage(withList(type, field, limit, empty)))).toBeUndefined();
    expect(codeOf(() => decodeSerfMessage(withList(type, field, limit + 1, empty)))).toBe(
      "too-many",
    );
  });

  it.each([
    ["status times of a state", 2, "StatusLTimes", pushPullStateLimits.memberCount],
    ["tags of a member", 6, "Tags", tagCountLimit],
  ] as const)("takes %s up to the limit, and not one more", (_what, type, field, limit) => {
    expect(codeOf(() => decodeSerfMessage(withMap(type, field, limit)))).toBeUndefined();
    expect(codeOf(() => decodeSerfMessage(withMap(type, field, limit + 1)))).toBe("too-many");
  });

  it("takes events of a state up to the limit, counted over all slots", () => {
    const half = pushPullStateLimits.eventCount / 2;
    const stateWith = (secondCount: number): Uint8Array => {
      const writer = new MsgpackWriter();
      writer.writeByte(2);
      writer.writeMapHeader(1);
      writer.writeString("Events");
      writer.writeArrayHeader(2);
      for (const count of [half, secondCount]) {
        writer.writeMapHeader(1);
        writer.writeString("Events");
        writer.writeArrayHeader(count);
        writer.writeBytes(new Uint8Array(count).fill(0xc0));
      }
      return writer.finish();
    };

    expect(codeOf(() => decodeSerfMessage(stateWith(half)))).toBeUndefined();
    expect(codeOf(() => decodeSerfMessage(stateWith(half + 1)))).toBe("too-many");
  });
});

describe("decodeArrivingMessage", () => {
  it.each([2, 6, 7, 8])("refuses type %i, which never comes as a user message (§3)", (type) => {
    expect(codeOf(() => decodeArrivingMessage(new Uint8Array([type, 0xc0])))).toBe(
      "misplaced-type",
    );
  });
});

describe("decodeKeyRequest", () => {
  it("refuses an empty payload, on which the reference crashes (§20 item 19)", () => {
    expect(codeOf(() => decodeKeyRequest(new Uint8Array()))).toBe("empty");
  });

  it("refuses another type byte, which the reference never looks at (§20 item 19)", () => {
    expect(codeOf(() => decodeKeyRequest(fromHex("0881a34b6579a0")))).toBe("misplaced-type");
  });
});

describe("decodeFilter", () => {
  it("refuses an empty filter, on which the reference crashes (§20 item 19)", () => {
    expect(codeOf(() => decodeFilter(new Uint8Array()))).toBe("empty");
  });

  it("refuses a type it does not know", () => {
    expect(codeOf(() => decodeFilter(fromHex("0290")))).toBe("unknown-type");
  });
});

describe("decodePingPayload", () => {
  it("refuses another version (§16 rule 4)", () => {
    expect(codeOf(() => decodePingPayload(fromHex("0280")))).toBe("unknown-type");
    expect(codeOf(() => decodePingPayload(new Uint8Array()))).toBe("empty");
  });

  it("takes dimensions up to the limit, and not one more", () => {
    const withDimensions = (count: number): Uint8Array => withList(1, "Vec", count, 0);

    expect(decodePingPayload(withDimensions(coordinateDimensionLimit)).vector).toHaveLength(
      coordinateDimensionLimit,
    );
    expect(codeOf(() => decodePingPayload(withDimensions(coordinateDimensionLimit + 1)))).toBe(
      "too-many",
    );
  });
});

describe("encodeSerfMessage", () => {
  it("throws RangeError for a number its field cannot hold", () => {
    const query = decodeSerfMessage(fromHex("0480"));
    if (query.kind !== "query") throw new TypeError("not a query");

    expect(() => encodeSerfMessage({ ...query, timeoutNs: 2n ** 63n })).toThrow(RangeError);
    expect(() => encodeSerfMessage({ ...query, lamportTime: 2n ** 64n })).toThrow(RangeError);
  });
});
