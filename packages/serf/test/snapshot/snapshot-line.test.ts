import { decodeName, encodeName } from "@x/swim/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatSnapshotLine,
  parseSnapshotLine,
  type SnapshotLine,
} from "../../src/snapshot/snapshot-line.ts";
import {
  lineBytesLimit,
  problemLimit,
  replaySnapshot,
  SnapshotReplay,
} from "../../src/snapshot/snapshot-state.ts";
import { lamportTime, name } from "../support/arbitraries.ts";

const coordinate = { vector: [0.25, -1e-9], error: 1.5, adjustment: -0.001, height: 1e-5 };

describe("formatSnapshotLine", () => {
  it.each<[SnapshotLine["kind"], SnapshotLine, string]>([
    [
      "alive",
      { kind: "alive", name: "node one", address: "[::1]:7946" },
      "alive: node one [::1]:7946\n",
    ],
    ["not-alive", { kind: "not-alive", name: "a" }, "not-alive: a\n"],
    [
      "failed",
      { kind: "failed", name: "a b", address: "10.0.0.1:1" },
      "# failed: a b 10.0.0.1:1\n",
    ],
    ["forget", { kind: "forget", name: "a" }, "# forget: a\n"],
    ["clock", { kind: "clock", lamportTime: 2n ** 64n - 1n }, "clock: 18446744073709551615\n"],
    ["event-clock", { kind: "event-clock", lamportTime: 7n }, "event-clock: 7\n"],
    ["query-clock", { kind: "query-clock", lamportTime: 0n }, "query-clock: 0\n"],
    ["leave", { kind: "leave" }, "leave\n"],
    [
      "coordinate",
      { kind: "coordinate", coordinate },
      'coordinate: {"Vec":[0.25,-1e-9],"Error":1.5,"Adjustment":-0.001,"Height":0.00001}\n',
    ],
  ])("writes and reads back a line of kind %s", (_kind, line, text) => {
    expect(formatSnapshotLine(line)).toBe(text);
    expect(parseSnapshotLine(text.slice(0, -1))).toEqual(line);
  });

  it("refuses a name with a line break, which would forge a line (§20 item 23)", () => {
    const forged = "a\nalive: evil 6.6.6.6:1";

    expect(formatSnapshotLine({ kind: "not-alive", name: forged })).toBeUndefined();
    expect(
      formatSnapshotLine({ kind: "alive", name: forged, address: "10.0.0.1:1" }),
    ).toBeUndefined();
    expect(
      formatSnapshotLine({ kind: "failed", name: forged, address: "10.0.0.1:1" }),
    ).toBeUndefined();
  });

  it("refuses an address that would be read back as another", () => {
    const line = { kind: "alive", name: "a" } as const;

    expect(formatSnapshotLine({ ...line, address: "10.0.0.1 :1" })).toBeUndefined();
    expect(formatSnapshotLine({ ...line, address: "10.0.0.1:1\nleave" })).toBeUndefined();
  });

  it("refuses a coordinate JSON cannot hold", () => {
    const broken = { ...coordinate, error: NaN };

    expect(formatSnapshotLine({ kind: "coordinate", coordinate: broken })).toBeUndefined();
  });
});

describe("parseSnapshotLine", () => {
  it("passes over runs of zero bytes in front of a line (§20 item 26)", () => {
    expect(parseSnapshotLine("\0\0\0clock: 5")).toEqual({ kind: "clock", lamportTime: 5n });
    expect(parseSnapshotLine("\0\0\0")).toMatchObject({ kind: "unreadable" });
  });

  it.each([
    "coordinate: ",
    "coordinate: nonsense",
    "coordinate: null",
    'coordinate: {"Vec":[1],"Error":1}',
    'coordinate: {"Vec":["1"],"Error":1,"Adjustment":0,"Height":0}',
    'coordinate: {"Vec":[1e999],"Error":1,"Adjustment":0,"Height":0}',
    `coordinate: {"Vec":[${Array(65).fill(0).join()}],"Error":1,"Adjustment":0,"Height":0}`,
    "# anything",
    "#",
    "# failed: without-address",
  ])("passes over %j without a word", (line) => {
    expect(parseSnapshotLine(line)).toEqual({ kind: "nothing" });
  });

  it("refuses numbers beyond 64 bits, however long", () => {
    expect(parseSnapshotLine(`clock: ${"9".repeat(100_000)}`)).toMatchObject({
      kind: "unreadable",
    });
    expect(parseSnapshotLine(`clock: ${"0".repeat(30)}7`)).toEqual({
      kind: "clock",
      lamportTime: 7n,
    });
  });
});

describe("the snapshot grammar", () => {
  const address = fc.constantFrom("127.0.0.1:1", "[::1]:7946", "[fe80::1%eth0]:7946");
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
  const line: fc.Arbitrary<SnapshotLine> = fc.oneof(
    fc.record({ kind: fc.constantFrom("alive" as const, "failed" as const), name, address }),
    fc.record({ kind: fc.constantFrom("not-alive" as const, "forget" as const), name }),
    fc.record({
      kind: fc.constantFrom("clock" as const, "event-clock" as const, "query-clock" as const),
      lamportTime,
    }),
    fc.constant({ kind: "leave" as const }),
    fc.record({
      kind: fc.constant("coordinate" as const),
      coordinate: fc.record({
        vector: fc.array(finite, { maxLength: 8 }),
        error: finite,
        adjustment: finite,
        height: finite,
      }),
    }),
  );

  it("round-trips every line it writes, through bytes, whatever the name's bytes", () => {
    fc.assert(
      fc.property(line, (value) => {
        const text = formatSnapshotLine(value);
        fc.pre(text !== undefined);
        const bytes = encodeName(text);

        expect(bytes.indexOf(0x0a)).toBe(bytes.length - 1);
        expect(parseSnapshotLine(decodeName(bytes, 0, bytes.length - 1))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  it("refuses nothing but names with a line break", () => {
    fc.assert(
      fc.property(line, (value) => {
        const isForgery = "name" in value && value.name.includes("\n");

        expect(formatSnapshotLine(value) === undefined).toBe(isForgery);
      }),
      { numRuns: 500 },
    );
  });

  it("reads any bytes without throwing, and tells the first problems only", () => {
    const anyFile = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .string({ unit: fc.constantFrom(..."alive: not-ck#{}\n\0 0"), maxLength: 400 })
        .map(encodeName),
    );
    fc.assert(
      fc.property(anyFile, fc.boolean(), (bytes, rejoinAfterLeave) => {
        const { state, completeBytes } = replaySnapshot(bytes, { rejoinAfterLeave });

        expect(completeBytes).toBeLessThanOrEqual(bytes.length);
        expect(state.problems.length).toBeLessThanOrEqual(problemLimit);
      }),
    );
    const { state } = replaySnapshot(encodeName("?\n".repeat(problemLimit + 1)), {
      rejoinAfterLeave: false,
    });
    expect(state.problems).toHaveLength(problemLimit);
  });

  it("reads the same however the file is cut into pieces", () => {
    const line = fc.oneof(
      fc.constantFrom("alive: a 1:1", "not-alive: a", "clock: 7", "leave", "?", "\0\0clock: 9", ""),
      fc.string({ unit: fc.constantFrom(..."alive: x\0"), maxLength: 20 }),
    );
    fc.assert(
      fc.property(
        fc.array(line),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (lines, length, isTorn) => {
          const bytes = encodeName(lines.join("\n") + (isTorn ? "" : "\n"));
          const whole = replaySnapshot(bytes, { rejoinAfterLeave: false });
          const replay = new SnapshotReplay({ rejoinAfterLeave: false });
          for (let start = 0; start < bytes.length; start += length) {
            replay.push(bytes.subarray(start, start + length));
          }

          expect(replay.state.copy()).toEqual(whole.state.copy());
          expect(replay.completeBytes).toBe(whole.completeBytes);
          expect(replay.completeBytes).toBe(bytes.lastIndexOf(0x0a) + 1);
          expect(replay.readBytes).toBe(bytes.length);
        },
      ),
    );
  });

  it("reads a line of the limit, and passes over a longer one however it comes", () => {
    const replay = new SnapshotReplay({ rejoinAfterLeave: false });
    const longest = "x".repeat(lineBytesLimit - "alive:  1:1".length);
    replay.push(encodeName(`alive: ${longest} 1:1\nalive: ${longest}y 1:1\n`));
    replay.push(new Uint8Array(2 * lineBytesLimit).fill(0x78));
    replay.push(encodeName("\nclock: 3\n"));

    expect([...replay.state.alive.keys()]).toEqual([longest]);
    expect(replay.state.problems).toEqual([
      `Skipped a line of more than ${lineBytesLimit} bytes`,
      `Skipped a line of more than ${lineBytesLimit} bytes`,
    ]);
    expect(replay.state.lamportTime).toBe(3n);
  });

  it("passes over a run of zero bytes longer than any line", () => {
    const replay = new SnapshotReplay({ rejoinAfterLeave: false });
    for (let piece = 0; piece < 3; piece += 1) replay.push(new Uint8Array(lineBytesLimit));
    replay.push(encodeName("clock: 3\n"));

    expect(replay.state.lamportTime).toBe(3n);
    expect(replay.state.problems).toEqual([]);
  });
});
