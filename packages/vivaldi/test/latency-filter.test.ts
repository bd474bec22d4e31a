import { describe, expect, it } from "vitest";
import { LatencyFilter } from "../src/latency-filter.ts";

function filterOf(options: { size?: number; limit?: number; evenMedian?: "upper" | "lower" }) {
  const forgotten: number[] = [];
  const filter = new LatencyFilter({
    size: options.size ?? 3,
    evenMedian: options.evenMedian ?? "upper",
    trackedMembersLimit: options.limit ?? 1000,
    handleForgotten: (memberIndex) => forgotten.push(memberIndex),
  });
  const observe = (memberName: string, rttSeconds: number): number =>
    filter.observe(filter.track(memberName), rttSeconds);
  return { filter, forgotten, observe };
}

describe("LatencyFilter", () => {
  it("follows the median of three and not the spikes (behaviour specification §6)", () => {
    const { observe } = filterOf({});

    const medians = [0.201, 0.2, 0.207, 1.9, 0.203, 0.199, 0.211].map((rtt) => observe("a", rtt));

    expect(medians).toEqual([0.201, 0.201, 0.201, 0.207, 0.207, 0.203, 0.203]);
  });

  it("keeps members apart and starts afresh after forget (behaviour specification §6)", () => {
    const { filter, observe } = filterOf({});
    observe("a", 0.201);
    observe("a", 0.2);

    expect(observe("b", 0.31)).toBe(0.31);
    expect(filter.forget("a")).toBe(true);
    expect(observe("a", 0.5)).toBe(0.5);
  });

  it("keeps the medians of a hundred members apart, however many rooms it has to add", () => {
    const { observe } = filterOf({});
    const names = Array.from({ length: 100 }, (_, index) => index);
    for (const spike of [0.001, 9]) {
      for (const index of names) observe(`m${index}`, spike + index / 1000);
    }

    const medians = names.map((index) => observe(`m${index}`, 0.5 + index / 1000));

    expect(medians).toEqual(names.map((index) => 0.5 + index / 1000));
  });

  it("takes the smaller of two samples if told so: a delay only ever adds", () => {
    const { observe } = filterOf({ evenMedian: "lower" });

    expect([0.2, 0.9, 0.3].map((rtt) => observe("a", rtt))).toEqual([0.2, 0.2, 0.3]);
  });

  it("knows nothing to forget of a stranger", () => {
    const { filter, forgotten } = filterOf({});

    expect(filter.forget("a")).toBe(false);
    expect(forgotten).toEqual([]);
  });

  it("forgets the member tracked longest at the moment the limit is reached", () => {
    const { filter, forgotten, observe } = filterOf({ limit: 3 });
    ["a", "b", "c"].forEach((memberName) => observe(memberName, 0.1));
    expect(forgotten).toEqual([]);
    const indexOfA = filter.track("a");

    observe("d", 0.1);

    expect(filter.trackedMembers).toBe(3);
    expect(forgotten).toEqual([indexOfA]);
    expect(filter.track("d")).toBe(indexOfA);
    expect(observe("b", 0.9)).toBe(0.9);
  });

  it("stays at its limit under a flood of names, and so do the indices it gives out", () => {
    const { filter, observe } = filterOf({ limit: 50 });

    for (let name = 0; name < 10_000; name++) observe(`member-${name}`, 0.1);

    expect(filter.trackedMembers).toBe(50);
    expect(filter.track("member-9999")).toBeLessThan(50);
  });
});
