/**
 * What is mutated: the files in which a wrong branch changes what a member decides, and why each is
 * one of them. Wiring, codecs, texts and input checks of the command line are not here: codecs have
 * the vectors and the fuzzer, wiring has the simulations.
 */

/** One file of decisions. */
export interface DecisionFile {
  /** From the package's `src`. */
  readonly path: string;
  /** What it decides. */
  readonly decides: string;
}

/** A package, its decision files, and the tests that must notice. */
export interface MutationTarget {
  readonly name: string;
  readonly files: readonly DecisionFile[];
  /** Starts or ends of the paths of tests left out: slow, with real sockets or files, or about bytes. */
  readonly leftOut: readonly string[];
}

/** The least share of mutants that must die in each package, percent. */
export const LEAST_SCORE = 85;

const vivaldi: MutationTarget = {
  name: "vivaldi",
  files: [
    { path: "admission.ts", decides: "which coordinates and round trips are believed" },
    { path: "adjustment-window.ts", decides: "the term that Euclid cannot express" },
    { path: "coordinate.ts", decides: "how far apart two members are, to the nanosecond" },
    { path: "coordinate-client.ts", decides: "the order of judging, filtering, moving, resetting" },
    { path: "euclidean.ts", decides: "length and direction, and where two members coincide" },
    { path: "latency-filter.ts", decides: "which of the last round trips counts; whom to forget" },
    { path: "position.ts", decides: "when a coordinate is no longer one" },
    { path: "recent-samples.ts", decides: "whose sample is kept and whose gives way" },
    { path: "reference-motion.ts", decides: "the reference's step, bit for bit" },
    { path: "refined-motion.ts", decides: "our step: gains, clipping, replay, gravity" },
    { path: "typical-rtt.ts", decides: "what is far for this member" },
    { path: "vivaldi-options.ts", decides: "which settings can work" },
  ],
  leftOut: [".sim.test.ts"],
};

const gossipBroadcast: MutationTarget = {
  name: "gossip-broadcast",
  files: [
    { path: "retransmit-limit.ts", decides: "how often is enough" },
    { path: "transmit-limited-queue.ts", decides: "what is told next, replaced, pruned" },
    { path: "transmit-tier.ts", decides: "the order among rumours told equally often" },
  ],
  leftOut: [".sim.test.ts", "default-queue-limit.test.ts"],
};

const swim: MutationTarget = {
  name: "swim",
  files: [
    { path: "ack-table.ts", decides: "which answer belongs to which probe" },
    { path: "admission.ts", decides: "who may become a member" },
    { path: "churn.ts", decides: "whether much changes at present" },
    { path: "dissemination.ts", decides: "when news leaves, to whom, and how much of it" },
    { path: "eager-pace.ts", decides: "how long news waits for more of it" },
    { path: "inbound-queue.ts", decides: "which messages wait, and which are dropped" },
    { path: "keyring.ts", decides: "which key seals, and which may be removed" },
    { path: "known-record.ts", decides: "which records of a state tell nothing new" },
    { path: "leave.ts", decides: "when a leaving member may go" },
    { path: "local-health.ts", decides: "how much to trust one's own judgement" },
    { path: "membership.ts", decides: "what a claim changes, tells and starts" },
    { path: "merge-queue.ts", decides: "what a received state changes, and what of it is news" },
    { path: "override-rules.ts", decides: "which of two claims wins" },
    { path: "ping-answers.ts", decides: "which pings are answered, and how" },
    { path: "probe.ts", decides: "when a silent member is suspected" },
    { path: "probe-order.ts", decides: "whom to probe next" },
    { path: "push-pull.ts", decides: "when states are exchanged, with whom, and what is refused" },
    { path: "random-choice.ts", decides: "whom chance picks" },
    { path: "reaper.ts", decides: "when the dead are forgotten" },
    { path: "refutation.ts", decides: "the incarnation that outlives an accusation" },
    { path: "repetitions.ts", decides: "which news heard again is passed over, noted or told on" },
    { path: "report-limit.ts", decides: "how many reports a stranger can cause" },
    { path: "shared-encodings.ts", decides: "whose bytes these are, and whether they still hold" },
    { path: "spread-ring.ts", decides: "a walk that comes to everybody" },
    { path: "suspicion.ts", decides: "how long a suspect may refute" },
    { path: "suspicion-table.ts", decides: "which confirmations count" },
    { path: "timer-table.ts", decides: "which deadline is next" },
    { path: "token-bucket.ts", decides: "how much a stranger may cost" },
    { path: "told-state.ts", decides: "what is told of whom in an exchange" },
    { path: "user-share.ts", decides: "how much of a packet the layer above may have" },
    { path: "version-agreement.ts", decides: "which protocol versions understand each other" },
  ],
  leftOut: [
    ".sim.test.ts",
    // Stories of whole clusters as well: they reach nearly everything, and take seconds.
    "cluster.test.ts",
    "node/",
    "wire/",
    "hostile-input.property.test.ts",
    "public-api.test.ts",
  ],
};

const serf: MutationTarget = {
  name: "serf",
  files: [
    { path: "coalesce/coalesce-chain.ts", decides: "which coalescer an event passes through" },
    { path: "coalesce/coalescer.ts", decides: "when a burst is over" },
    { path: "coalesce/member-coalescer.ts", decides: "what a burst of member events comes to" },
    { path: "coalesce/user-event-coalescer.ts", decides: "which of several user events is told" },
    { path: "dedup-window.ts", decides: "what was heard before" },
    { path: "departure.ts", decides: "the steps of leaving" },
    { path: "flap-damping.ts", decides: "whose return is held back" },
    { path: "intent-buffer.ts", decides: "which intent waits for its member" },
    { path: "lamport-clock.ts", decides: "before and after" },
    { path: "member-registry.ts", decides: "status, failed and left lists" },
    { path: "membership.ts", decides: "what joins, leaves and failures make of a member" },
    { path: "name-conflict.ts", decides: "which of two members of one name goes" },
    { path: "push-pull-state.ts", decides: "what a whole state changes" },
    { path: "query.ts", decides: "which answers count, and when a query ends" },
    { path: "query-filter.ts", decides: "whom a query asks" },
    { path: "reaper.ts", decides: "when a member is erased" },
    { path: "reconnector.ts", decides: "whom to try to reach again" },
    { path: "rejoiner.ts", decides: "whom to rejoin after a restart" },
    { path: "snapshot/snapshot-state.ts", decides: "what a restart remembers" },
    { path: "user-event.ts", decides: "which events are sent, accepted, passed on" },
  ],
  leftOut: [
    ".sim.test.ts",
    "node/",
    "wire/",
    "hostile-input.property.test.ts",
    "public-api.test.ts",
  ],
};

/** Every package whose tests must show teeth. */
export const targets: readonly MutationTarget[] = [vivaldi, gossipBroadcast, swim, serf];
