/**
 * A large cluster without the work of a mass join, for what is measured in formed ones.
 *
 * One member is handed everybody in a single exchange of state, and all others join through it.
 * Whoever is alone takes what it is told for old news and tells none of it on, so that nothing but
 * exchanges is needed: the members are the ones that ship, and so is what they believe.
 */
import { encodeStream, defaultWireLimits, WireState, type PushPullNode } from "@x/swim/wire";
import { Cluster, swimOf, type ClusterSetup } from "./cluster.ts";

/** Tells everybody of everybody. */
const TELLER = "m0";
const JOINS_PER_MS = 1;
const REST_MS = 5_000;
const NO_BYTES = new Uint8Array(0);

/**
 * @returns a cluster of the SWIM layer in which everybody knows everybody and nothing is left to be
 *   told.
 */
export function clusterAtOnce(memberCount: number, setup: Omit<ClusterSetup, "layer">): Cluster {
  const cluster = new Cluster({
    digest: false,
    keepEvents: 64,
    expectedMembers: memberCount,
    ...setup,
    layer: "swim",
  });
  cluster.addMany(memberCount);
  // What members say of themselves meanwhile would start the rumours of a mass join.
  const silence = cluster.simulation.impair({ from: "all", to: "all", datagramLossRatio: 1 });
  tellTeller(cluster, memberCount);
  for (let index = 1; index < memberCount; index += 1) {
    cluster.simulation.after(index / JOINS_PER_MS, () => cluster.join(`m${index}`, TELLER));
  }
  const isFormed = (): boolean => cluster.views.allAgree;
  cluster.simulation.runUntil(isFormed, { withinMs: 60_000 + memberCount / JOINS_PER_MS });
  // Until the last to join have said to nobody that they are there.
  cluster.simulation.runFor(REST_MS);
  silence.heal();
  return cluster;
}

/** As if somebody who knows all of them had exchanged state with the teller, and hung up. */
function tellTeller(cluster: Cluster, memberCount: number): void {
  const nodes = Array.from({ length: memberCount }, (_, index) => describe(cluster, `m${index}`));
  const message = { kind: "push-pull", isJoin: false, nodes, userState: NO_BYTES } as const;
  const settings = {
    label: NO_BYTES,
    skipInboundLabelCheck: false,
    verifyIncoming: false,
    verifyOutgoing: false,
    protocolVersion: 2,
    fillRandom: () => {},
    limits: defaultWireLimits,
  };
  const bytes = encodeStream(message, settings, { role: "dialler", compress: false });
  // No connection of the simulated network has this number: what is answered goes nowhere.
  const streamId = Number.MAX_SAFE_INTEGER;
  const remote = cluster.endpoint(`m${memberCount - 1}`);
  cluster.simulation.call(TELLER, (core, nowMs) => {
    core.handleStream({ kind: "accepted", streamId, remote }, nowMs);
    core.handleStream({ kind: "data", streamId, bytes }, nowMs);
    core.handleStream({ kind: "ended", streamId }, nowMs);
  });
  const teller = swimOf(cluster.core(TELLER));
  cluster.simulation.runUntil(() => teller.memberCount === memberCount, { withinMs: 60_000 });
}

function describe(cluster: Cluster, name: string): PushPullNode {
  const [self] = swimOf(cluster.core(name)).members();
  if (self === undefined) throw new Error(`${name} does not know itself`);
  const { protocolMin, protocolMax, protocolCurrent } = self.versions;
  const { delegateMin, delegateMax, delegateCurrent } = self.versions;
  return {
    name,
    address: self.addressBytes,
    port: self.endpoint.port,
    meta: self.meta,
    incarnation: self.incarnation,
    state: WireState.alive,
    versions: Uint8Array.from([
      protocolMin,
      protocolMax,
      protocolCurrent,
      delegateMin,
      delegateMax,
      delegateCurrent,
    ]),
  };
}
