import { describe, expect, it } from "vitest";
import type { Member } from "../src/member.ts";
import { resolveSerfOptions, type SerfOptionsInput } from "../src/serf-options.ts";
import { SwimHooks } from "../src/swim-hooks.ts";
import { swimMember } from "./support/scripted-swim.ts";

function hooks(overrides: Partial<SerfOptionsInput> = {}): SwimHooks {
  return new SwimHooks(
    resolveSerfOptions({
      name: "self",
      swim: { advertiseEndpoint: { address: "10.0.0.1", port: 7_946 } },
      ...overrides,
    }),
  );
}

describe("SwimHooks, admission (Serf specification §8.7)", () => {
  it("has no say unless the application wants one", () => {
    expect(hooks().vetoAlive).toBeUndefined();
    expect(hooks().vetoMerge).toBeUndefined();
  });

  it("shows the application every member of the other side, left ones as left", () => {
    const shown: (readonly Member[])[] = [];
    const { vetoMerge, vetoAlive } = hooks({ vetoMembers: (members) => void shown.push(members) });

    vetoMerge?.([swimMember("a"), swimMember("b", { state: "left" })]);
    vetoAlive?.(swimMember("c"));

    expect(shown.map((members) => members.map(({ name, status }) => `${name} ${status}`))).toEqual([
      ["a none", "b left"],
      ["c none"],
    ]);
  });

  it("passes the application's reason on", () => {
    const { vetoAlive } = hooks({ vetoMembers: () => "not here" });
    expect(vetoAlive?.(swimMember("a"))).toBe("not here");
  });

  it.each([
    ["a name of 132 bytes", swimMember("x".repeat(132)), true],
    ["a name with a blank", swimMember("a b"), true],
    ["an address of 2 bytes", swimMember("a", { addressBytes: new Uint8Array(2) }), false],
    ["an address of 17 bytes", swimMember("a", { addressBytes: new Uint8Array(17) }), false],
    ["513 bytes of metadata", swimMember("a", { meta: new Uint8Array(513) }), false],
  ])("refuses %s", (_what, member, isAboutNames) => {
    const vetoMembers = (): undefined => undefined;
    const strict = hooks({ vetoMembers, validateNames: true });
    const lenient = hooks({ vetoMembers });

    expect(strict.vetoAlive?.(member)).toBeDefined();
    expect(lenient.vetoAlive?.(member) === undefined).toBe(isAboutNames);
  });

  it.each([4, 16])("takes an address of %d bytes and 512 bytes of metadata", (length) => {
    const member = swimMember("a", {
      addressBytes: new Uint8Array(length),
      meta: new Uint8Array(512),
    });
    expect(hooks({ vetoMembers: () => undefined }).vetoAlive?.(member)).toBeUndefined();
  });

  it("answers nothing before the rooms are there", () => {
    const early = hooks();
    early.handleUserMessage(new Uint8Array([1]), 0);
    early.mergeRemoteState(new Uint8Array([1]), true, 0);

    expect(early.takeBroadcasts(3, 1_400)).toEqual([]);
    expect(early.localState(true)).toEqual(new Uint8Array(0));
    expect(early.ackPayload()).toBeUndefined();
  });
});
