import { describe, expect, it } from "vitest";
import { resolveSwimOptions, type SwimOptionsInput } from "@x/swim";

const MINIMUM: SwimOptionsInput = {
  name: "a",
  advertiseEndpoint: { address: "10.0.0.1", port: 7_946 },
};

describe("resolveSwimOptions", () => {
  it.each([
    ["lan", [10_000, 3, 4, 4, 30_000, 500, 1_000, 3, 200, 30_000]],
    ["wan", [30_000, 3, 4, 6, 60_000, 3_000, 5_000, 4, 500, 60_000]],
    ["local", [1_000, 1, 2, 3, 15_000, 200, 1_000, 3, 100, 15_000]],
  ] as const)("has the reference's %s profile (behaviour specification §16)", (profile, values) => {
    const options = resolveSwimOptions({ ...MINIMUM, profile });

    expect([
      options.streamTimeoutMs,
      options.indirectPingCount,
      options.retransmitMultiplier,
      options.suspicionMultiplier,
      options.pushPullIntervalMs,
      options.probeTimeoutMs,
      options.probeIntervalMs,
      options.gossipFanout,
      options.gossipIntervalMs,
      options.gossipToTheDeadMs,
    ]).toEqual(values);
    expect(options).toMatchObject({
      protocolVersion: 2,
      suspicionMaxTimeoutMultiplier: 6,
      awarenessMaxMultiplier: 8,
      datagramBytes: 1_400,
      inboundQueueLimit: 1_024,
      deadReclaimMs: 0,
      verifyIncoming: true,
      verifyOutgoing: true,
      compress: true,
      pushPullServeLimit: 127,
    });
  });

  it("is lan unless told otherwise, bound to the advertised port, and frozen", () => {
    const options = resolveSwimOptions(MINIMUM);

    expect(options.probeTimeoutMs).toBe(500);
    expect(options.bindPort).toBe(7_946);
    expect(Object.isFrozen(options)).toBe(true);
  });

  it("takes an undefined option for one that is not set", () => {
    const input = { ...MINIMUM, probeIntervalMs: undefined } as unknown as SwimOptionsInput;

    expect(resolveSwimOptions(input).probeIntervalMs).toBe(1_000);
  });

  it.each<[string, Partial<SwimOptionsInput>]>([
    ["protocolVersion is 6: give 1 to 5", { protocolVersion: 6 }],
    ["protocolVersion is 0: give 1 to 5", { protocolVersion: 0 }],
    ["probeTimeoutMs is 0: give 1 to 86400000", { probeTimeoutMs: 0 }],
    ["gossipIntervalMs is NaN: give 0 to 86400000", { gossipIntervalMs: Number.NaN }],
    ["datagramBytes is 511: give 512 to 65507", { datagramBytes: 511 }],
    ["gossipFanout is 1.5: give a whole number", { gossipFanout: 1.5 }],
    ["memberLimit is 1: give 2 to 1048576", { memberLimit: 1 }],
    ["userBroadcastShare is 0.6: give 0 to 0.5", { userBroadcastShare: 0.6 }],
    ["meta is 513 bytes: at most 512 fit", { meta: new Uint8Array(513) }],
    ["label is 256 bytes: at most 255 fit", { label: "x".repeat(256) }],
    ["name is 0 bytes long: give 1 to 255 bytes", { name: "" }],
    ["name is 256 bytes long: give 1 to 255 bytes", { name: "x".repeat(256) }],
    [
      'name is "a\\nb": leave control characters out',
      { name: "a\nb", refuseControlCharacters: true },
    ],
    ["wireLimits.nestingDepth is 0: give 1 or more", { wireLimits: { nestingDepth: 0 } }],
    ["wireLimits.metaBytes is NaN: give 1 or more", { wireLimits: { metaBytes: Number.NaN } }],
    [
      "delegateProtocolVersion is 4: give 0 to 3",
      { delegateProtocolMax: 3, delegateProtocolVersion: 4 },
    ],
    [
      "advertiseEndpoint.port is 0: give 1 to 65535",
      { advertiseEndpoint: { address: "10.0.0.1", port: 0 }, bindPort: 1 },
    ],
    [
      'advertiseEndpoint.address is "nowhere": give an IP address',
      { advertiseEndpoint: { address: "nowhere", port: 1 } },
    ],
    [
      "advertiseEndpoint.address is 0.0.0.0: no member can be reached there",
      { advertiseEndpoint: { address: "0.0.0.0", port: 7_946 } },
    ],
    [
      "advertiseEndpoint.address is 10.0.0.1: it is in none of allowedNetworks",
      { allowedNetworks: ["127.0.0.0/8"] },
    ],
  ])("says %s", (message, input) => {
    expect(() => resolveSwimOptions({ ...MINIMUM, ...input })).toThrow(message);
  });

  it("names a profile that does not exist", () => {
    const input = { ...MINIMUM, profile: "moon" } as unknown as SwimOptionsInput;

    expect(() => resolveSwimOptions(input)).toThrow('profile is "moon"');
  });
});
