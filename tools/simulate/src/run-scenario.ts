/**
 * Plays a scenario: forms the cluster, lets things go wrong, and judges what came of it.
 *
 * Knows no files and no terminal; `main.ts` does. Read next: `measurements.ts`, `report-html.ts`.
 */
import {
  injectFaults,
  shrink,
  simplerFaults,
  SimulationError,
  timelineText,
  type Checker,
  type LatencyModel,
} from "@x/simulator";
import { Serf } from "@x/serf";
import { Cluster, type Core } from "./cluster.ts";
import { Measurements } from "./measurements.ts";
import type { Scenario, ScenarioFault, Work } from "./scenario.ts";

/** How a run went. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly cluster: Cluster;
  readonly measurements: Measurements;
  /** From the first start until everybody saw everybody; missing if that did not come. */
  readonly formedMs: number | undefined;
  /** From the end of the last fault until agreement; missing if that did not come. */
  readonly agreedMs: number | undefined;
  readonly virtualMs: number;
  readonly digest: string;
  /** What was expected and did not come, one line each. */
  readonly failures: readonly string[];
  readonly lastEvents: string;
}

export interface RunOptions {
  /** The measured matrix, for `planetlab`. */
  readonly planetlab?: () => readonly (readonly number[])[];
  /** Called after each sample. */
  readonly progress?: (outcome: { readonly cluster: Cluster; readonly endMs: number }) => void;
  readonly replayHint?: string;
  /** What must be true at every step; new ones for each run. */
  readonly checkers?: () => readonly Checker<Core>[];
  /** Ends once all have agreed for ten seconds after the last fault and the last work. */
  readonly endsWhenAgreed?: boolean;
}

const RESTFUL_MS = 10_000;

/**
 * Plays it from the beginning to the end; the same scenario gives the same digest.
 *
 * @throws {RangeError} for a network the simulator refuses.
 */
export function runScenario(scenario: Scenario, options: RunOptions = {}): Outcome {
  const run = new Run(scenario, options);
  return run.play();
}

/** The smallest part of a failing scenario's faults that still fails. */
export function shrinkFaults(
  scenario: Scenario,
  options: RunOptions & { readonly maxTries: number },
): {
  readonly faults: readonly ScenarioFault[];
  readonly tryCount: number;
  readonly isMinimal: boolean;
} {
  const fails = (faults: readonly ScenarioFault[]): boolean => {
    try {
      return runScenario({ ...scenario, faults }, options).failures.length > 0;
    } catch (error) {
      if (error instanceof SimulationError) return true;
      throw error;
    }
  };
  const result = shrink(scenario.faults, fails, { simplify: gentler, maxTries: options.maxTries });
  return { faults: result.items, tryCount: result.tryCount, isMinimal: result.isMinimal };
}

function gentler(fault: ScenarioFault): readonly ScenarioFault[] {
  if (isOwn(fault)) return [];
  return simplerFaults(fault) as readonly ScenarioFault[];
}

/** What the simulator alone does not know: it starts new lives, or breaks a disk. */
type OwnFault = Extract<ScenarioFault, { kind: "crash" | "disk" | "move" | "rename" }>;

function isOwn(fault: ScenarioFault): fault is OwnFault {
  return ["crash", "disk", "move", "rename"].includes(fault.kind);
}

/** The mean round trip a latency model gives two members. */
export function meanRttMs(model: LatencyModel): (source: number, target: number) => number {
  switch (model.kind) {
    case "constant":
      return () => 2 * model.ms;
    case "uniform":
      return () => model.minMs + model.maxMs;
    case "log-normal":
      return () => 2 * model.medianMs * Math.exp(model.sigma ** 2 / 2);
    case "rtt-matrix": {
      const { rttMs } = model;
      return (source, target) => rttMs[source % rttMs.length]?.[target % rttMs.length] ?? 0;
    }
  }
}

class Run {
  readonly #scenario: Scenario;
  readonly #options: RunOptions;
  readonly #cluster: Cluster;
  readonly #measurements: Measurements;
  #endMs: number;
  #eventCount = 0;
  /** Members ever started, whatever they are called now. */
  #memberCount: number;

  constructor(scenario: Scenario, options: RunOptions) {
    this.#scenario = scenario;
    this.#memberCount = scenario.members;
    this.#options = options;
    const { latency, udpBlocked, ...network } = scenario.network;
    const model: LatencyModel =
      latency?.kind === "planetlab"
        ? { kind: "rtt-matrix", rttMs: options.planetlab?.() ?? [] }
        : (latency ?? { kind: "constant", ms: 1 });
    this.#measurements = new Measurements({ watch: scenario.watch, rttMs: meanRttMs(model) });
    const old = new Set(scenario.oldVersionMembers);
    this.#cluster = new Cluster({
      seed: scenario.seed,
      layer: scenario.layer,
      swim: { ...scenario.options, profile: scenario.profile },
      serf: scenario.serfOptions,
      swimOf: (name) => (old.has(name) ? { protocolVersion: 1 } : {}),
      network: { ...network, latency: model, ...(udpBlocked === true && { datagramLossRatio: 1 }) },
      onEvent: (name, event, nowMs) => {
        this.#measurements.observe(name, event, nowMs);
        if (event.kind === "query") event.respond(new Uint8Array([1]));
      },
      onReport: this.#measurements.report,
      ...(options.checkers && { checkers: options.checkers() }),
      ...(options.replayHint !== undefined && { replayHint: () => options.replayHint ?? "" }),
    });
    this.#measurements.attach(this.#cluster);
    this.#endMs = scenario.settleWithinMs + scenario.durationMs;
  }

  play(): Outcome {
    const { expect, durationMs, faults } = this.#scenario;
    const formedMs = this.#form();
    const startMs = this.#cluster.nowMs;
    this.#endMs = startMs + durationMs;
    this.#begin();
    const healedMs = startMs + lastFaultMs(faults);
    const busyMs =
      startMs + this.#scenario.workload.reduce((end, { atMs }) => Math.max(end, atMs), 0);
    let agreedMs: number | undefined;
    while (this.#cluster.nowMs < this.#endMs) {
      this.#step();
      const { nowMs, views } = this.#cluster;
      if (!views.allAgree) agreedMs = undefined;
      else if (nowMs >= healedMs) agreedMs ??= nowMs - healedMs;
      if (this.#options.endsWhenAgreed !== true || agreedMs === undefined) continue;
      if (nowMs >= Math.max(healedMs + agreedMs, busyMs) + RESTFUL_MS) break;
    }
    const failures = this.#judge(formedMs, agreedMs);
    const { simulation } = this.#cluster;
    if (expect.agreeWithinMs !== undefined && healedMs > this.#endMs) {
      failures.push("expect.agreeWithinMs: the last fault ends after durationMs");
    }
    return {
      scenario: this.#scenario,
      cluster: this.#cluster,
      measurements: this.#measurements,
      formedMs,
      agreedMs,
      virtualMs: simulation.nowMs,
      digest: simulation.digest(),
      failures,
      lastEvents: timelineText(simulation.timeline.last(40)),
    };
  }

  #form(): number | undefined {
    const { members, joinsPerSecond, settleWithinMs } = this.#scenario;
    const cluster = this.#cluster;
    cluster.add("m0");
    const start = (index: number): void => {
      if (index >= members) return;
      cluster.add(`m${index}`);
      cluster.join(`m${index}`, "m0");
      cluster.simulation.after(1_000 / joinsPerSecond, () => start(index + 1));
    };
    start(1);
    const isFormed = (): boolean => cluster.views.upCount >= members && cluster.views.allAgree;
    const joinMs = (members / joinsPerSecond) * 1_000;
    while (!isFormed() && cluster.nowMs < settleWithinMs + joinMs) this.#step();
    return isFormed() ? cluster.nowMs : undefined;
  }

  #step(): void {
    const { sampleEveryMs } = this.#scenario;
    this.#cluster.simulation.runFor(sampleEveryMs);
    this.#measurements.sample();
    this.#options.progress?.({ cluster: this.#cluster, endMs: this.#endMs });
  }

  #begin(): void {
    const { faults, workload } = this.#scenario;
    const { simulation } = this.#cluster;
    for (const fault of faults) {
      simulation.after(fault.atMs, () => this.#markTroubled(fault));
      if (isOwn(fault)) {
        simulation.after(fault.atMs, () => this.#beginOwn(fault));
      } else {
        injectFaults(simulation, [fault]);
      }
    }
    for (const work of workload) simulation.after(work.atMs, () => this.#work(work));
  }

  /** While it lasts, and for as long as suspicions of that time may still end. */
  #markTroubled(fault: ScenarioFault): void {
    const { troubled } = this.#measurements;
    const count = (name: string, change: number): void => {
      const left = (troubled.get(name) ?? 0) + change;
      if (left > 0) troubled.set(name, left);
      else troubled.delete(name);
    };
    const names = this.#sufferers(fault);
    const aftermathMs = 60_000;
    const forMs = ("forMs" in fault ? fault.forMs : 0) + aftermathMs;
    for (const name of names) count(name, 1);
    this.#cluster.simulation.after(forMs, () => {
      for (const name of names) count(name, -1);
    });
  }

  #sufferers(fault: ScenarioFault): readonly string[] {
    const { names } = this.#cluster.simulation;
    // Nobody else is to notice.
    if (fault.kind === "disk") return [];
    if ("member" in fault) return [fault.member];
    if (fault.kind === "partition") return names;
    const { from, to } = fault.kind === "impair" ? fault.rule : fault;
    return [from, to].flatMap((side) => (side === "all" ? names : side));
  }

  #beginOwn(fault: OwnFault): void {
    const cluster = this.#cluster;
    const { member } = fault;
    if (!cluster.simulation.isRunning(member)) return;
    if (fault.kind === "disk") return cluster.breakDisk(member, fault.error, fault.forMs);
    if (fault.kind !== "crash") this.#measurements.gone(member);
    if (fault.kind === "rename") return cluster.rename(member, fault.to, this.#helper(member));
    if (fault.kind === "move") return cluster.move(member, this.#helper(member));
    cluster.crash(member, fault.scope);
    this.#measurements.crashed(member, cluster.nowMs);
    if (fault.restartAfterMs === undefined) return;
    cluster.simulation.after(fault.restartAfterMs, () => {
      this.#measurements.returned(member);
      const snapshot = fault.snapshot ?? "lost";
      cluster.restart(member, { snapshot, via: this.#helper(member) });
    });
  }

  #work(work: Work): void {
    const cluster = this.#cluster;
    switch (work.kind) {
      case "join": {
        for (let count = 0; count < work.count; count += 1) {
          const name = `m${this.#memberCount}`;
          this.#memberCount += 1;
          cluster.add(name);
          cluster.join(name, this.#helper(name));
        }
        return;
      }
      case "leave":
        if (cluster.simulation.isRunning(work.member)) this.#measurements.gone(work.member);
        return cluster.leave(work.member);
      case "tags":
        if (!cluster.simulation.isRunning(work.member)) return;
        this.#measurements.changedTags(work.member, cluster.nowMs);
        return cluster.setTags(work.member, work.tags);
      case "event":
        return this.#sendEvents(work, work.count ?? 1);
      case "query":
        return this.#ask(work.member);
    }
  }

  #sendEvents(work: Extract<Work, { kind: "event" }>, left: number): void {
    const cluster = this.#cluster;
    if (left <= 0) return;
    if (cluster.simulation.isRunning(work.member)) {
      this.#eventCount += 1;
      const name = `event-${this.#eventCount}`;
      this.#measurements.sentEvent(name, cluster.nowMs);
      cluster.simulation.call(work.member, (core, nowMs) => {
        if (!(core instanceof Serf)) return;
        core.userEvent(name, new Uint8Array(work.bytes ?? 32), { coalesce: false }, nowMs);
      });
    }
    cluster.simulation.after(work.everyMs ?? 1_000, () => this.#sendEvents(work, left - 1));
  }

  #ask(member: string): void {
    const cluster = this.#cluster;
    if (!cluster.simulation.isRunning(member)) return;
    const result = { asked: cluster.views.upCount, answers: 0 };
    this.#measurements.queryAnswers.push(result);
    cluster.simulation.call(member, (core, nowMs) => {
      if (!(core instanceof Serf)) return;
      const listener = {
        handleResponse: (): void => {
          result.answers += 1;
        },
      };
      core.query("who", undefined, {}, listener, nowMs);
    });
  }

  /** Somebody who runs, to join through. */
  #helper(except: string): string {
    const { simulation } = this.#cluster;
    return simulation.names.find((name) => name !== except && simulation.isRunning(name)) ?? "m0";
  }

  #judge(formedMs: number | undefined, agreedMs: number | undefined): string[] {
    const { expect } = this.#scenario;
    const { falseDeaths, spreads } = this.#measurements;
    const failures: string[] = [];
    const within = (name: string, found: number | undefined, bound: number | undefined): void => {
      if (bound === undefined || (found !== undefined && found <= bound)) return;
      failures.push(
        `expect.${name}: ${found === undefined ? "never" : `${Math.round(found)} ms`}, expected at most ${bound} ms`,
      );
    };
    within("formedWithinMs", formedMs, expect.formedWithinMs);
    within("agreeWithinMs", agreedMs, expect.agreeWithinMs);
    for (const { about, audience, delaysMs, kind } of spreads) {
      if (kind === "crash") {
        const lastMs = delaysMs.length >= audience ? delaysMs.at(-1) : undefined;
        within(`detectedWithinMs (${about})`, lastMs, expect.detectedWithinMs);
      }
      const reach = delaysMs.length / Math.max(1, audience);
      if (kind === "event" && reach < (expect.eventReachAtLeast ?? 0)) {
        failures.push(
          `expect.eventReachAtLeast: ${about} reached ${reach.toFixed(3)} of the members`,
        );
      }
    }
    if (falseDeaths > (expect.falseDeathsAtMost ?? Infinity)) {
      failures.push(`expect.falseDeathsAtMost: ${falseDeaths}`);
    }
    return failures;
  }
}

function lastFaultMs(faults: readonly ScenarioFault[]): number {
  return faults.reduce((latest, fault) => Math.max(latest, fault.atMs + lastsMs(fault)), 0);
}

function lastsMs(fault: ScenarioFault): number {
  if (fault.kind === "crash") return fault.restartAfterMs ?? 0;
  return "forMs" in fault ? fault.forMs : 0;
}
