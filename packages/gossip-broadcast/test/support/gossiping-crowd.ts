import { SeededRandom } from "@x/simulator";
import { TransmitLimitedQueue } from "../../src/index.ts";

export interface CrowdOptions {
  readonly seed: number;
  readonly memberCount: number;
  readonly retransmitMultiplier: number;
  readonly lossRatio?: number;
  /** Members each one tells in a round. */
  readonly fanOut?: number;
}

/**
 * Members that do nothing but gossip, in rounds: each tells a few others what its queue gives, and
 * passes on what it hears for the first time. The epidemic of the papers, on the real queue.
 */
export class GossipingCrowd {
  readonly #random: SeededRandom;
  readonly #lossRatio: number;
  readonly #fanOut: number;
  readonly #members: { readonly queue: TransmitLimitedQueue; readonly heard: Set<Uint8Array> }[];
  packetCount = 0;

  constructor(options: CrowdOptions) {
    this.#random = new SeededRandom(options.seed);
    this.#lossRatio = options.lossRatio ?? 0;
    this.#fanOut = options.fanOut ?? 3;
    this.#members = Array.from({ length: options.memberCount }, () => ({
      queue: new TransmitLimitedQueue({
        retransmitMultiplier: options.retransmitMultiplier,
        memberCount: () => options.memberCount,
      }),
      heard: new Set<Uint8Array>(),
    }));
  }

  tell(index: number, rumour: Uint8Array): void {
    const member = this.#members[index];
    if (member === undefined || member.heard.has(rumour)) return;
    member.heard.add(rumour);
    member.queue.enqueue({ payload: rumour });
  }

  heardBy(rumour: Uint8Array): number {
    return this.#members.filter(({ heard }) => heard.has(rumour)).length;
  }

  /** Rounds until nobody has anything left to tell. */
  runUntilQuiet(maxRounds: number): number {
    let rounds = 0;
    while (this.#members.some(({ queue }) => queue.size > 0)) {
      if (rounds === maxRounds) throw new Error(`still gossiping after ${maxRounds} rounds`);
      rounds += 1;
      this.#round();
    }
    return rounds;
  }

  #round(): void {
    const deliveries: [number, Uint8Array[]][] = [];
    for (const [index, { queue }] of this.#members.entries()) {
      for (const target of this.#targetsOf(index)) {
        const rumours = queue.take(2, 1400);
        if (rumours.length === 0) break;
        this.packetCount += 1;
        if (this.#random.chance(this.#lossRatio)) continue;
        deliveries.push([target, rumours]);
      }
    }
    for (const [index, rumours] of deliveries) {
      for (const rumour of rumours) this.tell(index, rumour);
    }
  }

  /** Distinct others. */
  #targetsOf(index: number): ReadonlySet<number> {
    const targets = new Set<number>();
    while (targets.size < this.#fanOut) {
      const target = this.#random.below(this.#members.length);
      if (target !== index) targets.add(target);
    }
    return targets;
  }
}
