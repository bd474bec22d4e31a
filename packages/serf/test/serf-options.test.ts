import { describe, expect, it } from "vitest";
import { validateMemberName } from "../src/name-rules.ts";
import { resolveSerfOptions, type SerfOptionsInput } from "../src/serf-options.ts";

function resolve(overrides: Partial<SerfOptionsInput> = {}): ReturnType<typeof resolveSerfOptions> {
  return resolveSerfOptions({
    name: "a",
    swim: { advertiseEndpoint: { address: "127.0.0.1", port: 7_946 } },
    ...overrides,
  });
}

describe("resolveSerfOptions (Serf specification §17)", () => {
  it("lingers as long as the reference after a leave when gossip is not eager", () => {
    const swim = { advertiseEndpoint: { address: "127.0.0.1", port: 7946 }, eagerGossip: false };

    expect(resolveSerfOptions({ name: "a", swim }).leavePropagateDelayMs).toBe(1_000);
    expect(
      resolveSerfOptions({ name: "a", swim, leavePropagateDelayMs: 7 }).leavePropagateDelayMs,
    ).toBe(7);
  });

  it("has the reference's defaults", () => {
    expect(resolve()).toMatchObject({
      protocolVersion: 4,
      broadcastTimeoutMs: 5_000,
      leavePropagateDelayMs: 50,
      eventBufferSlots: 512,
      queryBufferSlots: 512,
      userEventSizeLimit: 512,
      querySizeLimit: 1_024,
      queryResponseSizeLimit: 1_024,
      reapIntervalMs: 15_000,
      reconnectIntervalMs: 30_000,
      tombstoneTimeoutMs: 86_400_000,
      maxQueueDepth: 4_096,
    });
  });

  it.each([2, 3, 4, 5])(
    "takes version %d, and tells it SWIM as the one spoken",
    (protocolVersion) => {
      const { swim } = resolve({ protocolVersion });
      expect(swim).toMatchObject({
        protocolVersion: 2,
        delegateProtocolMin: 2,
        delegateProtocolMax: 5,
        delegateProtocolVersion: protocolVersion,
      });
    },
  );

  it.each([
    [1, "Protocol version '1' too low. Must be in range: [2, 5]"],
    [6, "Protocol version '6' too high. Must be in range: [2, 5]"],
  ])("refuses version %d in the reference's words", (protocolVersion, text) => {
    expect(() => resolve({ protocolVersion })).toThrow(text);
  });

  it("refuses tags beyond 512 bytes, and a user event limit beyond 9216", () => {
    expect(() => resolve({ tags: { role: "x".repeat(510) } })).toThrow(
      "Encoded length of tags exceeds limit of 512 bytes",
    );
    expect(() => resolve({ userEventSizeLimit: 9_217 })).toThrow(
      "user event size limit exceeds limit of 9216 bytes",
    );
  });

  it("announces the bare role at version 2, and a map from 3 on", () => {
    const tags = { role: "web" };
    expect(resolve({ protocolVersion: 2, tags }).swim.meta).toEqual(
      new Uint8Array([0x77, 0x65, 0x62]),
    );
    expect(resolve({ tags }).swim.meta[0]).toBe(0xff);
  });

  it.each([
    { eventBufferSlots: 0 },
    { queryBufferSlots: 65_537 },
    { maxQueueDepth: 0 },
    { reapIntervalMs: Number.NaN },
    { reaskAt: [1] },
    { relaysPerSecond: -1 },
  ])("refuses %o", (overrides) => {
    expect(() => resolve(overrides)).toThrow(RangeError);
  });

  it("takes undefined for not set", () => {
    const given = { maxQueueDepth: undefined } as unknown as Partial<SerfOptionsInput>;
    expect(resolve(given).maxQueueDepth).toBe(4_096);
  });
});

describe("validateMemberName (Serf specification §16)", () => {
  it.each(["web-1.eu", "A", "x".repeat(128)])("takes %s", (name) => {
    expect(validateMemberName(name, true)).toBeUndefined();
  });

  it.each(["foo bar", "foo/bar", "ä", "x".repeat(129)])("refuses %s only if strict", (name) => {
    expect(validateMemberName(name, true)).toBeDefined();
    expect(validateMemberName(name, false)).toBeUndefined();
  });

  it("refuses the empty name always, and takes odd ones as the reference does", () => {
    expect(validateMemberName("", false)).toBeDefined();
    expect(validateMemberName("a\nalive: b", false)).toBeUndefined();
    expect(validateMemberName("\u0000", true)).toBeDefined();
  });
});
