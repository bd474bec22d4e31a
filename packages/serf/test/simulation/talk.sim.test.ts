import { Keyring } from "@x/swim";
import { describe, expect, it } from "vitest";
import { encodeBase64, type KeyOutcome, type QueryEnd } from "@x/serf";
import { Cluster, type ClusterSetup } from "../support/cluster.ts";

const FIRST_KEY = new Uint8Array(16).fill(1);
const SECOND_KEY = new Uint8Array(32).fill(2);

interface Heard {
  readonly acks: string[];
  readonly answers: string[];
  readonly ends: QueryEnd[];
  endedAfterMs: number;
}

/** Asks, lets everybody answer at once, and waits until the query ends. */
function ask(
  cluster: Cluster,
  by: string,
  parameters: { readonly [key: string]: unknown } = {},
  answerBytes: number = 1,
): Heard {
  const heard: Heard = { acks: [], answers: [], ends: [], endedAfterMs: NaN };
  const startMs = cluster.simulation.nowMs;
  cluster.told.length = 0;
  cluster.call(by, (core, nowMs) =>
    core.query(
      "load",
      undefined,
      { timeoutMs: 3_000, ...parameters },
      {
        handleAck: (from) => heard.acks.push(from),
        handleResponse: (from) => heard.answers.push(from),
        handleEnd: (reason) => {
          heard.ends.push(reason);
          heard.endedAfterMs = cluster.simulation.nowMs - startMs;
        },
      },
      nowMs,
    ),
  );
  while (heard.ends.length === 0) {
    cluster.simulation.runFor(20);
    for (const { event } of cluster.told.splice(0)) {
      if (event.kind === "query") event.respond(new Uint8Array(answerBytes));
    }
  }
  heard.acks.sort();
  heard.answers.sort();
  return heard;
}

function formed(setup: Partial<ClusterSetup> = {}): Cluster {
  return new Cluster({ seed: 21, memberCount: 3, ...setup }).form();
}

describe("user events among whole members", () => {
  it("reach everybody with their payload, in the order sent", () => {
    const cluster = formed();
    for (const name of ["one", "two", "three"]) {
      cluster.call("m1", (core, nowMs) =>
        core.userEvent(name, new Uint8Array([7]), { coalesce: false }, nowMs),
      );
      cluster.simulation.runFor(2_000);
    }
    for (const name of cluster.names) {
      expect(cluster.userEvents(name)).toEqual(["one", "two", "three"]);
    }
  });

  it.each([
    [true, []],
    [false, ["past"]],
  ])("from before a join are ignored if asked (%s)", (ignoreOldEvents, events) => {
    const cluster = formed();
    cluster.call("m0", (core, nowMs) =>
      core.userEvent("past", undefined, { coalesce: false }, nowMs),
    );
    cluster.simulation.runFor(2_000);
    cluster.add("late");

    cluster.join("late", "m0", { ignoreOldEvents });
    cluster.simulation.runFor(60_000);

    expect(cluster.userEvents("late")).toEqual(events);
  });

  it("are batched by name while the coalescer is on", () => {
    const periods = { coalescePeriodMs: 3_000, quiescentPeriodMs: 1_000 };
    const cluster = formed({ options: { userCoalesce: periods, memberCoalesce: periods } });
    for (let index = 0; index < 5; index += 1) {
      cluster.call("m0", (core, nowMs) =>
        core.userEvent("deploy", new Uint8Array([index]), { coalesce: true }, nowMs),
      );
    }
    cluster.simulation.runFor(10_000);

    const payloads = cluster.told.flatMap(({ name, event }) =>
      name === "m1" && event.kind === "user" ? [event.payload[0]] : [],
    );
    expect(payloads).toEqual([4]);
  });
});

describe("queries among whole members", () => {
  it("end as soon as all have acked and answered, the asker included", () => {
    const heard = ask(formed(), "m0", { ack: true });

    expect(heard.acks).toEqual(["m0", "m1", "m2"]);
    expect(heard.answers).toEqual(["m0", "m1", "m2"]);
    expect(heard.ends).toEqual(["all-answered"]);
    expect(heard.endedAfterMs).toBeLessThan(1_000);
  });

  it("reach one of three by a node filter, with one ack and one answer though a copy is relayed", () => {
    const heard = ask(formed(), "m0", {
      ack: true,
      filterNodes: ["m2"],
      relayFactor: 1,
      endEarly: false,
    });

    expect(heard.acks).toEqual(["m2"]);
    expect(heard.answers).toEqual(["m2"]);
    expect(heard.ends).toEqual(["deadline"]);
  });

  it("reach members by tag", () => {
    const cluster = formed({
      optionsOf: (name) => ({ tags: { role: name === "m1" ? "web" : "db" } }),
    });
    expect(ask(cluster, "m0", { filterTags: { role: "^we" } }).answers).toEqual(["m1"]);
  });

  it("are answered by relay where the direct way is broken", () => {
    const cluster = formed({ memberCount: 5, options: { reaskMemberLimit: 0 } });
    cluster.simulation.impair({ from: ["m1"], to: ["m0"], datagramLossRatio: 1 });

    const direct = ask(cluster, "m0", { ack: true, filterNodes: ["m1"] });
    const relayed = ask(cluster, "m0", { ack: true, filterNodes: ["m1"], relayFactor: 3 });

    expect(direct.answers).toEqual([]);
    expect(relayed.acks).toEqual(["m1"]);
    expect(relayed.answers).toEqual(["m1"]);
  });

  it("are asked again, and answered again over a stream, where datagrams are lost", () => {
    const cluster = formed();
    cluster.simulation.impair({ from: ["m1"], to: ["m0"], datagramLossRatio: 1 });

    const heard = ask(cluster, "m0", { ack: true, filterNodes: ["m1"] });

    expect(heard.ends).toEqual(["all-answered"]);
    expect(heard.acks).toEqual(["m1"]);
    expect(heard.answers).toEqual(["m1"]);
  });

  it("carry answers longer than a datagram", () => {
    const cluster = formed({ options: { queryResponseSizeLimit: 65_536 } });
    expect(ask(cluster, "m0", {}, 50_000).answers).toEqual(["m0", "m1", "m2"]);
  });

  it("name who is missing", () => {
    const cluster = formed();
    cluster.simulation.crash("m2");
    const handle = cluster.call("m0", (core, nowMs) =>
      core.query("load", undefined, { ack: true, timeoutMs: 2_000 }, {}, nowMs),
    );
    cluster.simulation.runFor(2_500);

    expect(handle.missing()).toEqual(["m2"]);
  });
});

describe("keys among whole members (Serf specification §12)", () => {
  it("are installed, used, listed and removed everywhere, and everybody goes on talking", () => {
    const rings = new Map<string, Keyring>();
    const cluster = formed({
      optionsOf: (name) => {
        const keyring = Keyring.create([], FIRST_KEY);
        rings.set(name, keyring);
        const advertiseEndpoint = { address: "0.0.0.0", port: 1 };
        return { swim: { keyring, advertiseEndpoint } };
      },
    });
    const outcomes: KeyOutcome[] = [];
    const settled = (outcome: KeyOutcome): void => void outcomes.push(outcome);
    const [first, second] = [encodeBase64(FIRST_KEY), encodeBase64(SECOND_KEY)];

    cluster.call("m0", ({ keys }, nowMs) => keys.install(second, {}, nowMs, settled));
    cluster.call("m0", ({ keys }, nowMs) => keys.use(second, {}, nowMs, settled));
    cluster.call("m0", ({ keys }, nowMs) => keys.list({}, nowMs, settled));
    cluster.call("m0", ({ keys }, nowMs) => keys.remove(first, {}, nowMs, settled));
    cluster.simulation.runUntil(() => outcomes.length === 4, { withinMs: 15_000 });

    expect(outcomes.map(({ error }) => error)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(outcomes[2]?.keys).toEqual(
      new Map([
        [second, 3],
        [first, 3],
      ]),
    );
    expect(outcomes[2]?.primaryKeys).toEqual(new Map([[second, 3]]));
    for (const ring of rings.values()) expect(ring.keys).toEqual([SECOND_KEY]);
    expect(ask(cluster, "m1").answers).toEqual(["m0", "m1", "m2"]);
    expect(cluster.core("m0").statistics()["encrypted"]).toBe("true");
  });
});

describe("coordinates among whole members (Serf specification §16)", () => {
  it("start at the origin, move with the probes, and are known of each other", () => {
    const cluster = new Cluster({
      seed: 22,
      memberCount: 3,
      network: { latency: { kind: "constant", ms: 20 } },
    });
    const origin = cluster.core("m0").coordinate();
    expect(origin?.vector).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    cluster.form();

    cluster.simulation.runFor(180_000);

    const { core } = { core: cluster.core("m0") };
    expect(core.coordinate("m1")).toBeDefined();
    expect(core.coordinate("m0")).toBe(core.coordinate());
    expect(core.rttMs("m1")).toBeGreaterThan(25);
    expect(core.rttMs("m1")).toBeLessThan(60);
    expect(core.rttMs("m1", "m2")).toBeGreaterThan(20);
    expect(core.coordinate("unknown")).toBeUndefined();
    expect(core.rttMs("unknown")).toBeUndefined();
    expect(core.statistics()["coordinate_resets"]).toBe("0");
  });

  it("are neither told nor learned when switched off, and the others do not mind", () => {
    const cluster = formed({
      optionsOf: (name) => (name === "m0" ? { disableCoordinates: true } : {}),
    });
    cluster.simulation.runFor(60_000);

    expect(cluster.core("m0").coordinate()).toBeUndefined();
    expect(cluster.core("m0").coordinate("m1")).toBeUndefined();
    expect(cluster.core("m1").coordinate("m0")).toBeUndefined();
    expect(cluster.core("m1").coordinate("m2")).toBeDefined();
    expect("coordinate_resets" in cluster.core("m0").statistics()).toBe(false);
  });
});

describe("statistics (Serf specification §16 rule 7)", () => {
  it("have the reference's keys and first values", () => {
    const cluster = new Cluster({ seed: 23, memberCount: 1 });
    expect(cluster.core("m0").statistics()).toEqual({
      members: "1",
      failed: "0",
      left: "0",
      health_score: "0",
      member_time: "1",
      event_time: "1",
      query_time: "1",
      intent_queue: "0",
      event_queue: "0",
      query_queue: "0",
      encrypted: "false",
      coordinate_resets: "0",
    });
  });
});
