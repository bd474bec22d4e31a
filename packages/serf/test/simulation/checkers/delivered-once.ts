/**
 * A user event or query reaches a member at most once, over all its lives with a snapshot.
 *
 * Source: Serf specification §9, §10, §6.1.
 */
import type { Checker } from "@x/simulator";
import type { Serf, SerfEvent } from "@x/serf";

export class DeliveredOnce implements Checker<Serf> {
  readonly name = "delivered once";
  readonly #seen = new Set<string>();
  #violation: string | undefined;

  hear(name: string, event: SerfEvent): void {
    if (event.kind !== "user" && event.kind !== "query") return;
    const id = event.kind === "query" ? event.id : "";
    const what = `${event.kind} ${event.name} ${id} at ${event.lamportTime}`;
    const key = `${name} was told of ${what} (${event.payload.join()})`;
    if (this.#seen.has(key)) this.#violation ??= `${key} twice`;
    this.#seen.add(key);
  }

  observe(): string | undefined {
    return this.#violation;
  }

  /** How many deliveries were watched: a story without any proves nothing. */
  get deliveryCount(): number {
    return this.#seen.size;
  }
}
