/** Rumours of a lone core: where they come from, and how they are told until none is left. */
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
