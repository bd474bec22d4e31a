import { WireError } from "@x/swim/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFilter, encodeFilter } from "../../src/wire/filter-codec.ts";
import {
  decodeArrivingMessage,
  decodeConflictResponse,
  decodeKeyRequest,
  decodeKeyResponse,
  decodePushPullState,
  decodePushPullStateLazily,
  decodeSerfMessage,
  encodeSerfMessage,
} from "../../src/wire/message-codec.ts";
import { decodePingPayload, encodePingPayload } from "../../src/wire/ping-payload.ts";
import { decodeTags, encodeTags } from "../../src/wire/tag-codec.ts";
import { bytes, name, simpleMessage } from "../support/arbitraries.ts";

const relay = fc.record({
  kind: fc.constant("relay" as const),
  address: fc.option(bytes(), { nil: undefined }),
  port: fc.integer({ min: 0, max: 0xffff }),
  zone: name,
  node: name,
  inner: simpleMessage.map(encodeSerfMessage),
});
const message = fc.oneof({ weight: 5, arbitrary: simpleMessage }, relay);

/** Bytes that look like a message until somewhere they do not. */
const damagedMessage = fc
  .tuple(message.map(encodeSerfMessage), fc.nat(), fc.nat(255), fc.nat())
  .map(([encoded, index, byte, cut]) => {
    const damaged = encoded.slice(0, 1 + (cut % encoded.length));
    damaged[index % damaged.length] = byte;
    return damaged;
  });
const anyBytes = fc.oneof(bytes(256), damagedMessage);

function outcomeOf(decode: () => unknown): string {
  try {
    decode();
    return "understood";
  } catch (error) {
    return error instanceof WireError ? "WireError" : String(error);
  }
}

describe("the message codec", () => {
  it("round-trips every message", () => {
    fc.assert(
      fc.property(message, (value) => {
        expect(decodeSerfMessage(encodeSerfMessage(value))).toEqual(value);
      }),
    );
  });

  it("ignores what follows a message, save behind a relay", () => {
    fc.assert(
      fc.property(simpleMessage, bytes(), (value, garbage) => {
        const encoded = new Uint8Array([...encodeSerfMessage(value), ...garbage]);

        expect(decodeSerfMessage(encoded)).toEqual(value);
      }),
    );
  });

  it.each([
    ["decodeSerfMessage", decodeSerfMessage],
    ["decodeArrivingMessage", decodeArrivingMessage],
    ["decodePushPullState", decodePushPullState],
    ["decodeConflictResponse", decodeConflictResponse],
    ["decodeKeyRequest", decodeKeyRequest],
    ["decodeKeyResponse", decodeKeyResponse],
    ["decodeFilter", decodeFilter],
    ["decodePingPayload", decodePingPayload],
  ] as const)("%s understands every byte string or throws WireError", (_name, decode) => {
    fc.assert(
      fc.property(anyBytes, (encoded) => {
        expect(outcomeOf(() => decode(encoded))).toMatch(/^(understood|WireError)$/);
      }),
      { numRuns: 500 },
    );
  });

  it("reads a state as well lazily as at once, or refuses it both times", () => {
    const state = simpleMessage.filter(({ kind }) => kind === "push-pull").map(encodeSerfMessage);
    const damaged = fc.tuple(state, fc.nat(), fc.nat(255)).map(([encoded, index, byte]) => {
      const changed = encoded.slice();
      changed[1 + (index % (changed.length - 1))] = byte;
      return changed;
    });
    const read = (decode: () => unknown): unknown => {
      try {
        return decode();
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
        return (error as WireError).code;
      }
    };
    fc.assert(
      fc.property(fc.oneof(state, damaged), (encoded) => {
        const lazily = read(() => {
          const { statusTimes, ...rest } = decodePushPullStateLazily(encoded);
          return { ...rest, statusTimes: statusTimes && new Map(statusTimes) };
        });

        expect(lazily).toEqual(read(() => decodePushPullState(encoded)));
      }),
      { numRuns: 500 },
    );
  });

  it("never hands out memory of the packet it read, save the inner bytes of a relay", () => {
    fc.assert(
      fc.property(simpleMessage, (value) => {
        const encoded = encodeSerfMessage(value);
        const decoded = decodeSerfMessage(encoded);
        encoded.fill(0xff);

        expect(decoded).toEqual(value);
      }),
    );
  });
});

describe("the filter codec", () => {
  it("round-trips every filter", () => {
    const filter = fc.oneof(
      fc.record({ kind: fc.constant("node" as const), names: fc.array(name, { maxLength: 40 }) }),
      fc.record({ kind: fc.constant("tag" as const), tag: name, expression: name }),
    );
    fc.assert(
      fc.property(filter, (value) => {
        expect(decodeFilter(encodeFilter(value))).toEqual(value);
      }),
    );
  });
});

describe("the tag codec", () => {
  const tags = fc
    .array(fc.tuple(fc.oneof(name, fc.constantFrom("__proto__", "constructor", "role")), name))
    .map((entries) => {
      const record = Object.create(null) as Record<string, string>;
      for (const [tag, value] of entries) record[tag] = value;
      return record;
    });

  it("round-trips every set of tags, `__proto__` included", () => {
    fc.assert(
      fc.property(tags, fc.integer({ min: 3, max: 5 }), (value, protocolVersion) => {
        expect(decodeTags(encodeTags(value, protocolVersion))).toEqual(value);
      }),
    );
  });

  it("never throws, whatever the metadata", () => {
    fc.assert(
      fc.property(bytes(512), (meta) => {
        decodeTags(meta);
        decodeTags(new Uint8Array([0xff, ...meta]));
      }),
    );
  });

  it("reads the tags before the damage, as written", () => {
    fc.assert(
      fc.property(tags, fc.nat(), (value, cut) => {
        const encoded = encodeTags(value, 5);
        const read = decodeTags(encoded.subarray(0, 1 + (cut % encoded.length)));

        for (const [tag, text] of Object.entries(read)) expect(value[tag]).toBe(text);
      }),
    );
  });
});

describe("the ping payload", () => {
  it("round-trips every coordinate, NaN and infinities included", () => {
    const coordinate = fc.record({
      vector: fc.array(fc.double(), { maxLength: 64 }),
      error: fc.double(),
      adjustment: fc.double(),
      height: fc.double(),
    });
    fc.assert(
      fc.property(coordinate, (value) => {
        expect(decodePingPayload(encodePingPayload(value))).toEqual(value);
      }),
    );
  });
});
