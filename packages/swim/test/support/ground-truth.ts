/**
 * What is really so in a simulated cluster, whatever its members believe.
 *
 * Checkers compare beliefs with it.
 */
import type { Outage } from "@x/simulator";

interface Life {
  readonly sinceMs: number;
  readonly isRunning: boolean;
}

export class GroundTruth {
  readonly #lives = new Map<string, Life>();
  readonly #outages = new Set<Outage>();
  #troubledMs = 0;
  #troubleStartMs: number | undefined;
  #longestTroubleMs = 0;
  #hasDrifted = false;

  /** Some member's clock is not the cluster's. */
  get hasDrifted(): boolean {
    return this.#hasDrifted;
  }

  /** Every member there ever was. */
  get names(): Iterable<string> {
    return this.#lives.keys();
  }

  started(name: string, nowMs: number): void {
    this.#lives.set(name, { sinceMs: nowMs, isRunning: true });
  }

  stopped(name: string, nowMs: number): void {
    this.#lives.set(name, { sinceMs: nowMs, isRunning: false });
  }

  drifted(): void {
    this.#hasDrifted = true;
  }

  /** Something is wrong between members until this is over. */
  suffers(outage: Outage, nowMs: number): Outage {
    this.#outages.add(outage);
    this.#troubleStartMs ??= nowMs;
    return outage;
  }

  /** Since when a member runs without a break; `undefined` if it does not. */
  runningSinceMs(name: string): number | undefined {
    const life = this.#lives.get(name);
    return life?.isRunning === true ? life.sinceMs : undefined;
  }

  /** Since when a member is gone; `undefined` if it is not. */
  stoppedSinceMs(name: string): number | undefined {
    const life = this.#lives.get(name);
    return life?.isRunning === false ? life.sinceMs : undefined;
  }

  /**
   * Since when every running member can reach every other and none is paused or slow; `nowMs` if that
   * is not so. Exact to the time between two questions.
   */
  calmSinceMs(nowMs: number): number {
    for (const outage of this.#outages) {
      this.#troubledMs = nowMs;
      if (outage.isOver) this.#outages.delete(outage);
    }
    if (this.#troubleStartMs !== undefined) {
      const lastsMs = this.#troubledMs - this.#troubleStartMs;
      this.#longestTroubleMs = Math.max(this.#longestTroubleMs, lastsMs);
      if (this.#outages.size === 0) this.#troubleStartMs = undefined;
    }
    return this.#troubledMs;
  }

  /** How long members could not reach each other at worst, up to the last question. */
  get longestTroubleMs(): number {
    return this.#longestTroubleMs;
  }
}
