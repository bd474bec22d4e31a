import { describe, expect, it } from "vitest";
import { encodeBase64 } from "../src/base64.ts";
import { encodeKeyListAnswer } from "../src/key-response.ts";
import { decodeKeyResponse, decodeSerfMessage } from "../src/wire/message-codec.ts";
import type { KeyResponseMessage } from "../src/wire/message.ts";

const keysOf = (count: number, length: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, index) => new Uint8Array(length).fill(index));

function answer(
  count: number,
  keyBytes: number,
  options: { bytesLimit?: number; from?: string } = {},
): KeyResponseMessage | undefined {
  const bytesLimit = options.bytesLimit ?? 1024;
  const encoded = encodeKeyListAnswer({
    lamportTime: 5n,
    id: 0x1234_5678,
    from: options.from ?? "node-a",
    keys: keysOf(count, keyBytes),
    bytesLimit,
  });
  if (encoded === undefined) return undefined;
  expect(encoded.length).toBeLessThanOrEqual(bytesLimit);
  const response = decodeSerfMessage(encoded);
  if (response.kind !== "query-response" || response.payload === undefined) {
    throw new TypeError("not a response");
  }
  expect(response).toMatchObject({ lamportTime: 5n, id: 0x1234_5678, flags: 0 });
  return decodeKeyResponse(response.payload);
}

describe("encodeKeyListAnswer", () => {
  it("lists all keys, primary first, without a message, as long as they fit", () => {
    const listed = answer(3, 32);

    expect(listed).toEqual({
      kind: "key-response",
      result: true,
      message: "",
      keys: keysOf(3, 32).map(encodeBase64),
      primaryKey: encodeBase64(new Uint8Array(32)),
    });
  });

  it.each([
    [16, 100, 34],
    [24, 100, 24],
    [32, 100, 17],
  ])("lists of keys of %i bytes %i as %i at 1024 bytes (§11.3)", (keyBytes, count, shown) => {
    const listed = answer(count, keyBytes);

    expect(listed?.keys).toHaveLength(shown);
    expect(listed?.message).toBe(
      `truncated key list response, showing first ${shown} of ${count} keys`,
    );
    expect(listed?.result).toBe(true);
  });

  it("lists 18 keys of 32 bytes when there are just 18, for then it needs no message (§11.3)", () => {
    expect(answer(18, 32)?.keys).toHaveLength(18);
    expect(answer(18, 32)?.message).toBe("");
    expect(answer(19, 32)?.keys).toHaveLength(17);
  });

  it.each([0, 1, 18])("does not cut %i keys", (count) => {
    const listed = answer(count, 32);

    expect(listed?.keys).toHaveLength(count);
    expect(listed?.message).toBe("");
  });

  it("gives no answer when not even an empty one fits", () => {
    expect(answer(3, 32, { bytesLimit: 100 })).toBeUndefined();
    expect(answer(0, 32, { bytesLimit: 60 })).toBeUndefined();
  });
});
