/** Time that passes when told to. */
import type { SnapshotClock } from "../../src/node/snapshot-file.ts";

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** Lets everything that waits for nothing but its turn happen. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export class ManualClock implements SnapshotClock {
  #nowMs = 0;
  readonly #timers = new Set<Timer>();

  get timerCount(): number {
    return this.#timers.size;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  schedule(afterMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + afterMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets time pass, running what falls due, each with all that follows from it. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    await settle();
    for (let round = 0; round < 1000; round++) {
      const [next] = [...this.#timers].toSorted((left, right) => left.atMs - right.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
      await settle();
    }
    this.#nowMs = untilMs;
  }
}
