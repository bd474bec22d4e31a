import { describe, expect, it } from "vitest";
import { Cluster } from "./support/cluster.ts";

describe("Swim", () => {
  it("lets two members see each other after a join (behaviour specification §18)", () => {
    const cluster = new Cluster();
    const [first, second] = [cluster.add("a"), cluster.add("b")];

    const joinedCount = cluster.join(second, first);

    expect(joinedCount).toBe(1);
    expect(cluster.runUntil(() => first.swim.memberCount === 2, 5_000)).toBe(true);
    expect(second.swim.memberCount).toBe(2);
  });

  it("finds a killed member", () => {
    const cluster = new Cluster();
    const members = cluster.addMany(5);
    cluster.joinAll();
    cluster.runFor(2_000);
    expect(members.map(({ swim }) => swim.memberCount)).toEqual([5, 5, 5, 5, 5]);

    const victim = cluster.get("m3");
    cluster.kill(victim);

    const all = [...cluster.members.values()];
    expect(cluster.runUntil(() => all.every(({ swim }) => swim.memberCount === 4), 60_000)).toBe(
      true,
    );
    expect(cluster.get("m0").swim.member("m3")?.state).toBe("dead");
  });
});
