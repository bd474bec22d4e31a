import { describe, expect, it } from "vitest";
import type { StreamId } from "@x/swim";
import { aliveOf, endpoint, LoneCore, type LoneCoreSettings } from "./support/lone-core.ts";

/** Rounds of our own come so late that whatever is sent is sent for another reason. */
const LATE = { probeIntervalMs: 3_600_000, probeTimeoutMs: 400 } as const;

/** A member that knows a, b and c, and hears that b suspects a. */
function told(settings: LoneCoreSettings = {}): LoneCore {
  const core = new LoneCore({ ...LATE, ...settings });
  for (const [index, name] of ["a", "b", "c"].entries()) core.receive(aliveOf(name, index + 2));
  core.takeSent();
  core.directives.length = 0;
  core.receive({ kind: "suspect", incarnation: 1, node: "a", from: "b" });
  return core;
}

/** Of the first ping ever sent by a core. */
function firstNumber(core: LoneCore): number {
  for (const directive of core.directives) {
    if (directive.kind !== "send-datagram") continue;
    const ping = core.open(directive.bytes).find(({ kind }) => kind === "ping");
    if (ping?.kind === "ping") return ping.sequenceNumber;
  }
  throw new Error("nobody was pinged");
}

function streamTo(core: LoneCore, address: string): StreamId | undefined {
  for (const directive of core.directives) {
    if (directive.kind === "open-stream" && directive.target.address === address) {
      return directive.streamId;
    }
  }
  return undefined;
}

function refuse(core: LoneCore, streamId: StreamId): void {
  const failure = { code: "refused", message: "connection refused" } as const;
  core.call(() => core.swim.handleStream({ kind: "failed", streamId, failure }, core.nowMs));
}

describe("a rumour of a suspicion", () => {
  it("makes us ping the suspect at once, by UDP with the accusation and by TCP", () => {
    const core = told();

    const [packet] = core.takeSent();
    expect(packet?.target).toEqual(endpoint(2));
    expect(packet?.messages).toMatchObject([
      { kind: "ping", node: "a" },
      // The refutation is for whoever suspects it, not for us.
      { kind: "suspect", node: "a", from: "b" },
    ]);
    expect(streamTo(core, "10.0.0.2")).toBeDefined();
  });

  it("makes one connection only, however long the suspect is silent", () => {
    const core = told();

    core.advance(401);

    const dialled = core.dialled().filter(({ target }) => target.address === "10.0.0.2");
    expect(dialled.length).toBe(1);
  });

  it("starts one check only, and none when told not to", () => {
    const core = told();
    core.takeSent();
    core.receive({ kind: "suspect", incarnation: 1, node: "a", from: "c" });

    expect(core.takeMessages().filter(({ kind }) => kind === "ping")).toEqual([]);
    expect(told({ checkSuspects: false }).takeMessages()).toEqual([]);
  });

  it("is left to others by a member that does not probe", () => {
    expect(told({ probeIntervalMs: 0 }).takeMessages()).toEqual([]);
  });

  it("makes a member look at eight suspects at a time, and at the next when one has answered", () => {
    const core = new LoneCore({ ...LATE, environment: { random: () => 0 } });
    for (let number = 2; number < 15; number += 1) core.receive(aliveOf(`m${number}`, number));
    const suspects = (...numbers: number[]): string[] => {
      core.takeSent();
      for (const number of numbers) {
        core.receive({ kind: "suspect", incarnation: 1, node: `m${number}`, from: "m14" });
      }
      return core
        .takeSent()
        .filter(({ messages }) => messages[0]?.kind === "ping")
        .map(({ target }) => target.address);
    };

    const looked = suspects(2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    expect(looked).toEqual([2, 3, 4, 5, 6, 7, 8, 9].map((number) => `10.0.0.${number}`));
    expect(suspects(12)).toEqual([]);
    core.receive({ kind: "ack", sequenceNumber: firstNumber(core), payload: new Uint8Array(0) });

    expect(suspects(13)).toEqual(["10.0.0.13"]);
  });

  it("makes four of those look who could, beside accuser and suspect", () => {
    const looks = (random: number): boolean => {
      const core = new LoneCore({ ...LATE, environment: { random: () => random } });
      for (let number = 2; number < 11; number += 1) core.receive(aliveOf(`m${number}`, number));
      core.takeSent();
      core.receive({ kind: "suspect", incarnation: 1, node: "m2", from: "m3" });
      return core.takeMessages().some(({ kind }) => kind === "ping");
    };

    expect([looks(0.49), looks(0.5)]).toEqual([true, false]);
  });

  it("is no sample of our own health, whether the suspect answers or not", () => {
    const core = told();
    core.receive({ kind: "suspect", incarnation: 1, node: "self", from: "c" });
    const [packet] = core.takeSent();
    const [ping] = packet?.messages ?? [];
    if (ping?.kind !== "ping") throw new Error("there was no ping");

    const payload = new Uint8Array(0);
    core.receive({ kind: "ack", sequenceNumber: ping.sequenceNumber, payload }, endpoint(2));

    expect(core.swim.healthScore).toBe(1);
  });

  it("ends without a word when the suspect is silent to us as well", () => {
    const core = told({ environment: { random: () => 0.999_999 } });

    core.advance(3_600_000);

    expect(core.reportsOf("probe-failed")).toEqual([]);
    expect(core.reportsOf("nacks-missing")).toEqual([]);
    expect(core.swim.healthScore).toBe(0);
  });

  it("in a large cluster makes only a few look", () => {
    let checkerCount = 0;
    for (let seed = 1; seed <= 60; seed += 1) {
      let state = seed;
      const random = (): number => {
        state = (state * 16_807) % 2_147_483_647;
        return state / 2_147_483_647;
      };
      const core = new LoneCore({ ...LATE, environment: { random } });
      for (let number = 2; number < 62; number += 1) core.receive(aliveOf(`m${number}`, number));
      core.takeSent();
      core.receive({ kind: "suspect", incarnation: 1, node: "m2", from: "m3" });
      if (core.takeMessages().some(({ kind }) => kind === "ping")) checkerCount += 1;
    }

    expect(checkerCount).toBeGreaterThan(0);
    expect(checkerCount).toBeLessThanOrEqual(12);
  });

  it("adds no accusation of ours when the suspect is merely silent: that would hurry a slow member", () => {
    const core = told({ ...LATE, probeIntervalMs: 1_000, suspicionMultiplier: 600 });
    core.takeSent();
    const before = core.reports.filter(({ kind }) => kind === "probe-failed").length;
    core.advance(900);

    expect(core.reports.filter(({ kind }) => kind === "probe-failed").length).toBe(before);
  });

  it("ends well, and leaves our health alone, when the suspect answers", () => {
    const core = told();
    const [packet] = core.takeSent();
    const [ping] = packet?.messages ?? [];
    const sequenceNumber = ping?.kind === "ping" ? ping.sequenceNumber : 0;

    core.receive({ kind: "ack", sequenceNumber, payload: new Uint8Array(0) }, endpoint(2));
    core.advance(10_000);

    expect(core.takeMessages().filter(({ kind }) => kind === "suspect")).toEqual([]);
    expect(core.swim.healthScore).toBe(0);
  });
});

describe("a refused connection", () => {
  it("ends the probe after half a ping timeout, and confirms", () => {
    const core = told();
    refuse(core, streamTo(core, "10.0.0.2") ?? 0);

    core.advance(199);
    const before = core.reports.some(({ kind }) => kind === "probe-failed");
    core.advance(1);

    expect(before).toBe(false);
    expect(core.reports.some(({ kind }) => kind === "probe-failed")).toBe(true);
    expect(core.swim.healthScore).toBe(0);
  });

  it("still lets an answer by UDP count meanwhile", () => {
    const core = told();
    const [packet] = core.takeSent();
    const [ping] = packet?.messages ?? [];
    const sequenceNumber = ping?.kind === "ping" ? ping.sequenceNumber : 0;
    refuse(core, streamTo(core, "10.0.0.2") ?? 0);

    core.advance(100);
    core.receive({ kind: "ack", sequenceNumber, payload: new Uint8Array(0) }, endpoint(2));
    core.advance(1_000);

    expect(core.reports.some(({ kind }) => kind === "probe-failed")).toBe(false);
  });

  it("halves the wait once as many as wanted agree", () => {
    // Four members: min = 4 · 1 h; as many as wanted (2) confirm besides the first.
    const deadAfterMs = (believeRefusals: boolean): number => {
      const core = told({ believeRefusals });
      refuse(core, streamTo(core, "10.0.0.2") ?? 0);
      core.advance(400);
      core.receive({ kind: "suspect", incarnation: 1, node: "a", from: "c" });
      core.receive({ kind: "suspect", incarnation: 1, node: "a", from: "d" });
      const startMs = core.nowMs;
      while (core.swim.member("a")?.state === "suspect") core.advance(60_000);
      return core.nowMs - startMs;
    };

    const hour = 3_600_000;
    expect(deadAfterMs(true) / hour).toBeCloseTo(2, 1);
    expect(deadAfterMs(false) / hour).toBeCloseTo(4, 1);
  });

  it("does not count for the rounds of a member told not to believe it", () => {
    const core = told({ believeRefusals: false });
    refuse(core, streamTo(core, "10.0.0.2") ?? 0);
    core.advance(1_000);

    expect(core.reports.some(({ kind }) => kind === "probe-failed")).toBe(false);
  });
});

describe("members that pass news on at once", () => {
  const PING = { kind: "ping", node: "self", sourcePort: 7_946 } as const;
  const fromA = { ...PING, sourceNode: "a", sourceAddress: Uint8Array.of(10, 0, 0, 2) };

  function pair(): LoneCore {
    const core = new LoneCore({ gossipIntervalMs: 200 });
    core.receive(aliveOf("a", 2));
    return core;
  }

  it("are known by the sequence numbers of their pings, once each has pinged", () => {
    const core = pair();
    const before = core.swim.isEveryonePrompt;

    core.receive({ ...fromA, sequenceNumber: 0x8000_0001 }, endpoint(2));

    expect(before).toBe(false);
    expect(core.swim.isEveryonePrompt).toBe(true);
  });

  it("are known by where a ping came from if it does not say so", () => {
    const unnamed = { kind: "ping", node: "self", sourceNode: "a" } as const;
    const core = pair();

    core.receive({ ...unnamed, sequenceNumber: 0x8000_0001 }, endpoint(9));
    const afterStranger = core.swim.isEveryonePrompt;
    core.receive({ ...unnamed, sequenceNumber: 0x8000_0002 }, endpoint(2));

    expect(afterStranger).toBe(false);
    expect(core.swim.isEveryonePrompt).toBe(true);
  });

  it("are not those that count from 1, nor strangers that use their names", () => {
    const core = pair();

    core.receive({ ...fromA, sequenceNumber: 7 }, endpoint(2));
    core.receive(
      { ...fromA, sourceAddress: Uint8Array.of(10, 0, 0, 9), sequenceNumber: 0x8000_0001 },
      endpoint(9),
    );

    expect(core.swim.isEveryonePrompt).toBe(false);
  });

  it("are asked again after they were gone", () => {
    const core = pair();
    core.receive({ ...fromA, sequenceNumber: 0x8000_0001 }, endpoint(2));
    core.receive({ kind: "dead", incarnation: 1, node: "a", from: "a" });
    core.receive({ ...aliveOf("a", 2), incarnation: 2 });

    expect(core.swim.isEveryonePrompt).toBe(false);
  });
});
