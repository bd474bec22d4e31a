/** How full packets are: rumours and the broadcasts of the layer above within the budget. */
import { describe, expect, it } from "vitest";
import { encodeMessage } from "@x/swim/wire";
import { aliveOf, LoneCore, type LoneCoreSettings } from "./support/lone-core.ts";
import { drainRumours, fillTable } from "./support/rumours.ts";

const PLAIN = { compress: false } as const;
const CHECKSUM_BYTES = 5;

/** Fills whatever room is offered to the last byte. */
const greedy = {
  takeBroadcasts: (overheadBytes: number, limitBytes: number) => [
    new Uint8Array(limitBytes - overheadBytes),
  ],
} as const;

function ping(core: LoneCore): void {
  core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });
}

describe("a packet with room for the layer above", () => {
  it.each([0, 1, 100, 300])("is full to the budget behind an ack of %i bytes", (ackBytes) => {
    const delegate = { ...greedy, ackPayload: () => new Uint8Array(ackBytes) };
    const core = new LoneCore({ ...PLAIN, delegate });
    ping(core);
    ping(core);

    // An answer bears no checksum, but room for one is kept.
    const lengths = core.takeSent().map(({ bytes }) => bytes.length);
    expect(lengths).toEqual([1_400 - CHECKSUM_BYTES, 1_400 - CHECKSUM_BYTES]);
  });

  it("is full to the budget behind news, with a checksum for those who check it", () => {
    const core = new LoneCore({
      ...PLAIN,
      delegate: greedy,
      gossipIntervalMs: 200,
      eagerGossip: false,
    });
    fillTable(core, 5);
    core.takeSent();

    core.advance(200);

    const sent = core.takeSent();
    expect(sent.map(({ bytes }) => bytes.length)).toEqual([1_400, 1_400, 1_400]);
    expect(sent[0]?.messages.map(({ kind }) => kind)).toContain("alive");
    expect(sent[0]?.messages.at(-1)?.kind).toBe("user");
  });

  it("is full to the budget with a label as well", () => {
    const core = new LoneCore({ ...PLAIN, delegate: greedy, label: "blue" });
    ping(core);

    expect(core.takeSent()[0]?.bytes.length).toBe(1_400 - CHECKSUM_BYTES);
  });

  it("is offered as soon as one byte fits, and never before", () => {
    const limits: number[] = [];
    let ackBytes = 0;
    const delegate = {
      ackPayload: () => new Uint8Array(ackBytes),
      takeBroadcasts: (overheadBytes: number, limitBytes: number): Uint8Array[] => {
        expect(overheadBytes).toBe(3);
        limits.push(limitBytes);
        return [];
      },
    };
    const core = new LoneCore({ ...PLAIN, delegate, datagramBytes: 512 });
    drainRumours(core);
    limits.length = 0;

    for (ackBytes = 450; ackBytes < 520; ackBytes += 1) ping(core);

    expect(Math.min(...limits)).toBe(4);
    expect(limits.length).toBeGreaterThan(10);
    expect(limits.length).toBeLessThan(60);
  });
});

describe("what the layer above gives", () => {
  /** The sizes sent and refused, if so many bytes above the offer are given. */
  function given(sizes: (limitBytes: number) => readonly number[]): {
    readonly sent: readonly number[];
    readonly refused: readonly object[];
    readonly limitBytes: number;
  } {
    let offered = 0;
    const core = new LoneCore({
      ...PLAIN,
      delegate: {
        takeBroadcasts: (_overheadBytes, limitBytes) => {
          offered = limitBytes;
          return sizes(limitBytes).map((bytes) => new Uint8Array(bytes));
        },
      },
    });
    ping(core);
    const sent = core
      .takeMessages()
      .flatMap((message) => (message.kind === "user" ? [message.payload.length] : []));
    return { sent, refused: core.reportsOf("broadcast-too-large"), limitBytes: offered };
  }

  it("may take up exactly what was offered", () => {
    const { limitBytes, refused, sent } = given((limit) => [limit - 3]);

    expect(sent).toEqual([limitBytes - 3]);
    expect(refused).toEqual([]);
  });

  it("is refused and reported if it is one byte longer", () => {
    const { limitBytes, refused, sent } = given((limit) => [limit - 2]);

    expect(sent).toEqual([]);
    expect(refused).toEqual([{ kind: "broadcast-too-large", bytes: limitBytes - 2, limitBytes }]);
  });

  it("counts together: what no longer fits behind the others is refused alone", () => {
    const { limitBytes, refused, sent } = given((limit) => [limit - 103, 98, 10, 90, 84]);

    // 100 bytes are left after the first, 87 after the third, each with 3 of overhead.
    expect(sent).toEqual([limitBytes - 103, 10, 84]);
    expect(refused).toEqual([
      { kind: "broadcast-too-large", bytes: 98, limitBytes: 100 },
      { kind: "broadcast-too-large", bytes: 90, limitBytes: 87 },
    ]);
  });
});

describe("news", () => {
  /** Whether an alive message of so many bytes is queued. */
  function isQueued(messageBytes: number, settings: LoneCoreSettings): boolean {
    const core = new LoneCore({ ...PLAIN, datagramBytes: 512, ...settings });
    const before = core.swim.broadcastQueueDepth;
    const bare = aliveOf("x".repeat(200), 2, { meta: new Uint8Array(100) });
    const metaBytes = 100 + messageBytes - encodeMessage(bare).length;
    const claim = { ...bare, meta: new Uint8Array(metaBytes) };
    expect(encodeMessage(claim).length).toBe(messageBytes);
    core.receive(claim);
    expect(core.swim.memberCount).toBe(2);
    return core.swim.broadcastQueueDepth > before;
  }

  it.each([
    // Beside a part's own two bytes: 45 for encryption, 5 for a checksum, 2 for a compound.
    ["without a label", {}, 512 - 54],
    ["with a label of four bytes and two more", { label: "blue" }, 512 - 54 - 6],
  ])("%s is queued if it fits into a packet, whatever is wrapped around", (_what, more, most) => {
    expect(isQueued(most, more)).toBe(true);
    expect(isQueued(most + 1, more)).toBe(false);
  });
});

describe("the checksum", () => {
  const OLD = Uint8Array.of(1, 4, 2, 0, 0, 0);
  const CHECKSUM = 12;

  it("is left out of answers: whoever asks may not know it", () => {
    const core = new LoneCore(PLAIN);
    core.receive(aliveOf("a", 9));
    core.takeSent();

    ping(core);
    drainRumours(core);
    ping(core);

    for (const { bytes } of core.takeSent()) expect(bytes[0]).not.toBe(CHECKSUM);
  });

  it("is on messages to a member that checks it, and on none to others", () => {
    const core = new LoneCore(PLAIN);
    core.receive([aliveOf("new", 2), aliveOf("old", 3, { versions: OLD })]);
    core.takeSent();
    const firstByteTo = (name: string, number: number): number | undefined => {
      const target = { name, endpoint: { address: `10.0.0.${number}`, port: 7946 } };
      core.call(() => core.swim.sendBestEffort(target, Uint8Array.of(1), core.nowMs));
      return core.takeSent()[0]?.bytes[0];
    };

    expect(firstByteTo("new", 2)).toBe(CHECKSUM);
    expect(firstByteTo("old", 3)).not.toBe(CHECKSUM);
    expect(firstByteTo("stranger", 4)).not.toBe(CHECKSUM);
  });
});
