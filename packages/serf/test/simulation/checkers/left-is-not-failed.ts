/**
 * Who has left is not reported failed until it has come back. Source: Serf specification §5.1.
 */
import type { SerfEvent } from "@x/serf";

export class LeftIsNotFailed {
  readonly #left = new Set<string>();
  readonly violations: string[] = [];

  readonly observe = (name: string, event: SerfEvent): void => {
    if (!("members" in event)) return;
    for (const member of event.members) {
      const key = `${name} about ${member.name}`;
      if (event.kind === "member-leave") this.#left.add(key);
      if (event.kind === "member-join" || event.kind === "member-reap") this.#left.delete(key);
      if (event.kind === "member-failed" && this.#left.has(key)) this.violations.push(key);
    }
  };
}
