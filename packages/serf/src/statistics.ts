/**
 * The figures operators of the reference know.
 *
 * Source: Serf specification §16 rule 7.
 */
import type { CoordinateExchange } from "./coordinate-exchange.ts";
import type { SerfContext } from "./serf-context.ts";

/** Keys and text values as the reference has them. */
export function serfStatistics(
  context: SerfContext,
  coordinates: CoordinateExchange | undefined,
): Readonly<Record<string, string>> {
  const { registry, swim, clocks, queues } = context;
  const isEncrypted = swim.keyring !== undefined && !swim.keyring.isEmpty;
  return {
    members: String(registry.size),
    failed: String(registry.failed.size),
    left: String(registry.left.size),
    health_score: String(swim.healthScore),
    member_time: String(clocks.member.time),
    event_time: String(clocks.event.time),
    query_time: String(clocks.query.time),
    intent_queue: String(queues.depth("intent")),
    event_queue: String(queues.depth("event")),
    query_queue: String(queues.depth("query")),
    encrypted: String(isEncrypted),
    ...(coordinates === undefined ? {} : { coordinate_resets: String(coordinates.resetCount) }),
  };
}
