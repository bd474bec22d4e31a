/** Cores of one process that share what they know of others. */
import { MemberRecordPool } from "@x/swim";
import type { AliveMessage, PushPullNode } from "@x/swim/wire";
import { state } from "./exchanges.ts";
import { LoneCore, type LoneCoreSettings } from "./lone-core.ts";

/** Several cores of one pool. */
export interface CoresOfOnePool {
  /** The one that is looked at, `self`. */
  readonly core: LoneCore;
  /** Two more: what two tell alike is kept for all. */
  readonly others: readonly LoneCore[];
  readonly pool: MemberRecordPool;
}

/** A core and two others that share their records with it, strangers to each other. */
export function coresOfOnePool(settings: LoneCoreSettings = {}): CoresOfOnePool {
  const pool = new MemberRecordPool();
  const environment = { ...settings.environment, records: pool };
  const make = (name: string): LoneCore =>
    new LoneCore({ compress: false, ...settings, name, environment });
  return { core: make("self"), others: [make("other1"), make("other2")], pool };
}

/** Lets the others hear claims, and tell them in their states. */
export function teachOthers({ others }: CoresOfOnePool, claims: readonly AliveMessage[]): void {
  for (const other of others) {
    for (const claim of claims) other.receive(claim);
  }
  for (const other of others) other.dialWith(state([]));
}

/** The record of a push-pull that says the same as a claim. */
export function recordOf(claim: AliveMessage, wireState = 0): PushPullNode {
  const { address, incarnation, meta, node: name, port, versions } = claim;
  return { name, address, port, meta, incarnation, state: wireState, versions };
}
