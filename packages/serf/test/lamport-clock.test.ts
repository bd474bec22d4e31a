import { describe, expect, it } from "vitest";
import { defaultLamportJumpLimit, LamportClock, maxLamportTime } from "../src/lamport-clock.ts";

describe("LamportClock", () => {
  it("counts and witnesses as the reference's own tests say (§19)", () => {
    const clock = new LamportClock();

    expect(clock.time).toBe(0n);
    expect(clock.increment()).toBe(1n);
    expect(clock.witness(41n)).toBe("advanced");
    expect(clock.time).toBe(42n);
    expect(clock.witness(41n)).toBe("unchanged");
    expect(clock.time).toBe(42n);
    expect(clock.witness(30n)).toBe("unchanged");
    expect(clock.time).toBe(42n);
  });

  it("moves when it witnesses its own time (§4)", () => {
    const clock = new LamportClock();
    clock.restore(41n);

    expect(clock.witness(42n)).toBe("advanced");
    expect(clock.time).toBe(43n);
  });

  it("refuses a jump beyond the limit, and none up to it (§20 item 20)", () => {
    const clock = new LamportClock({ jumpLimit: 100n });

    expect(clock.witness(101n)).toBe("refused");
    expect(clock.time).toBe(0n);
    expect(clock.witness(100n)).toBe("advanced");
    expect(clock.time).toBe(101n);
  });

  it("does not let one message of time 2^64 − 1 poison it", () => {
    const clock = new LamportClock();

    expect(clock.witness(maxLamportTime)).toBe("refused");
    expect(clock.time).toBe(0n);
    expect(defaultLamportJumpLimit).toBe(281_474_976_710_656n);
  });

  it("stays at the last time there is, and never wraps", () => {
    const clock = new LamportClock();
    clock.restore(maxLamportTime - 1n);

    expect(clock.time).toBe(maxLamportTime);
    expect(clock.increment()).toBe(maxLamportTime);
    expect(clock.witness(maxLamportTime)).toBe("advanced");
    expect(clock.time).toBe(maxLamportTime);
  });

  it("believes its own snapshot at any distance", () => {
    const clock = new LamportClock({ jumpLimit: 1n });
    clock.increment();
    clock.restore(2n ** 60n);

    expect(clock.time).toBe(2n ** 60n + 1n);
    clock.restore(2n ** 60n + 1n);
    expect(clock.time).toBe(2n ** 60n + 2n);
    clock.restore(5n);
    expect(clock.time).toBe(2n ** 60n + 2n);
  });

  it("throws for a limit that is none", () => {
    expect(() => new LamportClock({ jumpLimit: 0n })).toThrow(RangeError);
  });
});
