/**
 * Who has left is not reported failed until it has come back. Source: Serf specification §5.1.
 */
import type { Checker } from "@x/simulator";
import type { Serf, SerfEvent } from "@x/serf";

export class LeftIsNotFailed implements Checker<Serf> {
  readonly name = "left is not failed";
  readonly #left = new Set<string>();
  #violation: string | undefined;
  #departureCount = 0;

  hear(name: string, event: SerfEvent): void {
    if (!("members" in event)) return;
    for (const member of event.members) {
      const key = `${name} about ${member.name}`;
      if (event.kind === "member-leave") {
        this.#left.add(key);
        this.#departureCount += 1;
      }
      if (event.kind === "member-join" || event.kind === "member-reap") this.#left.delete(key);
      if (event.kind !== "member-failed" || !this.#left.has(key)) continue;
      this.#violation ??= `${name} was told that ${member.name} failed, after it had left`;
    }
  }

  /** A new life begins with an empty table. */
  restarted(name: string): void {
    for (const key of this.#left) if (key.startsWith(`${name} about `)) this.#left.delete(key);
  }

  observe(): string | undefined {
    return this.#violation;
  }

  /** How many departures were watched. */
  get departureCount(): number {
    return this.#departureCount;
  }
}
