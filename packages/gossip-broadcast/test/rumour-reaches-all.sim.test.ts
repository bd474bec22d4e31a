import { seeds } from "@x/simulator";
import { describe, expect, it } from "vitest";
import { GossipingCrowd } from "./support/gossiping-crowd.ts";
import { payloadOf } from "./support/rumours.ts";

describe("a rumour in a crowd of 200 that only gossips", () => {
  it.each(seeds(100))("is heard by all but one in a thousand, then silence (seed %i)", (seed) => {
    const crowd = new GossipingCrowd({ seed, memberCount: 200, retransmitMultiplier: 4 });
    const rumour = payloadOf(60);

    crowd.tell(0, rumour);
    const rounds = crowd.runUntilQuiet(24);

    const heard = crowd.heardBy(rumour);
    expect(heard).toBeGreaterThanOrEqual(199);
    // 12 hand-outs by each who heard it, whoever heard it before: the cost is bounded.
    expect(crowd.packetCount).toBe(12 * heard);
    expect(rounds).toBeGreaterThanOrEqual(6);
  });

  // Whoever is told k times at random is missed with probability e^-k (Bailey 1975, §9).
  it.each([
    { retransmitMultiplier: 4, lossRatio: 0, missRatio: Math.exp(-12) },
    { retransmitMultiplier: 4, lossRatio: 0.25, missRatio: Math.exp(-9) },
    { retransmitMultiplier: 2, lossRatio: 0, missRatio: Math.exp(-6) },
    { retransmitMultiplier: 2, lossRatio: 0.25, missRatio: Math.exp(-4.5) },
  ])(
    "misses no more than e^-(hand-outs that arrive) with λ = $retransmitMultiplier, loss $lossRatio",
    ({ retransmitMultiplier, lossRatio, missRatio }) => {
      let missed = 0;

      for (const seed of seeds(100, 1_000)) {
        const options = { seed, memberCount: 200, retransmitMultiplier, lossRatio };
        const crowd = new GossipingCrowd(options);
        const rumour = payloadOf(60);
        crowd.tell(0, rumour);
        crowd.runUntilQuiet(60);
        missed += 200 - crowd.heardBy(rumour);
      }

      // One and a half times the theory, and three for the luck of rare events.
      expect(missed).toBeLessThanOrEqual(3 + 1.5 * missRatio * 100 * 200);
    },
  );

  it("misses somebody with λ = 1, which is why nobody should gossip with λ = 1 alone", () => {
    let complete = 0;

    for (const seed of seeds(100)) {
      const crowd = new GossipingCrowd({ seed, memberCount: 200, retransmitMultiplier: 1 });
      const rumour = payloadOf(60);
      crowd.tell(0, rumour);
      crowd.runUntilQuiet(40);
      if (crowd.heardBy(rumour) === 200) complete += 1;
    }

    expect(complete).toBeLessThan(50);
  });

  it("tells 300 rumours at once as well as one, 1400 bytes at a time", () => {
    const crowd = new GossipingCrowd({ seed: 7, memberCount: 50, retransmitMultiplier: 4 });
    const rumours = Array.from({ length: 300 }, (_, index) => payloadOf(40 + (index % 80), index));

    rumours.forEach((rumour, index) => crowd.tell(index % 50, rumour));
    crowd.runUntilQuiet(200);

    const heard = rumours.reduce((sum, rumour) => sum + crowd.heardBy(rumour), 0);
    expect(heard / (300 * 50)).toBeGreaterThan(0.999);
  });

  it("spreads alike from the same seed", () => {
    const packets = [1, 2].map(() => {
      const crowd = new GossipingCrowd({ seed: 3, memberCount: 100, retransmitMultiplier: 2 });
      crowd.tell(0, payloadOf(9));
      return [crowd.runUntilQuiet(40), crowd.packetCount];
    });

    expect(packets[0]).toEqual(packets[1]);
  });
});
