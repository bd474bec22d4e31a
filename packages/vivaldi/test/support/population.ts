/** Members that measure each other at random, and how well they predict then. */
import { SeededRandom } from "@x/simulator";
import type { Coordinate, VivaldiOptions } from "@x/vivaldi";
import { CoordinateClient, estimatedRttSeconds } from "@x/vivaldi";
import type { LatencyMatrix } from "./latency-matrices.ts";

export interface PopulationPlan {
  readonly seed: number;
  /** The network, and its size. */
  readonly truth: LatencyMatrix;
  /** One is drawn for each sample; absent: samples are the truth. */
  readonly slices?: readonly LatencyMatrix[];
  readonly optionsOf: (member: number) => VivaldiOptions;
}

export interface Accuracy {
  readonly median: number;
  readonly p90: number;
  readonly mean: number;
  readonly max: number;
}

export class Population {
  readonly clients: CoordinateClient[];
  readonly #plan: PopulationPlan;
  readonly #names: readonly string[];
  readonly #random: SeededRandom;
  readonly #direction: () => number;
  #truth: LatencyMatrix;

  constructor(plan: PopulationPlan) {
    this.#plan = plan;
    this.#truth = plan.truth;
    this.#random = new SeededRandom(plan.seed);
    this.#direction = this.#random.fork("directions").toFunction();
    const members = Array.from({ length: plan.truth.size }, (_, member) => member);
    this.#names = members.map((member) => `node_${member}`);
    this.clients = members.map((member) => this.#start(member));
  }

  /** What other members see of one; a liar overrides it. */
  claimOf(member: number): Coordinate {
    return this.#client(member).coordinate;
  }

  /** A member is replaced by a new one of its name. @returns where the old one was. */
  restart(member: number): Coordinate {
    const last = this.#client(member).coordinate;
    this.clients[member] = this.#start(member);
    return last;
  }

  /** The network changes. */
  rewire(truth: LatencyMatrix): void {
    this.#truth = truth;
  }

  /** In each cycle each member measures another one at random (behaviour specification §7). */
  run(cycles: number, claimOf = (member: number): Coordinate => this.claimOf(member)): void {
    for (let cycle = 0; cycle < cycles; cycle++) {
      for (let member = 0; member < this.clients.length; member++) this.#probe(member, claimOf);
    }
  }

  #probe(member: number, claimOf: (member: number) => Coordinate): void {
    const other = this.#random.below(this.clients.length);
    if (other === member) return;
    const slices = this.#plan.slices;
    const network = slices === undefined ? this.#truth : this.#random.pick(slices);
    const rttSeconds = network.rttSeconds[member * network.size + other] as number;
    this.#client(member).observe(this.#names[other] as string, claimOf(other), rttSeconds);
  }

  /** Relative error of the estimates over all pairs of the given members. */
  accuracy(isCounted: (member: number, other: number) => boolean = () => true): Accuracy {
    const { size, rttSeconds } = this.#truth;
    const coordinates = this.clients.map((client) => client.coordinate);
    const errors: number[] = [];
    for (let i = 0; i < size; i++) {
      for (let j = i + 1; j < size; j++) {
        if (!isCounted(i, j)) continue;
        const truth = rttSeconds[i * size + j] as number;
        const estimate = estimatedRttSeconds(
          coordinates[i] as Coordinate,
          coordinates[j] as Coordinate,
        );
        errors.push(Math.abs(estimate - truth) / truth);
      }
    }
    const sorted = Float64Array.from(errors).sort();
    return {
      median: quantile(sorted, 0.5),
      p90: quantile(sorted, 0.9),
      mean: sorted.reduce((sum, error) => sum + error, 0) / sorted.length,
      max: quantile(sorted, 1),
    };
  }

  #start(member: number): CoordinateClient {
    return new CoordinateClient(this.#plan.optionsOf(member), this.#direction);
  }

  #client(member: number): CoordinateClient {
    return this.clients[member] as CoordinateClient;
  }
}

/** Of sorted values, by nearest rank from below. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

export function medianOf(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}
