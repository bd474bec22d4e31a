import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IntentBuffer, type IntentKind } from "../src/intent-buffer.ts";

describe("IntentBuffer", () => {
  it("replaces an intent only by a newer one, of whichever kind (§5.3)", () => {
    const buffer = new IntentBuffer();

    expect(buffer.upsert("a", { kind: "join", lamportTime: 5n }, 0)).toBe("stored");
    expect(buffer.upsert("a", { kind: "leave", lamportTime: 5n }, 1)).toBe("stale");
    expect(buffer.upsert("a", { kind: "leave", lamportTime: 4n }, 2)).toBe("stale");
    expect(buffer.recent("a")).toEqual({ kind: "join", lamportTime: 5n, receivedMs: 0 });
    expect(buffer.upsert("a", { kind: "leave", lamportTime: 6n }, 3)).toBe("stored");
    expect(buffer.recent("a")).toEqual({ kind: "leave", lamportTime: 6n, receivedMs: 3 });
    expect(buffer.recent("b")).toBeUndefined();
  });

  it("stores an intent of time 0, and tells it on once", () => {
    const buffer = new IntentBuffer();

    expect(buffer.upsert("a", { kind: "join", lamportTime: 0n }, 0)).toBe("stored");
    expect(buffer.upsert("a", { kind: "join", lamportTime: 0n }, 0)).toBe("stale");
  });

  it("forgets what is older than the timeout, and nothing younger (§15)", () => {
    const buffer = new IntentBuffer();
    buffer.upsert("old", { kind: "join", lamportTime: 1n }, 0);
    buffer.upsert("young", { kind: "join", lamportTime: 1n }, 1);

    expect(buffer.expire(300_001, 300_000)).toBe(1);
    expect(buffer.recent("old")).toBeUndefined();
    expect(buffer.recent("young")).toBeDefined();
  });

  it("refuses a new name when full, and still hears of known ones (§20 item 5)", () => {
    const buffer = new IntentBuffer({ nameLimit: 2 });
    buffer.upsert("a", { kind: "join", lamportTime: 1n }, 0);
    buffer.upsert("b", { kind: "join", lamportTime: 1n }, 0);

    expect(buffer.upsert("c", { kind: "join", lamportTime: 9n }, 0)).toBe("full");
    expect(buffer.size).toBe(2);
    expect(buffer.upsert("a", { kind: "leave", lamportTime: 2n }, 0)).toBe("stored");

    buffer.expire(300_001, 300_000);
    expect(buffer.upsert("c", { kind: "join", lamportTime: 9n }, 0)).toBe("stored");
  });

  it("may be of one name", () => {
    const buffer = new IntentBuffer({ nameLimit: 1 });

    expect(buffer.upsert("a", { kind: "join", lamportTime: 1n }, 0)).toBe("stored");
    expect(buffer.upsert("b", { kind: "join", lamportTime: 1n }, 0)).toBe("full");
  });

  it("throws for a limit that is none", () => {
    expect(() => new IntentBuffer({ nameLimit: 0 })).toThrow(RangeError);
  });
});

describe("IntentBuffer, for any sequence of intents", () => {
  const intent = fc.record({
    name: fc.constantFrom("a", "b", "c", "d"),
    kind: fc.constantFrom<IntentKind>("join", "leave"),
    lamportTime: fc.bigInt({ min: 0n, max: 5n }),
  });

  it("agrees with the naive model: the first of the greatest time wins", () => {
    fc.assert(
      fc.property(fc.array(intent), (intents) => {
        const buffer = new IntentBuffer();
        for (const [index, each] of intents.entries()) buffer.upsert(each.name, each, index);

        for (const name of ["a", "b", "c", "d"]) {
          const ofName = intents.filter((each) => each.name === name);
          const greatest = ofName.reduce((most, { lamportTime: t }) => (t > most ? t : most), -1n);
          const winner = ofName.find(({ lamportTime }) => lamportTime === greatest);
          expect(buffer.recent(name)?.kind).toBe(winner?.kind);
          expect(buffer.recent(name)?.lamportTime).toBe(winner?.lamportTime);
        }
      }),
    );
  });

  it("tells each name and time on at most once, even when it overflows", () => {
    fc.assert(
      fc.property(fc.array(intent), (intents) => {
        const buffer = new IntentBuffer({ nameLimit: 2 });
        const told = new Set<string>();
        for (const [index, each] of intents.entries()) {
          if (buffer.upsert(each.name, each, index) !== "stored") continue;
          const key = `${each.name} ${each.lamportTime}`;
          expect(told.has(key)).toBe(false);
          told.add(key);
          expect(buffer.size).toBeLessThanOrEqual(2);
        }
      }),
    );
  });
});
