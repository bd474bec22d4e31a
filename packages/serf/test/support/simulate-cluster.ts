/**
 * A cluster of whole members in virtual time, watched at every step.
 *
 * `cluster.ts` holds the members, `@x/simulator` the network and its faults; here are the checkers
 * none of them may offend, and a snapshot for each member.
 */
import type { FaultTarget, LinkRule, Outage } from "@x/simulator";
import type { SerfEvent, SnapshotPort } from "@x/serf";
import { clocksNeverGoBack } from "../simulation/checkers/clocks-never-go-back.ts";
import { CoalescersLoseNothing } from "../simulation/checkers/coalescers-lose-nothing.ts";
import { DeliveredOnce } from "../simulation/checkers/delivered-once.ts";
import { LeftIsNotFailed } from "../simulation/checkers/left-is-not-failed.ts";
import { limitsHold } from "../simulation/checkers/limits-hold.ts";
import {
  CLOCK_WRITTEN_EVERY_MS,
  snapshotDifferences,
} from "../simulation/checkers/snapshot-replays-to-the-same.ts";
import { timersAreKept } from "../simulation/checkers/timers-are-kept.ts";
import { Cluster, type ClusterSetup } from "./cluster.ts";
import { MemorySnapshot } from "./memory-snapshot.ts";

/** The watchers of one cluster. */
class Watch {
  readonly deliveredOnce: DeliveredOnce = new DeliveredOnce();
  readonly leftIsNotFailed: LeftIsNotFailed = new LeftIsNotFailed();
  readonly coalescers: CoalescersLoseNothing = new CoalescersLoseNothing();
  readonly snapshots = new Map<string, MemorySnapshot>();
  hasDrifted = false;

  snapshotOf(name: string): MemorySnapshot {
    const snapshot = this.snapshots.get(name) ?? new MemorySnapshot();
    this.snapshots.set(name, snapshot);
    return snapshot;
  }

  /** A snapshot for one life, which sees events before they are coalesced. */
  openSnapshot(name: string): SnapshotPort {
    const port = this.snapshotOf(name).open();
    return {
      ...port,
      record: (event, memberTime) => {
        if (!(event.kind === "query" && !("name" in event))) {
          this.coalescers.happened(name, event as SerfEvent);
        }
        port.record(event, memberTime);
      },
    };
  }

  hear(name: string, event: SerfEvent): void {
    this.deliveredOnce.hear(name, event);
    this.leftIsNotFailed.hear(name, event);
    this.coalescers.hear(name, event);
  }
}

export class WatchedCluster extends Cluster implements FaultTarget {
  readonly #watch: Watch;

  constructor(setup: ClusterSetup, watch: Watch = new Watch()) {
    super({
      ...setup,
      checkers: [
        clocksNeverGoBack(),
        limitsHold(),
        timersAreKept(() => watch.hasDrifted),
        watch.deliveredOnce,
        watch.leftIsNotFailed,
      ],
      environmentOf: (name) => ({ snapshot: watch.openSnapshot(name) }),
      onEvent: (name, event) => watch.hear(name, event),
    });
    this.#watch = watch;
  }

  get nowMs(): number {
    return this.simulation.nowMs;
  }

  /** Deliveries of events and queries watched, and departures. */
  get sightings(): { readonly deliveries: number; readonly departures: number } {
    const { deliveredOnce, leftIsNotFailed } = this.#watch;
    return { deliveries: deliveredOnce.deliveryCount, departures: leftIsNotFailed.departureCount };
  }

  runFor(durationMs: number): void {
    this.simulation.runFor(durationMs);
  }

  /** @returns how long it took, in virtual ms. */
  runUntil(
    predicate: (cluster: this) => boolean,
    { withinMs = 60_000 }: { readonly withinMs?: number } = {},
  ): number {
    const named = { [predicate.name]: () => predicate(this) }[predicate.name];
    return this.simulation.runUntil(named ?? (() => predicate(this)), { withinMs });
  }

  after(delayMs: number, action: () => void): void {
    this.simulation.after(delayMs, action);
  }

  isRunning(name: string): boolean {
    return this.simulation.isRunning(name);
  }

  partition(groups: readonly (readonly string[])[]): Outage {
    return this.simulation.partition(groups);
  }

  impair(rule: LinkRule): Outage {
    return this.simulation.impair(rule);
  }

  pause(name: string): Outage {
    return this.simulation.pause(name);
  }

  slowDown(name: string, serviceMs: number): Outage {
    return this.simulation.slowDown(name, serviceMs);
  }

  drift(name: string, rate: number): Outage {
    this.#watch.hasDrifted = true;
    return this.simulation.drift(name, rate);
  }

  crash(name: string, scope: "process" | "machine" = "process"): void {
    this.simulation.crash(name, scope);
  }

  /** A new life with what the old one wrote down. */
  override restart(name: string): void {
    this.#watch.leftIsNotFailed.restarted(name);
    this.#watch.coalescers.restarted(name);
    super.restart(name, { recovered: this.#watch.snapshotOf(name).recover() });
  }

  /** What is wrong, a little later: lost in a coalescer, or not in a snapshot. */
  quietProblems(): readonly string[] {
    const living = this.running().filter((name) => this.core(name).state !== "shutdown");
    const times = living.map((name) => this.core(name).lamportTimes.member);
    this.runFor(CLOCK_WRITTEN_EVERY_MS + 1);
    return living.flatMap((name, index) => {
      const recovered = this.#watch.snapshotOf(name).recover();
      const problems = [
        ...this.#watch.coalescers.missing(name),
        ...snapshotDifferences(this.core(name), recovered, times[index] ?? 0n),
      ];
      return problems.map((problem) => `${name}: ${problem}`);
    });
  }
}

/** A cluster whose members are still alone; `form()` joins them. */
export function simulateCluster(setup: ClusterSetup): WatchedCluster {
  return new WatchedCluster(setup);
}

/** Every running member lists exactly the running ones as alive. */
export function converged(cluster: Cluster): boolean {
  return cluster.agreesOn(cluster.running());
}
