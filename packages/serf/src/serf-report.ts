/**
 * Facts for the operator: what the log prints and the counters count.
 *
 * A report is never an instruction, and no behaviour depends on one. Received text inside a report
 * is bounded, but not made safe for a terminal: the printer escapes it.
 *
 * Source: Serf specification §3, §5, §6, §10, §11, §15, §16.
 */
import type { Endpoint, ReportLevel } from "@x/swim";
import type { Member } from "./member.ts";
import type { LamportTime } from "./serf-event.ts";
import type { WireErrorCode } from "@x/swim/wire";

/** One of the three broadcast queues; own leaves and force-leaves count as intents. */
export type QueueName = "intent" | "event" | "query";

/** What happened to a member, as the log says it. */
export type MemberChange = "join" | "leave" | "failed" | "update" | "reap";

/** Kinds of messages that arrive from other members. */
export type ReceivedKind = "leave" | "join" | "user-event" | "query" | "query-response" | "relay";

/** Everything a Serf tells its operator. Loudness: `serfReportLevel`. */
export type SerfReport =
  /** "EventMemberJoin: bar 127.0.0.1"; forced: by a force-leave. */
  | {
      readonly kind: "member-changed";
      readonly change: MemberChange;
      readonly member: Member;
      readonly isForced: boolean;
    }
  /** Failed and alive again within the flap timeout. */
  | { readonly kind: "member-flapped"; readonly member: Member }
  /** Alive again after several failures in a row: it stays failed until it was well for so long. */
  | {
      readonly kind: "flap-held";
      readonly member: Member;
      readonly failureCount: number;
      readonly stableMs: number;
    }
  /** "messageJoinType: baz"; the subject is a member, an event or a query name. */
  | {
      readonly kind: "message-received";
      readonly messageKind: ReceivedKind;
      readonly subject: string;
    }
  | {
      readonly kind: "message-rejected";
      readonly code: WireErrorCode | "clock-jump" | "window-full";
      readonly message: string;
    }
  /** The state another member sent in a push/pull was not understood. */
  | { readonly kind: "remote-state-rejected"; readonly message: string }
  /** "Refuting an older leave intent" about this member. */
  | { readonly kind: "leave-refuted"; readonly lamportTime: LamportTime }
  /** A member said to be leaving did not leave: it counts as alive again. */
  | { readonly kind: "leaving-recovered"; readonly member: Member }
  | { readonly kind: "intent-buffer-full"; readonly name: string }
  /** "attempting reconnect to bar 127.0.0.1:21001". */
  | { readonly kind: "reconnect-attempted"; readonly name: string; readonly endpoint: Endpoint }
  | { readonly kind: "reconnected"; readonly name: string; readonly endpoint: Endpoint }
  /** "Attempting re-join to previously known node: bar: 127.0.0.1:21001". */
  | { readonly kind: "rejoin-attempted"; readonly name: string; readonly address: string }
  /** "Re-joined to previously known node: bar: 127.0.0.1:21001". */
  | { readonly kind: "rejoined"; readonly name: string; readonly address: string }
  /** "Failed to re-join any previously known node"; it goes on after the wait. */
  | {
      readonly kind: "rejoin-failed";
      readonly triedCount: number;
      readonly retryInMs: number;
    }
  | { readonly kind: "leave-timed-out"; readonly stage: "snapshot" | "intent" | "membership" }
  /** "Shutdown without a Leave". */
  | { readonly kind: "shutdown-without-leave" }
  /** Somebody else uses a name that is taken. */
  | {
      readonly kind: "name-conflict";
      readonly name: string;
      readonly isOwn: boolean;
      /** Whether conflicts about the own name are settled by vote. */
      readonly isPutToVote: boolean;
      readonly existing: Endpoint;
      readonly other: Endpoint;
    }
  /** The vote about the own name is over; losing it shuts this member down. */
  | {
      readonly kind: "name-conflict-voted";
      readonly agreeingCount: number;
      readonly voteCount: number;
      readonly hasWon: boolean;
    }
  | { readonly kind: "queue-deep"; readonly queue: QueueName; readonly depth: number }
  | { readonly kind: "queue-pruned"; readonly queue: QueueName; readonly droppedCount: number }
  /** News that no packet of this member can carry. */
  | { readonly kind: "broadcast-too-large"; readonly queue: QueueName; readonly bytes: number }
  /** An answer nobody waits for, or no longer. */
  | {
      readonly kind: "response-dropped";
      readonly from: string;
      readonly lamportTime: LamportTime;
      readonly reason:
        "unknown-query" | "duplicate-ack" | "duplicate-response" | "limit-reached" | "ack-unwanted";
    }
  /** Members asked again for an answer that did not come. */
  | { readonly kind: "query-reasked"; readonly name: string; readonly memberCount: number }
  /** The same answer went out again, because the asker asked again. */
  | { readonly kind: "answer-repeated"; readonly id: number }
  | {
      readonly kind: "answer-failed";
      readonly query: string;
      readonly asker: Endpoint | undefined;
      readonly message: string;
    }
  | {
      readonly kind: "relay-refused";
      readonly reason: "not-an-answer" | "unknown-member" | "rate-limited" | "too-long";
    }
  | { readonly kind: "internal-query-unknown"; readonly name: string }
  /** A key operation asked for by some member was done here, or refused with a message. */
  | {
      readonly kind: "key-operation";
      readonly operation: "install" | "use" | "remove" | "list";
      readonly failure?: string;
    }
  | { readonly kind: "coordinate-rejected"; readonly name: string; readonly message: string }
  /** This member has stopped. */
  | { readonly kind: "shut-down"; readonly reason: "requested" | "name-conflict" };

const LEVELS: Readonly<Record<SerfReport["kind"], ReportLevel>> = {
  "member-changed": "info",
  "member-flapped": "info",
  "flap-held": "warn",
  "message-received": "debug",
  "message-rejected": "error",
  "remote-state-rejected": "error",
  "leave-refuted": "debug",
  "leaving-recovered": "info",
  "intent-buffer-full": "warn",
  "reconnect-attempted": "info",
  reconnected: "debug",
  "rejoin-attempted": "info",
  rejoined: "info",
  "rejoin-failed": "warn",
  "leave-timed-out": "warn",
  "shutdown-without-leave": "warn",
  "name-conflict": "warn",
  "name-conflict-voted": "info",
  "queue-deep": "warn",
  "queue-pruned": "warn",
  "broadcast-too-large": "error",
  "response-dropped": "debug",
  "query-reasked": "debug",
  "answer-repeated": "debug",
  "answer-failed": "error",
  "relay-refused": "warn",
  "internal-query-unknown": "warn",
  "key-operation": "info",
  "coordinate-rejected": "debug",
  "shut-down": "info",
};

/**
 * What a stranger can provoke as often as it likes: beyond a rate it is counted, not told.
 *
 * What counters count (messages received, responses dropped, coordinates rejected) is not among
 * them; it is for the debug log alone.
 */
export const provokedReports: ReadonlySet<SerfReport["kind"]> = new Set([
  "message-rejected",
  "remote-state-rejected",
  "leave-refuted",
  "intent-buffer-full",
  "name-conflict",
  "broadcast-too-large",
  "answer-repeated",
  "answer-failed",
  "relay-refused",
  "internal-query-unknown",
  "key-operation",
]);

/** How loud a report is, in the levels of the reference's log. */
export function serfReportLevel(report: SerfReport): ReportLevel {
  if (report.kind === "key-operation" && report.failure !== undefined) return "error";
  if (report.kind === "name-conflict" && report.isOwn) return "error";
  if (report.kind === "name-conflict-voted" && !report.hasWon) return "warn";
  return LEVELS[report.kind];
}
