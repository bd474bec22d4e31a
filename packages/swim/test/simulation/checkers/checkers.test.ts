/** Checkers have teeth: each is shown the fault it is there for. */
import { Outage, VirtualClock, type Checker, type Step } from "@x/simulator";
import { resolveSwimOptions, type Member, type Swim } from "@x/swim";
import { describe, expect, it } from "vitest";
import { GroundTruth } from "../../support/ground-truth.ts";
import { findsTheCrashed } from "./finds-the-crashed.ts";
import { incarnationsNeverFall } from "./incarnations-never-fall.ts";
import { limitsHold } from "./limits-hold.ts";
import { noResurrection } from "./no-resurrection.ts";
import { onlyTheMemberRaises } from "./only-the-member-raises.ts";
import { sparesTheLiving } from "./spares-the-living.ts";
import { timersAreKept } from "./timers-are-kept.ts";

const endpoint = { address: "10.0.0.1", port: 7_946 };
const OPTIONS = resolveSwimOptions({ profile: "local", name: "any", advertiseEndpoint: endpoint });
const HOUR_MS = 3_600_000;

/** A core that answers what it is told to answer. */
class LyingCore {
  isLeaving = false;
  broadcastQueueDepth = 0;
  healthScore = 0;
  deadlineMs = 0;
  readonly view = new Map<string, Member>();

  believe(name: string, incarnation: number, state: Member["state"] = "alive"): this {
    this.view.set(name, { name, incarnation, state, endpoint } as Member);
    return this;
  }

  get localMember(): Member | undefined {
    return this.view.get("a");
  }
  get estimatedSize(): number {
    return this.view.size;
  }
  get memberCount(): number {
    return this.view.size;
  }
  allMembers(): readonly Member[] {
    return [...this.view.values()];
  }
  member(name: string): Member | undefined {
    return this.view.get(name);
  }
  nextDeadlineMs(): number {
    return this.deadlineMs;
  }
}

function show(checker: Checker<Swim>, core: LyingCore, nowMs = 0, name = "a"): string | undefined {
  const step = { name, core: core as unknown as Swim, cause: "timeout", nowMs };
  return checker.observe(step as Step<Swim>);
}

/** `a` and `b`, running since the beginning. */
function pair(): GroundTruth {
  const truth = new GroundTruth();
  truth.started("a", 0);
  truth.started("b", 0);
  return truth;
}

describe("checkers", () => {
  it("see an incarnation fall", () => {
    const checker = incarnationsNeverFall();
    const core = new LyingCore().believe("b", 5);
    expect(show(checker, core)).toBeUndefined();

    expect(show(checker, core.believe("b", 4))).toMatch("holds b at 4, after 5");
  });

  it("see an incarnation nobody announced", () => {
    const checker = onlyTheMemberRaises();
    show(checker, new LyingCore().believe("a", 2), 0, "a");
    const core = new LyingCore().believe("a", 3);

    expect(show(checker, core, 0, "b")).toMatch("holds a at 3: it announced 2");
  });

  it.each(["dead", "left", "suspect"] as const)(
    "see a %s member come back for nothing",
    (state) => {
      const checker = noResurrection();
      const core = new LyingCore().believe("b", 5, state);
      show(checker, core);

      expect(show(checker, core.believe("b", 5))).toMatch(`b went from ${state} to alive`);
    },
  );

  it("let a member come back with a greater incarnation", () => {
    const checker = noResurrection();
    const core = new LyingCore().believe("b", 5, "dead");
    show(checker, core);

    expect(show(checker, core.believe("b", 6))).toBeUndefined();
  });

  it("see a member believe itself dead", () => {
    const core = new LyingCore().believe("a", 1, "dead");

    expect(show(sparesTheLiving(pair(), OPTIONS), core)).toMatch("believes itself dead");
  });

  it.each(["dead", "unknown"] as const)("see a living member held %s for too long", (state) => {
    const core = new LyingCore().believe("a", 1);
    if (state === "dead") core.believe("b", 1, state);
    const checker = sparesTheLiving(pair(), OPTIONS);

    expect(show(checker, core, 10_000)).toBeUndefined();
    expect(show(checker, core, HOUR_MS)).toMatch(`holds b ${state}`);
  });

  it("wait as long as members cannot reach each other", () => {
    const truth = pair();
    const core = new LyingCore().believe("a", 1).believe("b", 1, "dead");
    const checker = sparesTheLiving(truth, OPTIONS);
    const outage = truth.suffers(new Outage(new VirtualClock(), () => undefined), 0);

    expect(show(checker, core, HOUR_MS)).toBeUndefined();
    outage.heal();
    expect(show(checker, core, HOUR_MS + 1)).toBeUndefined();
    expect(show(checker, core, 4 * HOUR_MS)).toMatch("holds b dead");
  });

  it.each(["alive", "suspect"] as const)("see a crashed member held %s for too long", (state) => {
    const truth = pair();
    truth.stopped("b", 1_000);
    const core = new LyingCore().believe("a", 1).believe("b", 1, state);
    const checker = findsTheCrashed(truth, OPTIONS);

    expect(show(checker, core, 10_000)).toBeUndefined();
    expect(show(checker, core, HOUR_MS)).toMatch(`holds b ${state}, gone since 1000 ms`);
  });

  it("see a core that does not want to be woken", () => {
    const core = new LyingCore().believe("a", 1);
    core.deadlineMs = Infinity;

    expect(
      show(
        timersAreKept(pair(), OPTIONS, () => 1),
        core,
      ),
    ).toMatch("wants to be woken");
  });

  it("see a core that has fallen silent", () => {
    const core = new LyingCore().believe("a", 1).believe("b", 1);
    const checker = timersAreKept(pair(), OPTIONS, () => 7);
    const wrongs = Array.from({ length: 20 }, (_, look) => show(checker, core, look * 2_000));

    expect(wrongs.slice(0, 6)).toEqual(Array.from({ length: 6 }));
    expect(wrongs.at(-1)).toMatch("has sent nothing since");
  });

  it("see a queue, a score and a datagram above their limits", () => {
    const deep = new LyingCore();
    deep.broadcastQueueDepth = 1_000_000;
    const unwell = new LyingCore();
    unwell.healthScore = 8;
    const wordy = limitsHold(OPTIONS, () => 3);
    const wrongs = Array.from({ length: 64 }, () => show(wordy, new LyingCore()));

    expect(
      show(
        limitsHold(OPTIONS, () => 0),
        deep,
      ),
    ).toMatch("holds 1000000 rumours");
    expect(
      show(
        limitsHold(OPTIONS, () => 0),
        unwell,
      ),
    ).toMatch("health score of 8");
    expect(wrongs.at(-1)).toMatch("sent 3 datagrams above the limit");
  });
});
