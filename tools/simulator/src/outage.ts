/** Something that is wrong until it is put right. */
import type { VirtualClock } from "./virtual-clock.ts";

export class Outage {
  readonly #clock: VirtualClock;
  readonly #heal: () => void;
  #isOver = false;

  constructor(clock: VirtualClock, heal: () => void) {
    this.#clock = clock;
    this.#heal = heal;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Puts it right now; once. */
  heal(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#heal();
  }

  /** Puts it right after this much virtual time. */
  forMs(durationMs: number): this {
    this.#clock.at(this.#clock.nowMs + durationMs, () => this.heal());
    return this;
  }
}
