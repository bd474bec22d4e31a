import { describe, expect, it } from "vitest";
import { addressBytes, type AckMessage, type DatagramMessage } from "@x/swim/wire";
import { aliveOf, endpoint, LoneCore, type LoneCoreSettings } from "./support/lone-core.ts";

const PROBING = { probeIntervalMs: 1_000, probeTimeoutMs: 300 } as const;

function probing(settings: LoneCoreSettings = {}): LoneCore {
  return new LoneCore({ ...PROBING, ...settings });
}

function ack(sequenceNumber: number, payload = new Uint8Array(0)): AckMessage {
  return { kind: "ack", sequenceNumber, payload };
}

/** Runs to the next ping. @returns its number and target. */
function nextPing(core: LoneCore): { sequenceNumber: number; target: string; atMs: number } {
  for (let step = 0; step < 5_000; step += 1) {
    core.advance(1);
    for (const { messages, target } of core.takeSent()) {
      const [first] = messages;
      if (first?.kind === "ping") {
        return { sequenceNumber: first.sequenceNumber, target: target.address, atMs: core.nowMs };
      }
    }
  }
  throw new Error("no ping within 5 s");
}

function indirectPings(
  core: LoneCore,
): readonly { readonly target: string; readonly message: DatagramMessage }[] {
  return core
    .takeSent()
    .flatMap(({ messages, target }) =>
      messages
        .filter(({ kind }) => kind === "indirect-ping")
        .map((message) => ({ target: target.address, message })),
    );
}

describe("a probe (behaviour specification §5.3)", () => {
  it("pings with our address and name in it, once per interval", () => {
    const core = probing();
    core.receive(aliveOf("a", 2));

    const first = nextPing(core);
    core.receive(ack(first.sequenceNumber), endpoint(2));
    const second = nextPing(core);

    expect(first.target).toBe("10.0.0.2");
    expect(second.sequenceNumber).toBe((first.sequenceNumber + 1) >>> 0);
    expect(second.atMs - first.atMs).toBe(1_000);
    expect(core.reportsOf("answer-unexpected")).toEqual([]);
    expect(core.swim.member("a")?.state).toBe("alive");
  });

  it("names source and target", () => {
    const core = probing();
    core.receive(aliveOf("a", 2));
    core.advance(1_000);

    const ping = core.takeMessages().find(({ kind }) => kind === "ping");

    expect(ping).toMatchObject({
      node: "a",
      sourceNode: "self",
      sourcePort: 7_946,
      sourceAddress: addressBytes("10.0.0.1"),
    });
  });

  it("names the source by name alone where answers find the sender anyway, 30 bytes less", () => {
    const [named, unnamed] = [true, false].map((nameSource) => {
      const core = probing({ nameSource, compress: false });
      core.receive(aliveOf("a", 2));
      core.advance(1_000);
      return core.takeSent()[0];
    });

    expect(unnamed?.messages[0]).toEqual({
      kind: "ping",
      sequenceNumber: expect.any(Number) as number,
      node: "a",
      sourceNode: "self",
    });
    expect((named?.bytes.length ?? 0) - (unnamed?.bytes.length ?? 0)).toBe(30);
  });

  it("starts its numbers anywhere in the half that tells whether it passes news on at once", () => {
    const firstNumber = (random: number, gossipIntervalMs: number): number => {
      const core = probing({ environment: { random: () => random }, gossipIntervalMs });
      core.receive(aliveOf("a", 2));
      return nextPing(core).sequenceNumber;
    };

    expect([0.25, 0.75].map((random) => firstNumber(random, 0))).toEqual([
      2 ** 29 + 1,
      3 * 2 ** 29 + 1,
    ]);
    expect(firstNumber(0.25, 60_000)).toBe(2 ** 31 + 2 ** 29 + 1);
  });

  it("tells the layer above of a direct answer, with round trip and payload", () => {
    const pings: string[] = [];
    const core = probing({
      environment: { random: () => 0.5 },
      delegate: {
        handlePingCompleted: (member, rttMs, payload) =>
          void pings.push(`${member.name} ${rttMs} ${payload.join()}`),
      },
    });
    core.receive(aliveOf("a", 2));
    const { sequenceNumber } = nextPing(core);

    core.advance(25);
    core.receive(ack(sequenceNumber, Uint8Array.of(4, 2)), endpoint(2));

    expect(pings).toEqual(["a 25 4,2"]);
  });

  it("asks others after the timeout, and believes their ack without telling the layer above", () => {
    const pings: number[] = [];
    const core = probing({
      indirectPingCount: 2,
      disableStreamPings: true,
      delegate: { handlePingCompleted: (_member, rttMs) => void pings.push(rttMs) },
    });
    core.receive([aliveOf("a", 2), aliveOf("b", 3), aliveOf("c", 4), aliveOf("d", 5)]);
    const { sequenceNumber, target } = nextPing(core);

    core.advance(300);
    const asked = indirectPings(core);
    core.receive(ack(sequenceNumber), { address: asked[0]?.target ?? "", port: 7_946 });
    core.advance(700);

    expect(asked.length).toBe(2);
    expect(asked.map((request) => request.target)).not.toContain(target);
    expect(asked[0]?.message).toMatchObject({
      sequenceNumber,
      wantsNack: true,
      target: addressBytes(target),
      port: 7_946,
    });
    expect(pings).toEqual([]);
    expect(core.reportsOf("probe-failed")).toEqual([]);
    expect(core.reportsOf("answer-unexpected")).toEqual([]);
  });

  it("asks only the living for help, and finds an answer from anybody else strange", () => {
    const core = probing({ indirectPingCount: 3, disableStreamPings: true });
    core.receive([aliveOf("a", 2), aliveOf("b", 3), aliveOf("c", 4)]);
    core.receive({ kind: "dead", incarnation: 1, node: "c", from: "x" });
    const { sequenceNumber, target } = nextPing(core);

    core.advance(300);
    const [relay, ...others] = indirectPings(core).map((request) => request.target);
    core.receive(ack(sequenceNumber), endpoint(4));

    expect([target, relay].toSorted()).toEqual(["10.0.0.2", "10.0.0.3"]);
    expect(others).toEqual([]);
    expect(core.reportsOf("answer-unexpected")).toMatchObject([{ reason: "wrong-source" }]);
  });

  it("is not hurried by a datagram to somebody else that could not be sent, nor by a late one", () => {
    const core = probing({ disableStreamPings: true });
    const fail = (address: string, port: number): void =>
      core.call(() =>
        core.swim.handleDatagramFailure({ target: { address, port }, message: "no" }, core.nowMs),
      );
    core.receive([aliveOf("a", 2), aliveOf("b", 3)]);
    const { target } = nextPing(core);

    fail("10.0.0.66", 7_946);
    fail(target, 7_947);
    expect(indirectPings(core)).toEqual([]);
    core.advance(300);
    expect(indirectPings(core).length).toBe(1);
    fail(target, 7_946);

    expect(indirectPings(core)).toEqual([]);
    expect(core.reportsOf("probe-send-failed")).toEqual([]);
  });

  it("suspects who is silent to all, from us", () => {
    const core = probing({ disableStreamPings: true });
    core.receive(aliveOf("a", 2));
    nextPing(core);

    core.advance(1_000);

    expect(core.swim.member("a")?.state).toBe("suspect");
    expect(core.events.at(-1)).toMatchObject({ kind: "member-suspected", accuser: "self" });
    expect(core.reportsOf("probe-failed")).toMatchObject([{ name: "a", endpoint: endpoint(2) }]);
  });

  it("tells a suspect of the suspicion with its ping: exactly these two, nothing else", () => {
    const core = probing({ disableStreamPings: true });
    core.receive(aliveOf("a", 2, { incarnation: 4 }));
    core.receive({ kind: "suspect", incarnation: 4, node: "a", from: "b" });
    core.takeSent();

    core.advance(1_000);

    expect(core.takeSent()[0]?.messages).toMatchObject([
      { kind: "ping", node: "a" },
      { kind: "suspect", incarnation: 4, node: "a", from: "self" },
    ]);
  });

  it("ignores a late answer to an earlier round", () => {
    const core = probing({ disableStreamPings: true });
    core.receive(aliveOf("a", 2));
    const { sequenceNumber } = nextPing(core);
    core.advance(1_000);

    core.receive(ack(sequenceNumber), endpoint(2));

    expect(core.swim.member("a")?.state).toBe("suspect");
    expect(core.reportsOf("answer-unexpected")).toMatchObject([{ reason: "unknown" }]);
  });

  it("does not probe the dead, the left and itself", () => {
    const core = probing({ gossipToTheDeadMs: 60_000 });
    core.receive([aliveOf("a", 2), aliveOf("b", 3)]);
    core.receive({ kind: "dead", incarnation: 1, node: "a", from: "x" });
    core.receive({ kind: "dead", incarnation: 1, node: "b", from: "b" });
    core.takeSent();

    core.advance(10_000);

    expect(core.takeMessages()).toEqual([]);
  });

  it("goes on with others at once when the ping could not be sent, without credit for success", () => {
    const core = probing({ disableStreamPings: true });
    core.receive([aliveOf("a", 2), aliveOf("b", 3)]);
    core.receive({ kind: "suspect", incarnation: 1, node: "self", from: "b" });
    const { sequenceNumber, target } = nextPing(core);

    const failure = { target: { address: target, port: 7_946 }, message: "unreachable" };
    core.call(() => core.swim.handleDatagramFailure(failure, core.nowMs));
    expect(indirectPings(core).length).toBe(1);
    core.receive(ack(sequenceNumber), endpoint(2));

    expect(core.swim.healthScore).toBe(1);
    expect(core.reportsOf("probe-send-failed").length).toBe(1);
  });

  it("believes an answer from an address it did not ask, and reports it, unless told to be strict", () => {
    const results = [false, true].map((strictAnswerSource) => {
      const core = probing({ strictAnswerSource, disableStreamPings: true });
      core.receive(aliveOf("a", 2));
      const { sequenceNumber } = nextPing(core);
      core.receive(ack(sequenceNumber), endpoint(66));
      core.advance(1_000);
      return [core.swim.member("a")?.state, core.reportsOf("answer-unexpected").length];
    });

    expect(results).toEqual([
      ["alive", 1],
      ["suspect", 1],
    ]);
  });
});

describe("the TCP ping (behaviour specification §5.5)", () => {
  it("saves a member whose UDP is blocked, with a warning", () => {
    const core = probing();
    core.receive(aliveOf("a", 2));
    const { sequenceNumber } = nextPing(core);
    core.advance(300);
    const [stream] = core.dialled();
    const streamId = stream?.streamId ?? -1;

    core.opened(streamId);
    expect(core.written(streamId, "acceptor")).toMatchObject({ kind: "ping", node: "a" });
    core.answer(streamId, ack(sequenceNumber));
    core.advance(700);

    expect(core.swim.member("a")?.state).toBe("alive");
    expect(core.reportsOf("udp-unreachable")).toMatchObject([{ name: "a" }]);
    expect(core.hasClosed(streamId)).toBe(true);
  });

  it("may take until the end of the round, however short the stream timeout (§15)", () => {
    const core = probing({ streamTimeoutMs: 100 });
    core.receive(aliveOf("a", 2));
    const { sequenceNumber } = nextPing(core);
    core.advance(300);
    const streamId = core.dialled()[0]?.streamId ?? -1;

    core.advance(650);
    core.opened(streamId);
    core.answer(streamId, ack(sequenceNumber));
    core.advance(50);

    expect(core.swim.member("a")?.state).toBe("alive");
  });

  it("does not count with another number", () => {
    const core = probing();
    core.receive(aliveOf("a", 2));
    const { sequenceNumber } = nextPing(core);
    core.advance(300);
    const streamId = core.dialled()[0]?.streamId ?? -1;
    core.opened(streamId);

    core.answer(streamId, ack(sequenceNumber + 1));
    core.advance(700);

    expect(core.swim.member("a")?.state).toBe("suspect");
  });

  it.each<[string, LoneCoreSettings, number]>([
    ["switched off", { disableStreamPings: true }, 5],
    ["switched off for this member", { disableStreamPingsFor: (name) => name === "a" }, 5],
    ["too new for the member", {}, 2],
  ])("is not tried when %s", (_why, settings, protocolMax) => {
    const core = probing(settings);
    core.receive(aliveOf("a", 2, { versions: Uint8Array.of(1, protocolMax, 2, 0, 0, 0) }));
    nextPing(core);

    core.advance(1_000);

    expect(core.dialled()).toEqual([]);
  });

  it("waits until the direct ping is overdue, and is tried with members of protocol 3", () => {
    const core = probing();
    core.receive(aliveOf("a", 2, { versions: Uint8Array.of(1, 3, 2, 0, 0, 0) }));
    nextPing(core);

    core.advance(299);
    expect(core.dialled()).toEqual([]);
    core.advance(1);

    expect(core.dialled()).toMatchObject([{ target: endpoint(2) }]);
  });

  it("is not tried where the round is over with the direct wait", () => {
    const core = probing({ probeTimeoutMs: 1_000 });
    core.receive(aliveOf("a", 2));
    nextPing(core);

    core.advance(1_000);

    expect(core.swim.member("a")?.state).toBe("suspect");
    expect(core.dialled()).toEqual([]);
  });

  it.each([
    ["refused", 450, 0],
    ["reset", 1_000, 1],
  ] as const)(
    "that is %s brings the verdict after %i ms, with a score of %i",
    (code, atMs, score) => {
      const core = probing();
      core.receive(aliveOf("a", 2));
      nextPing(core);
      core.advance(300);
      const streamId = core.dialled()[0]?.streamId ?? -1;
      const failure = { code, message: code } as const;
      core.call(() => core.swim.handleStream({ kind: "failed", streamId, failure }, core.nowMs));

      core.advance(atMs - 301);
      expect(core.swim.member("a")?.state).toBe("alive");
      core.advance(1);

      expect(core.swim.member("a")?.state).toBe("suspect");
      expect(core.swim.healthScore).toBe(score);
    },
  );

  it("ends with the round", () => {
    const core = probing();
    core.receive(aliveOf("a", 2));
    nextPing(core);

    core.advance(1_000);

    expect(core.hasClosed(core.dialled()[0]?.streamId ?? -1)).toBe(true);
  });
});

describe("the health score (behaviour specification §6)", () => {
  const OTHERS = [aliveOf("a", 2), aliveOf("b", 3), aliveOf("c", 4)];
  const OLD = Uint8Array.of(1, 3, 2, 0, 0, 0);

  /** One failed round, in which so many relays send a nack. */
  function failWithNacks(core: LoneCore, nackCount: number): void {
    const { sequenceNumber } = nextPing(core);
    core.advance(300);
    for (const { target } of indirectPings(core).slice(0, nackCount)) {
      core.receive({ kind: "nack", sequenceNumber }, { address: target, port: 7_946 });
    }
    core.advance(core.swim.healthScore > 0 ? 0 : 700);
  }

  it.each([
    [2, 0],
    [1, 1],
    [0, 2],
  ])("after a failed probe with %i of 2 nacks is %i", (nackCount, score) => {
    const core = probing({ indirectPingCount: 2, disableStreamPings: true });
    core.receive(OTHERS);

    failWithNacks(core, nackCount);

    expect(core.swim.healthScore).toBe(score);
    expect(core.reportsOf("nacks-missing").map(({ missingCount }) => missingCount)).toEqual(
      score === 0 ? [] : [score],
    );
  });

  it("counts a repeated nack of one relay once (behaviour specification §19.21)", () => {
    const core = probing({ indirectPingCount: 2, disableStreamPings: true });
    core.receive(OTHERS);
    const { sequenceNumber } = nextPing(core);
    core.advance(300);
    const [relay] = indirectPings(core);
    const source = { address: relay?.target ?? "", port: 7_946 };

    core.receive({ kind: "nack", sequenceNumber }, source);
    core.receive({ kind: "nack", sequenceNumber }, source);
    core.advance(700);

    expect(core.swim.healthScore).toBe(1);
  });

  it("rises by one when no relay knows nacks, and asks those for none", () => {
    const core = probing({ disableStreamPings: true });
    core.receive(OTHERS.map((claim) => ({ ...claim, versions: OLD })));
    nextPing(core);
    core.advance(300);
    const asked = indirectPings(core);

    core.advance(700);

    expect(asked.map(({ message }) => "wantsNack" in message && message.wantsNack)).toEqual([
      false,
      false,
    ]);
    expect(core.swim.healthScore).toBe(1);
    expect(core.reportsOf("nacks-missing")).toEqual([]);
  });

  it("takes nacks of relays of protocol 4, and no more of them than relays were asked", () => {
    const core = probing({ indirectPingCount: 1, disableStreamPings: true });
    const versions = Uint8Array.of(1, 4, 2, 0, 0, 0);
    core.receive(OTHERS.map((claim) => ({ ...claim, versions })));
    core.receive({ kind: "suspect", incarnation: 1, node: "self", from: "a" });
    const { sequenceNumber } = nextPing(core);
    core.advance(300);
    expect(indirectPings(core)).toMatchObject([{ message: { wantsNack: true } }]);
    for (const number of [66, 67, 68]) {
      core.receive({ kind: "nack", sequenceNumber }, endpoint(number));
    }

    core.advance(1_700);

    expect(core.reportsOf("probe-failed").length).toBe(1);
    expect(core.swim.healthScore).toBe(1);
  });

  it("falls with each success and stretches the wait of a round", () => {
    const core = probing({ disableStreamPings: true });
    core.receive(aliveOf("a", 2));
    core.receive({ kind: "suspect", incarnation: 1, node: "self", from: "a" });
    expect(core.swim.healthScore).toBe(1);
    const { sequenceNumber } = nextPing(core);

    core.advance(1_500);
    expect(core.swim.member("a")?.state).toBe("alive");
    core.receive(ack(sequenceNumber), endpoint(2));

    expect(core.swim.healthScore).toBe(0);
    expect(core.reportsOf("health-changed").map(({ score }) => score)).toEqual([1, 0]);
  });

  it("lets a round that lasts longer than the interval delay the next, which then starts at once", () => {
    const core = probing({ disableStreamPings: true });
    core.receive(aliveOf("a", 2));
    core.receive({ kind: "suspect", incarnation: 1, node: "self", from: "a" });
    const first = nextPing(core);

    core.advance(1_900);
    expect(core.takeMessages().filter(({ kind }) => kind === "ping")).toEqual([]);
    core.receive(ack(first.sequenceNumber), endpoint(2));

    expect(core.takeMessages().filter(({ kind }) => kind === "ping").length).toBe(1);
  });
});
