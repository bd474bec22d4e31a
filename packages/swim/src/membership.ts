/**
 * Carries out what `override-rules.ts` decides: the only writer of the member table.
 *
 * Each claim ends in at most one change of a row, one timer, one rumour and one event, and all of
 * them are complete before the layer above hears of it.
 *
 * Source: behaviour specification §3.
 */
import { Admission, hasAllVersions, type Refusal } from "./admission.ts";
import type { CoreContext } from "./core-context.ts";
import type { Dissemination } from "./dissemination.ts";
import type { MemberDescription, NameKey } from "./member-record.ts";
import { judgeAlive, judgeDead, judgeSuspect, type Standing } from "./override-rules.ts";
import type { ProbeOrder } from "./probe-order.ts";
import type { Endpoint } from "./protocol-core.ts";
import { Incarnation } from "./refutation.ts";
import { Repetitions } from "./repetitions.ts";
import { describeSelf, pictureOf } from "./self-description.ts";
import { SuspicionTable, type SuspectLooks } from "./suspicion-table.ts";
import type { SwimEvent } from "./swim-event.ts";
import { TokenBucket } from "./token-bucket.ts";
import {
  encodeMessage,
  type AliveMessage,
  type DeadMessage,
  type SuspectMessage,
} from "./wire/index.ts";

/** Accusations per second sent to members that seem to have restarted. */
const REMINDERS_PER_SECOND = 20;

/** Where a claim came from. */
export interface ClaimOrigin {
  /** Type byte and body as received; left out when the claim was made here. */
  readonly encoded?: Uint8Array;
  readonly source?: Endpoint;
  /**
   * We are new and alone, and this is what a member of the cluster told us: the others know it.
   *
   * Deviation: a joiner of the reference tells everybody all it has learned, so that in a large
   * cluster its own arrival waits behind thousands of old stories.
   */
  readonly isOldNews?: boolean;
}

/** The member table with its rules. */
export class Membership {
  readonly #context: CoreContext;
  readonly #dissemination: Dissemination;
  readonly #order: ProbeOrder;
  readonly #admission: Admission;
  readonly #incarnation = new Incarnation();
  readonly #suspicions: SuspicionTable;
  readonly #looks: () => SuspectLooks;
  readonly #reminderTokens = new TokenBucket(REMINDERS_PER_SECOND);
  readonly repetitions: Repetitions;
  #isLeaving = false;

  /** @param looks - who looks at suspects; not asked before the first suspicion. */
  constructor(
    context: CoreContext,
    dissemination: Dissemination,
    order: ProbeOrder,
    looks: () => SuspectLooks,
  ) {
    this.#looks = looks;
    this.#context = context;
    this.#dissemination = dissemination;
    this.#order = order;
    this.#admission = new Admission(context.options);
    this.repetitions = new Repetitions(context, dissemination);
    this.#suspicions = new SuspicionTable(context, looks, (row, nowMs) => {
      const { incarnation, node } = this.accusation(row);
      this.handleDead({ kind: "dead", incarnation, node, from: context.options.name }, {}, nowMs);
    });
  }

  /** Between `leave` and the next `join`. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Whether packets and members from this address are wanted. */
  allowsAddress(address: Uint8Array): boolean {
    return this.#admission.allowsAddress(address);
  }

  /** Announces ourselves: at start, with new metadata, or back after a leave. */
  announceSelf(meta: Uint8Array, nowMs: number, finished?: () => void): void {
    const { options } = this.#context;
    const self = describeSelf(options, meta);
    this.#isLeaving = false;
    const claim: AliveMessage = {
      kind: "alive",
      incarnation: this.#incarnation.advance(),
      node: options.name,
      ...self,
    };
    const row = this.#context.table.find(options.name) ?? this.#add(options.name, self);
    this.#accept(row, claim, { ...(finished && { finished }) }, nowMs);
  }

  /** Says farewell; `finished` when it has been told often enough. */
  announceLeave(nowMs: number, finished: () => void): void {
    const { name } = this.#context.options;
    this.#isLeaving = true;
    const incarnation = this.#incarnation.current;
    this.handleDead({ kind: "dead", incarnation, node: name, from: name }, {}, nowMs, finished);
  }

  handleAlive(claim: AliveMessage, origin: ClaimOrigin, nowMs: number): void {
    const { delegate, options, table } = this.#context;
    const isSelf = claim.node === options.name;
    if (isSelf && this.#isLeaving) return;
    const known = table.find(claim.node);
    if (known !== undefined && this.repetitions.isPlain(known, claim)) {
      if (origin.encoded !== undefined && this.repetitions.hearAgain(known, claim, nowMs)) {
        this.#announce(known, claim, origin, nowMs);
        this.#dissemination.overhear(known, nowMs);
      }
      this.#remind(known, claim, nowMs);
      return;
    }
    const refusal =
      this.#admission.refuseAlive(claim) ??
      this.#refuseForUs(known, claim) ??
      refuseByVeto(delegate.vetoAlive?.(pictureOf(claim)));
    if (refusal !== undefined) return this.#reportRefusal(claim.node, refusal, origin);
    if (known === undefined) {
      return this.#accept(this.#add(claim.node, claim), claim, origin, nowMs);
    }
    this.#judgeKnown(known, claim, origin, nowMs);
  }

  handleSuspect(claim: SuspectMessage, origin: ClaimOrigin, nowMs: number): void {
    const { options, table } = this.#context;
    const row = table.find(claim.node);
    if (row === undefined || this.#isRefusedAccusation(row, claim, origin)) return;
    const { key } = table.record(row);
    const verdict = judgeSuspect(this.#standing(row), {
      incarnation: claim.incarnation,
      isSelf: claim.node === options.name,
      isSuspicionRunning: this.#suspicions.has(key),
    });
    if (verdict === "confirm") {
      if (this.#suspicions.confirm(key, claim.from)) this.#announce(row, claim, origin, nowMs);
    } else if (verdict === "refute") {
      this.#refute(row, claim.incarnation, { claim: "suspect", from: claim.from }, nowMs);
    } else if (verdict === "accept") {
      this.#announce(row, claim, origin, nowMs);
      table.setIncarnation(row, claim.incarnation);
      table.setState(row, "suspect", nowMs);
      this.#suspicions.start(key, claim.from, nowMs);
      const member = table.member(row);
      this.#publish({ kind: "member-suspected", member, accuser: claim.from }, nowMs);
      if (claim.from !== options.name) this.#looks().checkSuspect(row, claim.from, nowMs);
    }
  }

  handleDead(claim: DeadMessage, origin: ClaimOrigin, nowMs: number, finished?: () => void): void {
    const { options, table } = this.#context;
    const row = table.find(claim.node);
    if (row === undefined || this.#isRefusedAccusation(row, claim, origin)) return finished?.();
    const isSelf = claim.node === options.name;
    const verdict = judgeDead(this.#standing(row), {
      incarnation: claim.incarnation,
      isSelf,
      isLeaving: this.#isLeaving,
      isOwnWord: claim.from === claim.node,
    });
    if (verdict === "stale") return finished?.();
    this.#forgetSuspicion(row);
    if (verdict === "refute") {
      this.#refute(row, claim.incarnation, { claim: "dead", from: claim.from }, nowMs);
      return finished?.();
    }
    table.setIncarnation(row, claim.incarnation);
    table.setState(row, verdict, nowMs);
    this.#announce(row, claim, origin, nowMs, finished);
    this.#publish({ kind: "member-left", member: table.member(row) }, nowMs);
  }

  /** We found nobody listening where the suspect should be. */
  noteRefusal(key: NameKey): void {
    this.#suspicions.noteRefusal(key);
  }

  /** Takes a record out of everything. */
  remove(row: number): void {
    this.#forgetSuspicion(row);
    this.#order.remove(row);
    this.#context.table.remove(row);
  }

  /** An accusation for the buddy system, as this member would make it or as another one did. */
  accusation(row: number, from: string = this.#context.options.name): SuspectMessage {
    const { table } = this.#context;
    const incarnation = table.incarnation(row);
    return { kind: "suspect", incarnation, node: table.record(row).name, from };
  }

  #judgeKnown(row: number, claim: AliveMessage, origin: ClaimOrigin, nowMs: number): void {
    const { options, table } = this.#context;
    const record = table.record(row);
    const deadMs = nowMs - table.changedMs(row);
    const verdict = judgeAlive(this.#standing(row), {
      incarnation: claim.incarnation,
      isSelf: claim.node === options.name,
      isBootstrap: false,
      isSameDescription: record.hasMeta(claim.meta) && record.hasVersions(claim.versions),
      isSameAddress: record.port === claim.port && record.hasAddress(claim.address),
      isReclaimable: options.deadReclaimMs > 0 && deadMs > options.deadReclaimMs,
    });
    switch (verdict) {
      case "stale":
        return this.#remind(row, claim, nowMs);
      case "echo":
        return;
      case "conflict":
        return this.#reportConflict(row, claim, nowMs);
      case "refute":
        this.#forgetSuspicion(row);
        return this.#refute(row, claim.incarnation, { claim: "alive", from: "" }, nowMs);
      case "accept":
        return this.#accept(row, claim, origin, nowMs);
    }
  }

  /** Step 4 and 5 of the specification: what depends on whether the name is known. */
  #refuseForUs(known: number | undefined, claim: AliveMessage): Refusal | undefined {
    const { options, table } = this.#context;
    if (known !== undefined) {
      const record = table.record(known);
      const hasMoved = record.port !== claim.port || !record.hasAddress(claim.address);
      return hasMoved ? this.#admission.refuseNetwork(claim.address) : undefined;
    }
    if (!hasAllVersions(claim.versions)) {
      return { reason: "missing-versions", message: "an unknown member without versions" };
    }
    if (table.size >= options.memberLimit) {
      return { reason: "table-full", message: `${table.size} records are held` };
    }
    return this.#admission.refuseNetwork(claim.address);
  }

  #isRefusedAccusation(
    row: number,
    claim: SuspectMessage | DeadMessage,
    origin: ClaimOrigin,
  ): boolean {
    const known = this.#context.table.incarnation(row);
    const refusal = this.#admission.refuseAccusation(claim.incarnation, known);
    if (refusal === undefined) return false;
    this.#reportRefusal(claim.node, refusal, origin);
    return true;
  }

  #add(name: string, description: MemberDescription): number {
    this.#order.add();
    return this.#context.table.add(name, description);
  }

  #accept(
    row: number,
    claim: AliveMessage,
    origin: ClaimOrigin & { readonly finished?: () => void },
    nowMs: number,
  ): void {
    const { outbox, table } = this.#context;
    // Nearly all of a mass join are strangers, just added: nothing was known of them.
    const previous = table.changedMs(row) === -Infinity ? undefined : table.member(row);
    if (previous !== undefined) this.#forgetSuspicion(row);
    const record = table.record(row);
    const isMetaChanged = !record.hasMeta(claim.meta);
    const hasVersions = hasAllVersions(claim.versions);
    // A record without versions would block push/pull with reference members: keep the old ones.
    const told = hasVersions ? claim : { ...claim, versions: record.versionBytes };
    table.describe(row, told);
    table.setIncarnation(row, claim.incarnation);
    if (previous?.state !== "alive") table.setState(row, "alive", nowMs);
    table.noteUntold(row, origin.isOldNews === true);
    if (origin.isOldNews !== true)
      this.#announce(row, told, hasVersions ? origin : {}, nowMs, origin.finished);

    const member = table.member(row);
    if (previous === undefined) return this.#publish({ kind: "member-joined", member }, nowMs);
    if (!isSameEndpoint(previous.endpoint, member.endpoint)) {
      const ends = { previous: previous.endpoint, current: member.endpoint };
      outbox.report({ kind: "address-changed", name: member.name, ...ends });
    }
    if (previous.state === "dead" || previous.state === "left") {
      return this.#publish({ kind: "member-joined", member }, nowMs);
    }
    if (previous.state === "suspect") this.#publish({ kind: "suspicion-refuted", member }, nowMs);
    if (isMetaChanged) this.#publish({ kind: "member-updated", member, previous }, nowMs);
  }

  #refute(
    row: number,
    accused: number,
    about: { readonly claim: "suspect" | "dead" | "alive"; readonly from: string },
    nowMs: number,
  ): void {
    const { health, outbox, options, table } = this.#context;
    const incarnation = this.#incarnation.refute(accused);
    if (incarnation === undefined) {
      outbox.report({ kind: "incarnation-exhausted" });
      return;
    }
    table.setIncarnation(row, incarnation);
    health.apply(1);
    outbox.report({ kind: "refuting", ...about, incarnation });
    const record = table.record(row);
    const self = describeSelf(options, record.meta);
    const refutation = { kind: "alive", incarnation, node: options.name, ...self } as const;
    this.#announce(row, refutation, {}, nowMs);
    this.#tellAccuser(about.from, refutation);
  }

  /**
   * Deviation: the reference leaves a refutation to gossip alone, which in a small cluster tells two
   * to four members once each: where those packets are lost, the accuser's timer runs out on a member
   * that refuted in time. Here the accuser hears it directly as well, even if it is held for dead.
   */
  #tellAccuser(accuser: string, refutation: AliveMessage): void {
    const { options, table } = this.#context;
    const row = table.find(accuser);
    if (row === undefined || accuser === options.name || table.state(row) === "left") return;
    this.#dissemination.sendExactly(table.record(row), [encodeMessage(refutation)]);
  }

  /**
   * Tells a member that seems to have restarted what we hold against it, so that it can refute.
   *
   * Deviation: the reference drops the stale claim silently, and in a mass restart nobody tells.
   */
  #remind(row: number, claim: AliveMessage, nowMs: number): void {
    const { options, table } = this.#context;
    if (table.isLive(row) || claim.node === options.name) return;
    if (!this.#reminderTokens.take(nowMs)) return;
    const from = table.state(row) === "left" ? claim.node : options.name;
    const incarnation = table.incarnation(row);
    const reminder = encodeMessage({ kind: "dead", incarnation, node: claim.node, from });
    this.#dissemination.sendExactly(table.record(row), [reminder]);
  }

  #forgetSuspicion(row: number): void {
    this.#suspicions.forget(this.#context.table.record(row).key);
  }

  #announce(
    row: number,
    claim: AliveMessage | SuspectMessage | DeadMessage,
    origin: ClaimOrigin,
    nowMs: number,
    finished?: () => void,
  ): void {
    // As they came: fields we do not know survive. Copied: one rumour shall not hold a packet.
    const { options, table } = this.#context;
    const { encoded } = origin;
    const payload = encoded ? table.claimBytes(row, claim, encoded) : encodeMessage(claim);
    const isOwn = claim.node === options.name;
    const announcement = { row, payload, isOwn, ...(finished && { finished }) };
    this.#dissemination.announce(announcement, nowMs);
  }

  #publish(event: SwimEvent, nowMs: number): void {
    this.#context.delegate.handleMemberEvent?.(event, nowMs);
    this.#context.outbox.emit(event);
  }

  #reportRefusal(name: string, refusal: Refusal, origin: ClaimOrigin): void {
    this.#context.outbox.report({ kind: "claim-refused", name, source: origin.source, ...refusal });
  }

  #reportConflict(row: number, claim: AliveMessage, nowMs: number): void {
    const { delegate, outbox, table } = this.#context;
    const existing = table.member(row);
    const other = pictureOf(claim);
    const ends = { existing: existing.endpoint, other: other.endpoint };
    outbox.report({ kind: "name-conflict", name: claim.node, ...ends });
    delegate.handleConflict?.(existing, other, nowMs);
  }

  #standing(row: number): Standing {
    const { table } = this.#context;
    return { state: table.state(row), incarnation: table.incarnation(row) };
  }
}

function refuseByVeto(reason: string | undefined): Refusal | undefined {
  return reason === undefined ? undefined : { reason: "vetoed", message: reason };
}

function isSameEndpoint(first: Endpoint, second: Endpoint): boolean {
  return first.address === second.address && first.port === second.port;
}
