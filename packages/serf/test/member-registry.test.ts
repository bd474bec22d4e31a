import { describe, expect, it } from "vitest";
import { MemberRegistry, type RegistryEntry } from "../src/member-registry.ts";
import { numbersFrom } from "./support/rooms.ts";
import { swimMember } from "./support/scripted-swim.ts";

/** A table with one member in the given status. */
function tableWith(status: "alive" | "leaving" | "failed" | "left"): {
  registry: MemberRegistry;
  entry: RegistryEntry;
} {
  const registry = new MemberRegistry();
  const entry = registry.joined(swimMember("bar"), undefined, 0);
  if (status === "leaving" || status === "left") registry.acceptLeave(entry, 1n, 1);
  if (status === "failed") registry.departed(swimMember("bar"), false, 1);
  if (status === "left") registry.departed(swimMember("bar"), false, 1);
  expect(entry.status).toBe(status);
  return { registry, entry };
}

describe("MemberRegistry, transitions (Serf specification §5.1)", () => {
  it.each([
    ["alive", "failed"],
    ["leaving", "left"],
    ["failed", "ignored"],
    ["left", "ignored"],
  ] as const)("%s, and SWIM sees it dead: %s", (status, transition) => {
    const { registry } = tableWith(status);
    expect(registry.departed(swimMember("bar"), false, 5)).toBe(transition);
  });

  it("believes a departure the member signed, even if its intent was lost", () => {
    const { registry, entry } = tableWith("alive");

    expect(registry.departed(swimMember("bar"), true, 5)).toBe("left");

    expect(entry.status).toBe("left");
    expect(entry.changedAtMs).toBe(5);
  });

  it.each([
    ["alive", "leaving", "leaving"],
    ["leaving", "time-only", "leaving"],
    ["failed", "left", "left"],
    ["left", "time-only", "left"],
  ] as const)("%s, and a newer leave intent: %s", (status, transition, after) => {
    const { registry, entry } = tableWith(status);

    expect(registry.acceptLeave(entry, 9n, 5)).toBe(transition);

    expect(entry.status).toBe(after);
    expect(entry.statusTime).toBe(9n);
  });

  it.each([
    ["alive", "time-only", "alive"],
    ["leaving", "recovered", "alive"],
    ["failed", "time-only", "failed"],
    ["left", "time-only", "left"],
  ] as const)("%s, and a newer join intent: %s", (status, transition, after) => {
    const { registry, entry } = tableWith(status);

    expect(registry.acceptJoin(entry, 9n, 5)).toBe(transition);

    expect(entry.status).toBe(after);
    expect(entry.statusTime).toBe(9n);
  });

  it.each(["alive", "leaving", "failed", "left"] as const)(
    "%s, and SWIM sees it alive: alive, with the status time untouched",
    (status) => {
      const { registry, entry } = tableWith(status);
      const timeBefore = entry.statusTime;

      registry.joined(
        swimMember("bar", { incarnation: 2 }),
        { kind: "leave", lamportTime: 99n },
        7,
      );

      expect(entry.status).toBe("alive");
      expect(entry.statusTime).toBe(timeBefore);
      expect(registry.failed.size + registry.left.size + registry.leaving.size).toBe(0);
    },
  );

  it("takes a buffered leave for a member that appears: leaving, at the buffered time", () => {
    const registry = new MemberRegistry();

    const entry = registry.joined(swimMember("bar"), { kind: "leave", lamportTime: 12n }, 0);

    expect(entry.status).toBe("leaving");
    expect(entry.statusTime).toBe(12n);
  });

  it("starts the tombstone's time anew when a failed member turns out to have left", () => {
    const { registry, entry } = tableWith("failed");

    registry.acceptLeave(entry, 9n, 500);

    expect(entry.changedAtMs).toBe(500);
  });
});

describe("MemberRegistry, table", () => {
  it("counts a revision for whatever a picture could show, and for nothing else", () => {
    const { registry, entry } = tableWith("alive");
    const revisions = [registry.revision];
    const note = (): void => void revisions.push(registry.revision);

    registry.updated(swimMember("bar"));
    note();
    registry.joined(swimMember("bar"), undefined, 9);
    note();
    registry.acceptLeave(entry, 5n, 1);
    note();
    registry.acceptLeave(entry, 6n, 2);
    note();
    registry.departed(swimMember("bar"), true, 3);
    note();
    registry.erase(entry);
    note();

    const hasChanged = revisions
      .slice(1)
      .map((revision, index) => revision > (revisions[index] ?? 0));
    expect(hasChanged).toEqual([true, true, true, false, true, true]);
  });

  it("counts as present who is neither failed nor left", () => {
    const registry = new MemberRegistry();
    for (const name of ["a", "b", "c", "d", "e"]) registry.joined(swimMember(name), undefined, 0);
    registry.departed(swimMember("a"), false, 1);
    registry.departed(swimMember("b"), true, 1);
    const leaving = registry.find("c");
    if (leaving !== undefined) registry.acceptLeave(leaving, 1n, 1);

    expect([registry.presentCount, registry.size]).toEqual([3, 5]);
  });

  it("knows since when a member is what it is, and asks nothing of a newcomer", () => {
    const { registry, entry } = tableWith("alive");
    expect(entry.isPrunePending).toBe(false);
    registry.joined(swimMember("bar"), undefined, 50);
    expect(entry.changedAtMs).toBe(0);
    registry.acceptLeave(entry, 1n, 60);

    expect(registry.recover(entry, 70)).toBe("recovered");
    expect(entry.changedAtMs).toBe(70);
    expect(registry.recover(entry, 80)).toBe("ignored");
    expect(registry.departed(swimMember("stranger"), false, 90)).toBe("ignored");
  });

  it("erases the last in the list as well as the first", () => {
    const registry = new MemberRegistry();
    for (const name of ["a", "b", "c"]) registry.joined(swimMember(name), undefined, 0);
    const left = (name: string): string[] => {
      const entry = registry.find(name);
      if (entry !== undefined) registry.erase(entry);
      return registry.entries().map((each) => each.name);
    };

    expect([left("c"), left("a"), left("b")]).toEqual([["a", "b"], ["b"], []]);
  });

  it("gives up after three draws per member where nobody is eligible", () => {
    const { registry } = tableWith("alive");
    registry.joined(swimMember("baz"), undefined, 0);
    let draws = 0;
    const random = (): number => {
      draws += 1;
      return 0.5;
    };

    expect(registry.draw(1, random, () => false)).toEqual([]);
    expect(draws).toBe(6);
  });

  it("hands out pictures that later changes do not touch", () => {
    const { registry, entry } = tableWith("alive");
    const before = entry.picture;

    registry.acceptLeave(entry, 9n, 0);

    expect(entry.picture.status).toBe("leaving");
    expect(before.status).toBe("alive");
    expect(Object.isFrozen(before)).toBe(true);
  });

  it("erases from every list, and lets the others be drawn still", () => {
    const registry = new MemberRegistry();
    for (const name of ["a", "b", "c"]) registry.joined(swimMember(name), undefined, 0);
    const a = registry.find("a");
    if (a === undefined) throw new Error("a is missing");

    registry.erase(a);
    registry.erase(a);

    expect(registry.find("a")).toBeUndefined();
    expect(registry.size).toBe(2);
    const names = registry.draw(2, numbersFrom(3), () => true).map(({ name }) => name);
    expect(names.toSorted()).toEqual(["b", "c"]);
  });

  it("draws only who is eligible, none twice, and differently from call to call", () => {
    const registry = new MemberRegistry();
    for (let index = 0; index < 30; index += 1) {
      registry.joined(swimMember(`m${index}`), undefined, 0);
    }
    const random = numbersFrom(5);
    const isEven = ({ name }: RegistryEntry): boolean => Number(name.slice(1)) % 2 === 0;

    const draws = Array.from({ length: 5 }, () =>
      registry.draw(3, random, isEven).map(({ name }) => name),
    );

    for (const names of draws) {
      expect(new Set(names).size).toBe(3);
      expect(names.every((name) => Number(name.slice(1)) % 2 === 0)).toBe(true);
    }
    expect(new Set(draws.map((names) => names.join())).size).toBeGreaterThan(1);
  });

  it("draws nobody from an empty table, and ends when nobody is eligible", () => {
    const { registry } = tableWith("alive");
    expect(
      new MemberRegistry().draw(
        3,
        () => 0,
        () => true,
      ),
    ).toEqual([]);
    expect(registry.draw(3, numbersFrom(1), () => false)).toEqual([]);
  });
});
