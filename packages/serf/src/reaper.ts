/**
 * Forgets members that failed or left long ago.
 *
 * Source: Serf specification §15.
 */
import type { IntentBuffer } from "./intent-buffer.ts";
import type { RegistryEntry } from "./member-registry.ts";
import type { Membership } from "./membership.ts";
import type { SerfContext } from "./serf-context.ts";

/** Goes through the failed, the left, the stuck and the early, once per interval. */
export class Reaper {
  readonly #context: SerfContext;
  readonly #membership: Membership;
  readonly #intents: IntentBuffer;

  constructor(context: SerfContext, membership: Membership, intents: IntentBuffer) {
    this.#context = context;
    this.#membership = membership;
    this.#intents = intents;
  }

  /** One round; the owner calls it every `reapIntervalMs`. */
  reap(nowMs: number): void {
    const { registry, options } = this.#context;
    this.#reapList(registry.failed, options.reconnectTimeoutMs, nowMs);
    this.#reapList(registry.left, options.tombstoneTimeoutMs, nowMs);
    this.#membership.recoverStuckLeavers(nowMs);
    this.#membership.expireFlaps(nowMs);
    this.#intents.expire(nowMs, options.recentIntentTimeoutMs);
  }

  #reapList(list: ReadonlySet<RegistryEntry>, timeoutMs: number, nowMs: number): void {
    const { reapTimeoutFor } = this.#context.options;
    const expired = [...list].filter((entry) => {
      // SWIM sees it alive, and would not tell of it again.
      if (this.#membership.isHeld(entry.name)) return false;
      const ownTimeoutMs = reapTimeoutFor?.(entry.picture, timeoutMs) ?? timeoutMs;
      return nowMs - entry.changedAtMs > ownTimeoutMs;
    });
    for (const entry of expired) this.#membership.erase(entry, nowMs, false);
  }
}
