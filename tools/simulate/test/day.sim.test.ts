import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Serf, type KeyOutcome } from "@x/serf";
import { SeededRandom } from "@x/simulator";
import { Keyring } from "@x/swim";
import { beforeAll, describe, expect, it } from "vitest";
import { clocksNeverGoBack } from "../../../packages/serf/test/simulation/checkers/clocks-never-go-back.ts";
import { DeliveredOnce } from "../../../packages/serf/test/simulation/checkers/delivered-once.ts";
import { limitsHold } from "../../../packages/serf/test/simulation/checkers/limits-hold.ts";
import { timersAreKept } from "../../../packages/serf/test/simulation/checkers/timers-are-kept.ts";
import { census, type Census } from "../src/census.ts";
import { Cluster } from "../src/cluster.ts";
import { toyCipher } from "./support/toy-cipher.ts";
import { ofSerf } from "../src/checkers.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const HOURS = 24;
/** Every two hours all that is held is counted, which takes a while. */
const LOOKS = 12;
const SEED = 24;
/** They live all day; their tables are looked into. */
const ELDERS = ["m0", "m1"];
/** They crash and come back. */
const VICTIMS = ["m2", "m3"];

/** A cluster in which something happens all the time, for a day. */
class Day {
  readonly censuses: Census[][] = ELDERS.map(() => []);
  readonly heapBytes: number[] = [];
  readonly counts = new Map<string, number>();
  readonly cluster: Cluster;
  readonly deliveredOnce = new DeliveredOnce();
  readonly #random = new SeededRandom(SEED).fork("day");
  readonly #rings = new Map<string, Keyring>();
  #key = keyOf(0);
  #keyCount = 0;
  #newcomerCount = 0;
  /** No member is crashed while keys change: it would come back with a key nobody has. */
  #areKeysChanging = false;

  constructor() {
    this.cluster = new Cluster({
      seed: SEED,
      layer: "serf",
      digest: false,
      keepEvents: 64,
      // A core that has crashed gives nothing back to the others.
      sharesRecords: false,
      aead: toyCipher,
      // The longest intervals, for the sake of time; limits low enough to be reached.
      swim: { profile: "wan", compress: false, lostMemberLimit: 8 },
      swimOf: (name) => ({ keyring: this.#ring(name) }),
      serf: {
        // A day is long enough to see who is forgotten.
        reconnectTimeoutMs: 20 * MINUTE_MS,
        tombstoneTimeoutMs: 20 * MINUTE_MS,
        memberCoalesce: { coalescePeriodMs: 5_000, quiescentPeriodMs: 1_000 },
        userCoalesce: { coalescePeriodMs: 5_000, quiescentPeriodMs: 1_000 },
      },
      network: {
        latency: { kind: "uniform", minMs: 0.5, maxMs: 5 },
        lossRatio: 0.001,
        minChunkBytes: 16_384,
      },
      checkers: [
        ofSerf(clocksNeverGoBack()),
        ofSerf(limitsHold()),
        ofSerf(timersAreKept(() => false)),
        ofSerf(this.deliveredOnce),
      ],
      onEvent: (name, event) => {
        if ("members" in event || event.kind === "user" || event.kind === "query") {
          this.#count(`told: ${event.kind}`);
        }
        if (event.kind === "query") event.respond(new Uint8Array([1]));
        if (event.kind !== "user" && event.kind !== "query") return;
        // Who lost its snapshot, or the end of it, may hear once more what it heard before.
        this.deliveredOnce.hear(`${name} life ${this.counted(`lives of ${name}`)}`, event);
      },
      onReport: (_name, { kind }) => {
        if (kind === "refuting") this.#count("refutations");
      },
      replayHint: () => "npx vitest run tools/simulate/test/day.sim.test.ts",
    });
  }

  live(): void {
    const { simulation } = this.cluster;
    for (const name of [...ELDERS, ...VICTIMS]) this.cluster.add(name);
    for (const name of [...ELDERS, ...VICTIMS].slice(1)) this.cluster.join(name, "m0");
    this.#everyMs(2 * MINUTE_MS, () => this.#talk());
    this.#everyMs(13 * MINUTE_MS, () => this.#hurt());
    this.#everyMs(17 * MINUTE_MS, () => this.#visit());
    this.#everyMs(HOUR_MS, () => this.#changeKeys());
    for (let look = 0; look < LOOKS; look += 1) {
      simulation.runFor((HOURS * HOUR_MS) / LOOKS);
      ELDERS.forEach((name, index) => this.censuses[index]?.push(census(this.cluster.core(name))));
      this.heapBytes.push(heapBytes());
    }
    simulation.runFor(20 * MINUTE_MS);
  }

  counted(what: string): number {
    return this.counts.get(what) ?? 0;
  }

  /** The keys of every member that runs, as text. */
  rings(): readonly string[] {
    const { simulation } = this.cluster;
    return simulation.names
      .filter((name) => simulation.isRunning(name))
      .map((name) =>
        this.#ring(name)
          .keys.map((key) => key.join())
          .join(" "),
      );
  }

  #everyMs(periodMs: number, action: () => void): void {
    this.cluster.simulation.after(periodMs, () => {
      if (this.cluster.nowMs > HOURS * HOUR_MS) return;
      action();
      this.#everyMs(periodMs, action);
    });
  }

  #talk(): void {
    const speaker = this.#random.pick(this.#running());
    const round = this.counted("rounds of talk");
    this.#count("rounds of talk");
    this.cluster.simulation.call(speaker, (core, nowMs) => {
      if (!(core instanceof Serf)) return;
      core.userEvent(`event ${round}`, new Uint8Array(16), { coalesce: round % 2 === 0 }, nowMs);
      core.query(`query ${round}`, undefined, { ack: true }, {}, nowMs);
      core.setTags({ round: String(round) }, nowMs, () => {});
    });
  }

  #hurt(): void {
    if (this.#areKeysChanging) return;
    const { cluster } = this;
    const { simulation } = cluster;
    const victim = this.#random.pick(VICTIMS);
    if (!simulation.isRunning(victim)) return;
    const kind = this.#random.pick(["crash", "crash", "pause", "partition", "disk"] as const);
    this.#count(kind);
    switch (kind) {
      case "crash": {
        const snapshot = this.#random.pick(["kept", "lost", "torn"] as const);
        cluster.crash(victim, this.#random.pick(["process", "machine"]));
        this.#count(`lives of ${victim}`);
        simulation.after(90_000, () => cluster.restart(victim, { snapshot, via: "m0" }));
        return;
      }
      case "pause":
        simulation.pause(victim).forMs(20_000);
        return;
      case "partition":
        simulation.partition([[victim, "m1"]]).forMs(60_000);
        return;
      case "disk":
        return cluster.breakDisk(victim, this.#random.pick(["full", "unwritable"]), 5 * MINUTE_MS);
    }
  }

  /** Somebody new comes, and goes for good. */
  #visit(): void {
    if (this.#areKeysChanging) return;
    const name = `visitor-${(this.#newcomerCount += 1)}`;
    const { cluster } = this;
    this.#count("visitors");
    cluster.add(name);
    cluster.join(name, "m0");
    cluster.simulation.after(5 * MINUTE_MS, () => {
      if (this.#newcomerCount % 2 === 0) cluster.crash(name, "machine");
      else cluster.leave(name);
      cluster.simulation.after(30_000, () => {
        cluster.forget(name);
        this.#rings.delete(name);
      });
    });
  }

  /** Installs a key, uses it, and removes the old one, each as soon as the one before is done. */
  #changeKeys(): void {
    const old = this.#key;
    const next = keyOf((this.#keyCount += 1));
    this.#areKeysChanging = true;
    const step = (
      what: "install" | "remove" | "use",
      key: Uint8Array,
      then: () => void,
      attempt: number = 0,
    ): void => {
      const settled = ({ error }: KeyOutcome): void => {
        // An answer was lost, or somebody was just coming back.
        if (error !== undefined && attempt < 20) {
          this.cluster.simulation.after(30_000, () => step(what, key, then, attempt + 1));
        } else then();
      };
      this.cluster.simulation.call("m0", (core, nowMs) => {
        if (core instanceof Serf) {
          core.keys[what](Buffer.from(key).toString("base64"), {}, nowMs, settled);
        }
      });
    };
    const begin = (): void =>
      step("install", next, () =>
        step("use", next, () =>
          step("remove", old, () => {
            this.#key = next;
            this.#areKeysChanging = false;
            this.#count("key changes");
          }),
        ),
      );
    // After those that are down have come back.
    this.cluster.simulation.after(3 * MINUTE_MS, begin);
  }

  #ring(name: string): Keyring {
    const ring = this.#rings.get(name) ?? Keyring.create([this.#key], this.#key);
    this.#rings.set(name, ring);
    return ring;
  }

  #running(): readonly string[] {
    const { simulation } = this.cluster;
    return [...ELDERS, ...VICTIMS].filter((name) => simulation.isRunning(name));
  }

  #count(what: string): void {
    this.counts.set(what, this.counted(what) + 1);
  }
}

function keyOf(number: number): Uint8Array {
  const key = new Uint8Array(32).fill(1);
  new DataView(key.buffer).setUint32(0, number);
  return key;
}

let collect: (() => void) | undefined;

function heapBytes(): number {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
  collect();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Fields that held more in the second half of the day than ever in the first, beyond a margin. */
function grown(censuses: readonly Census[]): readonly string[] {
  const fields = new Set(censuses.flatMap((each) => [...each.keys()]));
  const most = (field: string, part: readonly Census[]): number =>
    Math.max(...part.map((each) => each.get(field) ?? 0));
  return [...fields].flatMap((field) => {
    const [before, after] = [censuses.slice(0, LOOKS / 2), censuses.slice(LOOKS / 2)].map((part) =>
      most(field, part),
    ) as [number, number];
    return after > before * 1.25 + 8 ? [`${field}: ${before}, then ${after}`] : [];
  });
}

describe("a day", () => {
  const day = new Day();

  beforeAll(() => day.live(), 1_800_000);

  it("was full of everything that happens", () => {
    const least = {
      "rounds of talk": 700,
      "told: user": 2_500,
      "told: query": 2_500,
      "told: member-update": 2_000,
      "told: member-join": 400,
      "told: member-leave": 60,
      "told: member-failed": 200,
      "told: member-reap": 150,
      "key changes": HOURS,
      visitors: 60,
      refutations: 20,
      crash: 25,
      disk: 5,
      partition: 5,
      pause: 5,
    };
    const tooFew = Object.entries(least).filter(([what, count]) => day.counted(what) < count);

    expect(tooFew.map(([what, count]) => `${what}: ${day.counted(what)} < ${count}`)).toEqual([]);
  });

  it.each(ELDERS.map((name, index) => [name, index] as const))(
    "leaves no table, queue or map of %s larger than it was at noon",
    (_name, index) => {
      const censuses = day.censuses[index] ?? [];

      expect(censuses).toHaveLength(LOOKS);
      expect(censuses[0]?.size).toBeGreaterThan(50);
      expect(grown(censuses)).toEqual([]);
    },
  );

  it("leaves the memory of all where it was", () => {
    const { heapBytes: looks } = day;
    // The first hours fill tables of a fixed size, such as those of events that were heard.
    const atNoon = Math.max(...looks.slice(4, 7));
    const atNight = Math.min(...looks.slice(-3));

    expect((atNight - atNoon) / atNoon).toBeLessThan(0.1);
  });

  it("ends in one view, and one keyring", () => {
    expect(day.cluster.views.allAgree).toBe(true);
    expect(new Set(day.rings()).size).toBe(1);
  });
});
