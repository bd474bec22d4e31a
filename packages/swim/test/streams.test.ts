import { describe, expect, it } from "vitest";
import { encodeStream } from "@x/swim/wire";
import { endpoint, entryOf, LoneCore } from "./support/lone-core.ts";
import { packetSettings } from "./support/packet-settings.ts";

const PAYLOAD = Uint8Array.of(1, 2, 3);

function data(core: LoneCore, streamId: number, ...bytes: number[]): void {
  const chunk = Uint8Array.from(bytes);
  core.call(() => core.swim.handleStream({ kind: "data", streamId, bytes: chunk }, core.nowMs));
}

describe("an accepted connection (wire specification §11)", () => {
  it("answers a ping", () => {
    const core = new LoneCore();

    const { id, reply } = core.dialWith({ kind: "ping", sequenceNumber: 8, node: "self" });

    expect(reply).toMatchObject({ kind: "ack", sequenceNumber: 8 });
    expect(core.hasClosed(id)).toBe(true);
    expect(core.reportsOf("stream-accepted")).toEqual([
      { kind: "stream-accepted", remote: endpoint(9) },
    ]);
  });

  it("is closed without an answer when the ping is for another", () => {
    const core = new LoneCore();

    const { id, reply } = core.dialWith({ kind: "ping", sequenceNumber: 8, node: "other" });

    expect(reply).toBeUndefined();
    expect(core.hasClosed(id)).toBe(true);
    expect(core.reportsOf("stream-rejected")).toMatchObject([{ code: "wrong-name" }]);
  });

  it("delivers a user message, but not an empty one", () => {
    const received: Uint8Array[] = [];
    const core = new LoneCore({
      delegate: { handleUserMessage: (payload) => void received.push(payload) },
    });

    core.dialWith({ kind: "user", payload: PAYLOAD });
    core.dialWith({ kind: "user", payload: new Uint8Array(0) });

    expect(received).toEqual([PAYLOAD]);
    expect(core.events.at(-1)).toEqual({ kind: "user-message", payload: PAYLOAD });
  });

  it("is closed when it carries what is no request", () => {
    const core = new LoneCore();

    const { id } = core.dialWith({ kind: "error", error: "boo" });

    expect(core.hasClosed(id)).toBe(true);
    expect(core.reportsOf("stream-rejected").length).toBe(1);
  });

  it("is closed on rubbish, with a report", () => {
    const core = new LoneCore();
    const id = core.accept();

    data(core, id, 99, 1, 2, 3);

    expect(core.hasClosed(id)).toBe(true);
    expect(core.reportsOf("stream-rejected")).toMatchObject([{ remote: endpoint(9) }]);
  });

  it("is closed in silence when nothing was said: a port check", () => {
    const core = new LoneCore();
    const id = core.accept();

    core.call(() => core.swim.handleStream({ kind: "ended", streamId: id }, core.nowMs));

    expect(core.hasClosed(id)).toBe(true);
    expect(core.reportsOf("stream-rejected")).toEqual([]);
  });

  it("is answered and reported when its envelope holds nothing (wire specification §7)", () => {
    const core = new LoneCore();
    const id = core.accept();

    data(core, id, 0x09, 0x82, 0xa4, 0x41, 0x6c, 0x67, 0x6f, 0x00);
    data(core, id, 0xa3, 0x42, 0x75, 0x66, 0xa3, 0x00, 0x03, 0x02);

    expect(core.written(id, "dialler")).toMatchObject({ kind: "error" });
    expect(core.hasClosed(id)).toBe(true);
    expect(core.reportsOf("stream-rejected")).toMatchObject([{ code: "empty" }]);
  });

  it("is closed when it is not done in time", () => {
    const core = new LoneCore({ streamTimeoutMs: 500 });
    const id = core.accept();
    data(core, id, 6);

    core.advance(499);
    expect(core.hasClosed(id)).toBe(false);
    core.advance(1);

    expect(core.hasClosed(id)).toBe(true);
    expect(core.reportsOf("stream-rejected")).toMatchObject([{ code: "timed-out" }]);
  });

  it("leaves no timer when it breaks", () => {
    const core = new LoneCore({ gossipToTheDeadMs: 240_000 });
    const before = core.swim.nextDeadlineMs();
    const id = core.accept();
    const failure = { code: "reset", message: "connection reset" } as const;

    core.call(() => core.swim.handleStream({ kind: "failed", streamId: id, failure }, core.nowMs));

    expect(core.swim.nextDeadlineMs()).toBe(before);
    data(core, id, 1);
    expect(core.reportsOf("stream-rejected")).toEqual([]);
  });
});

describe("connections (behaviour specification §19.15)", () => {
  it("are refused beyond the limit for all, until one is closed", () => {
    const core = new LoneCore({ inboundStreamLimit: 2 });
    const ids = [core.accept(endpoint(2)), core.accept(endpoint(3)), core.accept(endpoint(4))];

    expect(ids.map((id) => core.hasClosed(id))).toEqual([false, false, true]);
    expect(core.reportsOf("stream-rejected")).toMatchObject([{ code: "limit-reached" }]);

    data(core, ids[0] ?? 0, 99);
    expect(core.hasClosed(core.accept(endpoint(4)))).toBe(false);
  });

  it("are dropped when all together hold too much, until others are closed", () => {
    const core = new LoneCore({ inboundStreamBytesLimit: 10 });
    const [first, second, third] = [core.accept(), core.accept(), core.accept()];
    // The start of a push/pull whose rest never comes: 06, a map of 3, the key "Join", ...
    const start = [0x06, 0x83, 0xa4, 0x4a, 0x6f, 0x69];
    data(core, first, ...start);

    data(core, second, ...start);
    expect([first, second].map((id) => core.hasClosed(id))).toEqual([false, true]);
    expect(core.reportsOf("stream-rejected")).toMatchObject([{ code: "limit-reached" }]);

    const failure = { code: "reset", message: "connection reset" } as const;
    core.call(() =>
      core.swim.handleStream({ kind: "failed", streamId: first, failure }, core.nowMs),
    );
    data(core, third, ...start);
    expect(core.hasClosed(third)).toBe(false);
  });

  it("hold what they expand to: a small envelope may be a large state", () => {
    const nodes = Array.from({ length: 600 }, (_, index) => entryOf(`m${index}`, 2));
    const state = {
      kind: "push-pull",
      isJoin: false,
      nodes,
      userState: new Uint8Array(0),
    } as const;
    const bytes = encodeStream(state, packetSettings(), { role: "dialler", compress: true });
    const core = new LoneCore({ inboundStreamBytesLimit: 60_000 });
    expect(bytes.length).toBeLessThan(10_000);
    const [first, second] = [core.accept(), core.accept()];

    data(core, first, ...bytes);
    data(core, second, ...bytes);

    expect([first, second].map((id) => core.hasClosed(id))).toEqual([false, true]);
    expect(core.reportsOf("stream-rejected")).toMatchObject([{ code: "limit-reached" }]);
  });

  it("are refused beyond the limit for one address", () => {
    const core = new LoneCore({ inboundStreamPerSourceLimit: 1 });

    const ids = [core.accept(endpoint(2)), core.accept(endpoint(2)), core.accept(endpoint(3))];

    expect(ids.map((id) => core.hasClosed(id))).toEqual([false, true, false]);
  });
});

describe("a message to one member (behaviour specification §10)", () => {
  it("goes out as one bare datagram", () => {
    const core = new LoneCore();

    core.call(() => core.swim.sendBestEffort({ endpoint: endpoint(2) }, PAYLOAD, core.nowMs));

    expect(core.takeSent()).toMatchObject([
      { target: endpoint(2), messages: [{ kind: "user", payload: PAYLOAD }] },
    ]);
  });

  it("goes out over a connection of its own, and settles when written", () => {
    const core = new LoneCore();
    let outcome: unknown;
    core.call(() =>
      core.swim.sendReliable({ endpoint: endpoint(2) }, PAYLOAD, core.nowMs, (settled) => {
        outcome = settled;
      }),
    );
    const streamId = core.dialled()[0]?.streamId ?? -1;
    expect(streamId % 2).toBe(1);

    core.opened(streamId);

    expect(core.written(streamId, "acceptor")).toEqual({ kind: "user", payload: PAYLOAD });
    expect(outcome).toEqual({});
    expect(core.hasClosed(streamId)).toBe(true);
  });

  it("fails with the reason when the connection fails, or takes too long", () => {
    const core = new LoneCore({ streamTimeoutMs: 300 });
    const outcomes: unknown[] = [];
    const send = (): number => {
      core.call(() =>
        core.swim.sendReliable({ endpoint: endpoint(2) }, PAYLOAD, core.nowMs, (settled) =>
          outcomes.push(settled.failure?.code),
        ),
      );
      return core.dialled().at(-1)?.streamId ?? -1;
    };
    const refused = send();
    const failure = { code: "refused", message: "connection refused" } as const;
    core.call(() =>
      core.swim.handleStream({ kind: "failed", streamId: refused, failure }, core.nowMs),
    );
    send();
    core.advance(300);

    expect(outcomes).toEqual(["refused", "timed-out"]);
    expect(core.reportsOf("user-stream-failed").length).toBe(2);
  });

  it("is refused when too large, or without a name where names are required", () => {
    const core = new LoneCore({ requireNames: true, wireLimits: { userMessageBytes: 10 } });
    const target = { name: "a", endpoint: endpoint(2) };
    const send = (bytes: number) => () =>
      core.swim.sendReliable(target, new Uint8Array(bytes), core.nowMs, () => {});

    expect(send(10)).not.toThrow();
    expect(send(11)).toThrow(expect.objectContaining({ code: "too-large" }));
    expect(() => core.swim.sendBestEffort(target, new Uint8Array(65_507), core.nowMs)).toThrow(
      expect.objectContaining({ code: "too-large" }),
    );
    expect(() => core.swim.sendBestEffort({ endpoint: endpoint(2) }, PAYLOAD, core.nowMs)).toThrow(
      expect.objectContaining({ code: "name-required" }),
    );
  });

  it("may be a ping: it gives the round trip, or that nobody answered, and changes nothing", () => {
    const core = new LoneCore({ probeTimeoutMs: 200 });
    const outcomes: unknown[] = [];
    const ping = (): number => {
      core.call(() =>
        core.swim.ping({ name: "a", endpoint: endpoint(2) }, core.nowMs, (outcome) =>
          outcomes.push(outcome),
        ),
      );
      const [message] = core.takeMessages();
      return message?.kind === "ping" ? message.sequenceNumber : -1;
    };
    const sequenceNumber = ping();
    core.advance(30);
    core.receive({ kind: "ack", sequenceNumber, payload: new Uint8Array(0) }, endpoint(2));
    ping();
    core.advance(200);

    expect(outcomes).toEqual([{ rttMs: 30 }, { timedOut: true }]);
    expect(core.swim.healthScore).toBe(0);
  });
});
