/** Which address a name may have: conflicts, names taken over, and the allowed networks. */
import { describe, expect, it } from "vitest";
import { addressBytes } from "@x/swim/wire";
import { aliveOf, endpoint, LoneCore } from "./support/lone-core.ts";

const left = { kind: "dead", incarnation: 1, node: "a", from: "a" } as const;
const dead = { kind: "dead", incarnation: 1, node: "a", from: "b" } as const;

describe("a name (behaviour specification §3.1)", () => {
  it.each([
    ["another port", {}, { address: "10.0.0.2", port: 7947 }],
    ["another address", { address: addressBytes("10.0.0.3") }, endpoint(3)],
  ])("belongs to its member: a claim from %s is a conflict", (_what, more, other) => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2));

    core.receive(aliveOf("a", 2, { incarnation: 9, port: other.port, ...more }));

    expect(core.swim.member("a")).toMatchObject({ incarnation: 1, endpoint: endpoint(2) });
    expect(core.reportsOf("name-conflict")).toMatchObject([
      { name: "a", existing: endpoint(2), other },
    ]);
  });

  it("of ours that somebody else uses is a conflict, and is not refuted", () => {
    const core = new LoneCore();

    core.receive(aliveOf("self", 1, { port: 7947 }));

    expect(core.swim.localMember).toMatchObject({ incarnation: 1, endpoint: endpoint(1) });
    expect(core.reportsOf("name-conflict")).toMatchObject([{ name: "self" }]);
    expect(core.reportsOf("refuting")).toEqual([]);
  });

  it("of a member that left may come back at another port of the same address", () => {
    const core = new LoneCore();
    core.receive([aliveOf("a", 2)]);
    core.receive(left);

    core.receive(aliveOf("a", 2, { port: 7947 }));

    const current = { address: "10.0.0.2", port: 7947 };
    expect(core.swim.member("a")).toMatchObject({ state: "alive", endpoint: current });
    expect(core.reportsOf("address-changed")).toEqual([
      { kind: "address-changed", name: "a", previous: endpoint(2), current },
    ]);
  });

  it("of a dead member stays its own while it is remembered where names are not reclaimed", () => {
    const core = new LoneCore({ deadReclaimMs: 0 });
    core.receive(aliveOf("a", 2));
    core.receive(dead);

    core.advance(1_000);
    core.receive(aliveOf("a", 3));

    expect(core.swim.member("a")?.state).toBe("dead");
    expect(core.reportsOf("name-conflict").length).toBe(1);
  });

  it("that comes back at the same address is no change of address", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2));
    core.receive(left);

    core.receive(aliveOf("a", 2, { incarnation: 2 }));

    expect(core.swim.member("a")?.state).toBe("alive");
    expect(core.reportsOf("address-changed")).toEqual([]);
  });
});

describe("the allowed networks (behaviour specification §13)", () => {
  it("hold for a member that comes back from elsewhere", () => {
    const core = new LoneCore({ allowedNetworks: ["10.0.0.0/29"] });
    core.receive(aliveOf("a", 4), endpoint(4));
    core.receive(left, endpoint(4));

    core.receive(aliveOf("a", 200, { incarnation: 2 }), endpoint(4));

    expect(core.swim.member("a")).toMatchObject({ state: "left", endpoint: endpoint(4) });
    expect(core.reportsOf("claim-refused")).toMatchObject([
      { name: "a", reason: "network-not-allowed" },
    ]);
  });

  it("let it come back from another address within them", () => {
    const core = new LoneCore({ allowedNetworks: ["10.0.0.0/29"] });
    core.receive(aliveOf("a", 4), endpoint(4));
    core.receive(left, endpoint(4));

    core.receive(aliveOf("a", 5, { incarnation: 2 }), endpoint(4));

    expect(core.swim.member("a")).toMatchObject({ state: "alive", endpoint: endpoint(5) });
  });
});
