/** Rumours of a lone core: where they come from, and how they are told until none is left. */
import type { DatagramMessage } from "@x/swim/wire";
import { aliveOf, LoneCore, type LoneCoreSettings } from "./lone-core.ts";

/** Members `m2`, `m3`, … at `10.0.0.2`, `10.0.0.3`, … */
export function fillTable(core: LoneCore, count: number): void {
  for (let number = 2; number < count + 2; number += 1) {
    core.receive(aliveOf(`m${number}`, number));
  }
}

/** Takes the rumours until none is left. */
export function drainRumours(core: LoneCore): void {
  for (let told = 0; told < 2_000 && core.swim.broadcastQueueDepth > 0; told += 1) {
    core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });
  }
  core.takeSent();
}

/** A core in a cluster of so many others with nothing left to tell. */
export function calmCore(memberCount: number, settings: LoneCoreSettings = {}): LoneCore {
  const core = new LoneCore({ compress: false, ...settings });
  fillTable(core, memberCount);
  drainRumours(core);
  core.advance(10_000);
  drainRumours(core);
  return core;
}

/** Regular rounds are far away. */
export const EAGER = {
  gossipIntervalMs: 600_000,
  gossipFanout: 3,
  eagerGossip: true,
  compress: false,
} as const;

/** News about the members `m<first>` to `m<first + count − 1>`, newer than any before. */
export function news(core: LoneCore, first: number, count: number, meta = new Uint8Array(0)): void {
  const incarnation = core.nowMs;
  const numbers = Array.from({ length: count }, (_, index) => first + index);
  core.receive(numbers.map((number) => aliveOf(`m${number}`, number, { incarnation, meta })));
}

export function namesIn(messages: readonly DatagramMessage[]): string[] {
  return messages.flatMap((message) => (message.kind === "alive" ? [message.node] : []));
}

/** How often each member is told of, in everything sent since the last time. */
export function toldCounts(core: LoneCore): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of namesIn(core.takeMessages())) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
