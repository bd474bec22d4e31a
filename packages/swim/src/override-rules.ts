/**
 * Which claim about a member wins.
 *
 * The heart of SWIM as tables of decisions without any effect: `membership.ts` carries them out.
 * Alive needs a strictly greater incarnation to beat anything, suspect and dead an equal or
 * greater one, and only the member itself raises its incarnation; so news may arrive in any order
 * and any number of times.
 *
 * Source: SWIM (Das, Gupta, Motivala 2002) §4.2; behaviour specification §3.1 to §3.4.
 */
import type { MemberState } from "./member.ts";

/** What the table holds about the member a claim is about. */
export interface Standing {
  readonly state: MemberState;
  readonly incarnation: number;
}

/** What there is to know beside the record for a claim that somebody is alive. */
export interface AliveCircumstances {
  readonly incarnation: number;
  readonly isSelf: boolean;
  /** Our own announcement. */
  readonly isBootstrap: boolean;
  /** Metadata and versions are byte for byte what the record has. */
  readonly isSameDescription: boolean;
  readonly isSameAddress: boolean;
  /** Dead for longer than the time after which a name is free. */
  readonly isReclaimable: boolean;
}

export type AliveVerdict =
  /** Old news. */
  | "stale"
  /** Our own announcement coming back. */
  | "echo"
  /** Somebody else speaks in our name: announce a greater incarnation. */
  | "refute"
  /** The name is taken by another address. */
  | "conflict"
  /** Take over everything the claim says. */
  | "accept";

/** Decides a claim that a *known* member is alive. An unknown one is created. */
export function judgeAlive(standing: Standing, claim: AliveCircumstances): AliveVerdict {
  const mayMove = standing.state === "left" || (standing.state === "dead" && claim.isReclaimable);
  if (!claim.isSameAddress && !mayMove) return "conflict";
  const isReplacement = !claim.isSameAddress;
  if (claim.isSelf) {
    if (claim.incarnation < standing.incarnation) return "stale";
    if (claim.isBootstrap) return "accept";
    const isEcho = claim.incarnation === standing.incarnation && claim.isSameDescription;
    return isEcho ? "echo" : "refute";
  }
  return !isReplacement && claim.incarnation <= standing.incarnation ? "stale" : "accept";
}

export interface SuspectCircumstances {
  readonly incarnation: number;
  readonly isSelf: boolean;
  /** A suspicion of this member is under way. */
  readonly isSuspicionRunning: boolean;
}

export type SuspectVerdict = "stale" | "confirm" | "refute" | "accept";

/** Decides an accusation. `undefined` = the member is unknown. */
export function judgeSuspect(
  standing: Standing | undefined,
  claim: SuspectCircumstances,
): SuspectVerdict {
  if (standing === undefined || claim.incarnation < standing.incarnation) return "stale";
  if (claim.isSuspicionRunning) return "confirm";
  if (standing.state !== "alive") return "stale";
  return claim.isSelf ? "refute" : "accept";
}

export interface DeadCircumstances {
  readonly incarnation: number;
  readonly isSelf: boolean;
  /** We have announced to leave. */
  readonly isLeaving: boolean;
  /** The member says so itself: the only mark of a graceful departure. */
  readonly isOwnWord: boolean;
}

export type DeadVerdict = "stale" | "refute" | "dead" | "left";

/** Decides a claim that a member is dead, or has left. `undefined` = the member is unknown. */
export function judgeDead(standing: Standing | undefined, claim: DeadCircumstances): DeadVerdict {
  if (standing === undefined || claim.incarnation < standing.incarnation) return "stale";
  if (standing.state === "dead" || standing.state === "left") return "stale";
  if (claim.isSelf && !claim.isLeaving) return "refute";
  return claim.isOwnWord ? "left" : "dead";
}
