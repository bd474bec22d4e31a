/**
 * A user event reaches a member at most once, over all its lives with a snapshot.
 *
 * Source: Serf specification §9, §6.1.
 */
import type { SerfEvent } from "@x/serf";

export class DeliveredOnce {
  readonly #seen = new Set<string>();
  readonly violations: string[] = [];

  readonly observe = (name: string, event: SerfEvent): void => {
    if (event.kind !== "user") return;
    const key = `${name} was told of ${event.name} at ${event.lamportTime} (${event.payload.join()})`;
    if (this.#seen.has(key)) this.violations.push(key);
    this.#seen.add(key);
  };

  /** How many deliveries were watched: a story without any proves nothing. */
  get deliveryCount(): number {
    return this.#seen.size;
  }
}
