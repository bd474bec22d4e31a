/**
 * Tries to reach failed members: they may have been cut off rather than dead.
 *
 * Each member draws so that the whole cluster tries each failed member about once per interval.
 *
 * Source: Serf specification §15.
 */
import { endpointText } from "./endpoint-text.ts";
import type { Membership } from "./membership.ts";
import type { SerfContext } from "./serf-context.ts";

/**
 * The probability that a member tries one failed member in one interval.
 *
 * @example
 * reconnectProbability({ failedCount: 2, presentCount: 10 }); // => 0.2
 */
export function reconnectProbability(counts: {
  readonly failedCount: number;
  readonly presentCount: number;
}): number {
  return counts.failedCount / Math.max(1, counts.presentCount);
}

/** Draws once per interval whether, and whom, to try again. */
export class Reconnector {
  readonly #context: SerfContext;
  readonly #membership: Membership;

  constructor(context: SerfContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
  }

  /** One draw; the owner calls it every `reconnectIntervalMs`. */
  attempt(nowMs: number): void {
    const { registry, swim, state } = this.#context;
    const { presentCount } = registry;
    // Who is held for its flapping is in reach.
    const failed = [...registry.failed].filter(({ name }) => !this.#membership.isHeld(name));
    // A join would call this member back into the cluster it has just left.
    if (failed.length === 0 || state !== "alive") return;
    const probability = reconnectProbability({ failedCount: failed.length, presentCount });
    if (this.#context.random() > probability) return;
    const entry = failed[Math.floor(this.#context.random() * failed.length)];
    if (entry === undefined) return;
    const { name } = entry;
    const { endpoint } = entry.swimMember;
    this.#context.report({ kind: "reconnect-attempted", name, endpoint });
    const target = { name, endpoint, text: `${name}/${endpointText(endpoint)}` };
    swim.join([target], nowMs, ({ joinedCount }) => {
      if (joinedCount === 0 || this.#context.state !== "alive") return;
      this.#context.report({ kind: "reconnected", name, endpoint });
      this.#membership.announceAgain(this.#context.nowMs);
    });
  }
}
