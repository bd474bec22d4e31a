import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCoalesceChain } from "../../src/coalesce/coalesce-chain.ts";
import { Coalescer, type CoalescePolicy } from "../../src/coalesce/coalescer.ts";
import { UserEventCoalescer } from "../../src/coalesce/user-event-coalescer.ts";
import type { SerfEvent } from "../../src/serf-event.ts";
import { member, memberEvent, userEvent } from "../support/members.ts";

const periods = { coalescePeriodMs: 3000, quiescentPeriodMs: 1000 };

/** Keeps every user event in order, so that the timers alone decide. */
function gatheringAll(limit = Infinity): CoalescePolicy {
  let gathered: SerfEvent[] = [];
  return {
    accepts: (event) => event.kind === "user",
    add: (event) => gathered.push(event),
    get isFull() {
      return gathered.length >= limit;
    },
    take() {
      const taken = gathered;
      gathered = [];
      return taken;
    },
  };
}

describe("Coalescer", () => {
  it("tells when nothing more came for the quiescent period (§13)", () => {
    const coalescer = new Coalescer(gatheringAll(), periods);

    expect(coalescer.nextDeadlineMs()).toBe(Infinity);
    expect(coalescer.handle(userEvent("a", 1n), 100)).toEqual([]);
    expect(coalescer.nextDeadlineMs()).toBe(1100);
    expect(coalescer.handle(userEvent("b", 2n), 600)).toEqual([]);
    expect(coalescer.nextDeadlineMs()).toBe(1600);
    expect(coalescer.takeDue(1599)).toEqual([]);
    expect(coalescer.takeDue(1600)).toEqual([userEvent("a", 1n), userEvent("b", 2n)]);
    expect(coalescer.nextDeadlineMs()).toBe(Infinity);
  });

  it("tells after the coalesce period, even if it never gets quiet (§13)", () => {
    const coalescer = new Coalescer(gatheringAll(), periods);
    for (let atMs = 0; atMs < 3000; atMs += 500) coalescer.handle(userEvent("a", 1n), atMs);

    expect(coalescer.nextDeadlineMs()).toBe(3000);
    expect(coalescer.takeDue(3000)).toHaveLength(6);
  });

  it("lets pass at once what it does not gather", () => {
    const coalescer = new Coalescer(gatheringAll(), periods);
    const joined = memberEvent("member-join", member("a"));
    coalescer.handle(userEvent("a", 1n), 0);

    expect(coalescer.handle(joined, 10)).toEqual([joined]);
  });

  it("closes a window whose timer is late before it opens the next", () => {
    const coalescer = new Coalescer(gatheringAll(), periods);
    coalescer.handle(userEvent("a", 1n), 0);

    expect(coalescer.handle(userEvent("b", 2n), 5000)).toEqual([userEvent("a", 1n)]);
    expect(coalescer.nextDeadlineMs()).toBe(6000);
  });

  it("tells at once when its policy is full", () => {
    const coalescer = new Coalescer(gatheringAll(2), periods);
    coalescer.handle(userEvent("a", 1n), 0);

    expect(coalescer.handle(userEvent("b", 2n), 0)).toHaveLength(2);
    expect(coalescer.nextDeadlineMs()).toBe(Infinity);
  });

  it("tells everything at shutdown", () => {
    const coalescer = new Coalescer(gatheringAll(), periods);
    coalescer.handle(userEvent("a", 1n), 0);

    expect(coalescer.flush()).toEqual([userEvent("a", 1n)]);
    expect(coalescer.flush()).toEqual([]);
  });

  it("throws for a period that is none", () => {
    expect(
      () => new Coalescer(gatheringAll(), { coalescePeriodMs: 0, quiescentPeriodMs: 1 }),
    ).toThrow(RangeError);
  });
});

describe("Coalescer, at any times", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 4000 }), { maxLength: 30 });

  it("loses nothing, keeps the order, and holds nothing longer than the coalesce period", () => {
    fc.assert(
      fc.property(gaps, (gapsMs) => {
        const coalescer = new Coalescer(gatheringAll(), periods);
        const sentAtMs: number[] = [];
        const told: { time: bigint; atMs: number }[] = [];
        const note = (events: readonly SerfEvent[], atMs: number): void => {
          for (const event of events) {
            if (event.kind === "user") told.push({ time: event.lamportTime, atMs });
          }
        };
        let nowMs = 0;
        const advanceTo = (untilMs: number): void => {
          while (coalescer.nextDeadlineMs() <= untilMs) {
            nowMs = coalescer.nextDeadlineMs();
            note(coalescer.takeDue(nowMs), nowMs);
          }
          nowMs = untilMs;
        };
        for (const [index, gapMs] of gapsMs.entries()) {
          advanceTo(nowMs + gapMs);
          sentAtMs.push(nowMs);
          note(coalescer.handle(userEvent("e", BigInt(index)), nowMs), nowMs);
        }
        advanceTo(nowMs + 10_000);

        expect(told.map(({ time }) => Number(time))).toEqual(gapsMs.map((_, index) => index));
        for (const { time, atMs } of told) {
          expect(atMs - (sentAtMs[Number(time)] ?? NaN)).toBeLessThanOrEqual(3000);
        }
      }),
    );
  });
});

describe("UserEventCoalescer", () => {
  it("keeps all events of the greatest time of each name, in order (§19)", () => {
    const coalescer = new UserEventCoalescer();
    const events = [
      userEvent("foo", 1n, { payload: new Uint8Array([1]) }),
      userEvent("bar", 5n),
      userEvent("foo", 2n, { payload: new Uint8Array([2]) }),
      userEvent("foo", 2n, { payload: new Uint8Array([3]) }),
      userEvent("bar", 4n),
    ];
    for (const event of events) coalescer.add(event);

    expect(coalescer.take()).toEqual([events[2], events[3], events[1]]);
    expect(coalescer.take()).toEqual([]);
  });

  it("does not gather events without the flag, nor anything else", () => {
    const coalescer = new UserEventCoalescer();

    expect(coalescer.accepts(userEvent("a", 1n, { coalesce: true }))).toBe(true);
    expect(coalescer.accepts(userEvent("a", 1n, { coalesce: false }))).toBe(false);
    expect(coalescer.accepts(memberEvent("member-join", member("a")))).toBe(false);
  });

  it("adds nothing but user events, and 8,192 of them unless told otherwise", () => {
    const coalescer = new UserEventCoalescer();
    coalescer.add(memberEvent("member-join", member("a")));
    expect(coalescer.take()).toEqual([]);

    for (let time = 0n; time < 8_191n; time += 1n) coalescer.add(userEvent(`e${time}`, time));
    expect(coalescer.isFull).toBe(false);
    coalescer.add(userEvent("last", 1n));

    expect(coalescer.isFull).toBe(true);
  });

  it("is full at its limit, counting only what it keeps", () => {
    const coalescer = new UserEventCoalescer({ pendingEvents: 2 });
    coalescer.add(userEvent("a", 1n));
    coalescer.add(userEvent("a", 2n));
    coalescer.add(userEvent("a", 1n));

    expect(coalescer.isFull).toBe(false);
    coalescer.add(userEvent("a", 2n));
    expect(coalescer.isFull).toBe(true);
    coalescer.take();
    expect(coalescer.isFull).toBe(false);
  });

  it("agrees with the naive model, whatever comes", () => {
    const event = fc
      .tuple(fc.constantFrom("a", "b"), fc.bigInt({ min: 0n, max: 4n }), fc.nat(255))
      .map(([name, time, byte]) => userEvent(name, time, { payload: new Uint8Array([byte]) }));
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const coalescer = new UserEventCoalescer();
        for (const each of events) coalescer.add(each);
        const told = coalescer.take();

        for (const name of ["a", "b"]) {
          const ofName = events.filter((each) => each.name === name);
          const isNewest = (time: bigint): boolean =>
            ofName.every(({ lamportTime }) => lamportTime <= time);
          expect(told.filter((each) => each.name === name)).toEqual(
            ofName.filter(({ lamportTime }) => isNewest(lamportTime)),
          );
        }
      }),
    );
  });
});

describe("createCoalesceChain", () => {
  it("gathers each kind by itself, and wakes for the earlier one", () => {
    const chain = createCoalesceChain({
      member: { coalescePeriodMs: 500, quiescentPeriodMs: 200 },
      user: periods,
    });
    const joined = memberEvent("member-join", member("a"));

    expect(chain.handle(userEvent("u", 1n), 0)).toEqual([]);
    expect(chain.handle(joined, 50)).toEqual([]);
    expect(chain.nextDeadlineMs()).toBe(250);
    expect(chain.takeDue(250)).toEqual([joined]);
    expect(chain.nextDeadlineMs()).toBe(1000);
    expect(chain.flush()).toEqual([userEvent("u", 1n)]);
  });

  it("hands on all that a late window tells, and gathers what belongs to another station", () => {
    const chain = createCoalesceChain({ member: periods, user: periods });
    chain.handle(userEvent("a", 1n), 0);
    chain.handle(userEvent("b", 2n), 0);

    const late = chain.handle(userEvent("c", 3n, { coalesce: false }), 5_000);
    chain.handle(userEvent("d", 4n), 5_000);
    const told = chain.handle(memberEvent("member-join", member("m")), 9_000);

    expect(late).toEqual([
      userEvent("a", 1n),
      userEvent("b", 2n),
      userEvent("c", 3n, { coalesce: false }),
    ]);
    expect([...told, ...chain.flush()]).toEqual([
      userEvent("d", 4n),
      memberEvent("member-join", member("m")),
    ]);
  });

  it("lets everything pass when nothing is to be gathered", () => {
    const chain = createCoalesceChain({});
    const joined = memberEvent("member-join", member("a"));

    expect(chain.handle(joined, 0)).toEqual([joined]);
    expect(chain.handle(userEvent("u", 1n), 0)).toEqual([userEvent("u", 1n)]);
    expect(chain.nextDeadlineMs()).toBe(Infinity);
    expect(chain.takeDue(1e9)).toEqual([]);
  });
});
