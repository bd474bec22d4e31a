/**
 * Facts for the operator: what the log prints and the counters count.
 *
 * A report is never an instruction, and no behaviour depends on one. Each says how loud it is by
 * its kind; `swimReportLevel` gives the level the reference logs the same fact with. Received text
 * inside a report is bounded, but not made safe for a terminal: the printer escapes it.
 *
 * Source: behaviour specification §3, §5, §8, §14.
 */
import type { Endpoint } from "./protocol-core.ts";
import type { WireErrorCode } from "./wire/index.ts";

/** Why a claim about a member was not believed. */
export type ClaimRefusal =
  /** Vsn with impossible numbers: a minimum or maximum of 0, or minimum above maximum. */
  | "invalid-versions"
  /** No versions at all: such a record would block push/pull for everybody. */
  | "missing-versions"
  /** Incarnation 0, which no member announces. */
  | "incarnation-zero"
  /** Further above the known incarnation than `incarnationJumpLimit`. */
  | "incarnation-jump"
  /** Not 4 or 16 bytes, or an address nobody can live at. */
  | "invalid-address"
  | "invalid-name"
  | "meta-too-large"
  /** Outside `allowedNetworks`. */
  | "network-not-allowed"
  /** `memberLimit` records are held. */
  | "table-full"
  /** `vetoAlive` of the layer above said no. */
  | "vetoed";

/** Why something could not be sent to, or fetched from, one member over a stream. */
export type ExchangeFailureCode =
  | "refused"
  | "timed-out"
  | "unreachable"
  | "reset"
  | "aborted"
  /** The bytes were no message. */
  | "malformed"
  /** The other side closed without an answer. */
  | "closed"
  /** The other side answered with an error message. */
  | "remote-error"
  | "version-mismatch"
  | "merge-vetoed"
  | "name-required"
  | "shut-down";

export type SwimReport =
  /** "Suspect bar has failed, no acks received". */
  | { readonly kind: "probe-failed"; readonly name: string; readonly endpoint: Endpoint }
  /** A ping could not be sent; the round went on with indirect probing. */
  | { readonly kind: "probe-send-failed"; readonly name: string; readonly message: string }
  /** UDP is broken, TCP works: the network may be misconfigured. */
  | { readonly kind: "udp-unreachable"; readonly name: string; readonly endpoint: Endpoint }
  /** "Marking bar as failed, suspect timeout reached (2 peer confirmations)". */
  | {
      readonly kind: "suspicion-timed-out";
      readonly name: string;
      readonly confirmationCount: number;
    }
  /** "Refuting a dead message (from: foo)"; `from` is empty for a foreign alive. */
  | {
      readonly kind: "refuting";
      readonly claim: "suspect" | "dead" | "alive";
      readonly from: string;
      readonly incarnation: number;
    }
  /** The own incarnation reached its end: nobody can be convinced any more. */
  | { readonly kind: "incarnation-exhausted" }
  | { readonly kind: "health-changed"; readonly score: number; readonly previous: number }
  /** A probe of another member that missed its relays' nacks. */
  | { readonly kind: "nacks-missing"; readonly name: string; readonly missingCount: number }
  /** "Initiating push/pull sync with: bar 127.0.0.1:21001". The name is empty for a bare address. */
  | {
      readonly kind: "push-pull-started";
      readonly name: string;
      readonly endpoint: Endpoint;
      readonly isJoin: boolean;
    }
  | {
      readonly kind: "push-pull-failed";
      readonly name: string;
      readonly endpoint: Endpoint;
      readonly code: ExchangeFailureCode;
      readonly message: string;
    }
  /** A push/pull was merged. */
  | {
      readonly kind: "push-pull-merged";
      readonly endpoint: Endpoint;
      readonly memberCount: number;
      readonly isJoin: boolean;
    }
  /** A remote list, or one record of it, does not fit the protocol versions of the cluster. */
  | {
      readonly kind: "version-mismatch";
      readonly endpoint: Endpoint;
      readonly name: string;
      /** The whole exchange was refused, or only this record left out. */
      readonly scope: "exchange" | "record";
      readonly message: string;
    }
  /** Members of a received state that no member can be: left out, the others were taken. */
  | { readonly kind: "members-refused"; readonly endpoint: Endpoint; readonly count: number }
  | { readonly kind: "merge-vetoed"; readonly endpoint: Endpoint; readonly reason: string }
  /** "Stream connection from=127.0.0.1:53016". */
  | { readonly kind: "stream-accepted"; readonly remote: Endpoint }
  /** Closed because of what it carried, or because of a limit. */
  | {
      readonly kind: "stream-rejected";
      readonly remote: Endpoint;
      readonly code: WireErrorCode | "limit-reached" | "not-allowed" | "timed-out" | "wrong-name";
      readonly message: string;
    }
  | {
      readonly kind: "packet-rejected";
      readonly source: Endpoint;
      readonly code: WireErrorCode | "not-allowed";
      readonly message: string;
    }
  /** A ping meant for another name. */
  | { readonly kind: "ping-misaddressed"; readonly source: Endpoint; readonly name: string }
  /** An ack or nack nobody waits for, or from an address that was not asked. */
  | {
      readonly kind: "answer-unexpected";
      readonly source: Endpoint;
      readonly reason: "unknown" | "wrong-source";
    }
  /** An answer to, or a ping on behalf of, a stranger was not sent. */
  | {
      readonly kind: "answer-withheld";
      readonly source: Endpoint;
      readonly reason: "rate-limited" | "relay-limit" | "name-required";
    }
  | {
      readonly kind: "inbound-queue-full";
      readonly source: Endpoint;
      readonly messageKind: "alive" | "suspect" | "dead" | "user";
    }
  | {
      readonly kind: "claim-refused";
      readonly name: string;
      readonly source: Endpoint | undefined;
      readonly reason: ClaimRefusal;
      readonly message: string;
    }
  | {
      readonly kind: "name-conflict";
      readonly name: string;
      readonly existing: Endpoint;
      readonly other: Endpoint;
    }
  /** A dead or left member's name now belongs to another address. */
  | {
      readonly kind: "address-changed";
      readonly name: string;
      readonly previous: Endpoint;
      readonly current: Endpoint;
    }
  /** Broadcasts of the layer above that exceed what was offered. */
  | { readonly kind: "broadcast-too-large"; readonly bytes: number; readonly limitBytes: number }
  /** The rumour queue was cut back to `broadcastQueueLimit`. */
  | { readonly kind: "broadcast-queue-full"; readonly droppedCount: number }
  /** Dead or left long enough: the record is gone. */
  | { readonly kind: "member-reaped"; readonly name: string }
  /** A reaped member is tried again. */
  | { readonly kind: "lost-member-tried"; readonly name: string; readonly endpoint: Endpoint }
  /** So many reports of a kind were held back: the network provoked too many. */
  | { readonly kind: "reports-suppressed"; readonly of: string; readonly count: number }
  /** A datagram the operating system refused. */
  | { readonly kind: "datagram-failed"; readonly target: Endpoint; readonly message: string }
  /** A user message on a stream could not be delivered. */
  | {
      readonly kind: "user-stream-failed";
      readonly endpoint: Endpoint;
      readonly code: ExchangeFailureCode;
      readonly message: string;
    };

/** Levels of the reference's log. */
export type ReportLevel = "debug" | "info" | "warn" | "error";

const LEVELS: Readonly<Record<SwimReport["kind"], ReportLevel>> = {
  "probe-failed": "info",
  "probe-send-failed": "error",
  "udp-unreachable": "warn",
  "suspicion-timed-out": "info",
  refuting: "warn",
  "incarnation-exhausted": "error",
  "health-changed": "debug",
  "nacks-missing": "debug",
  "push-pull-started": "debug",
  "push-pull-failed": "error",
  "push-pull-merged": "debug",
  "version-mismatch": "error",
  "members-refused": "warn",
  "merge-vetoed": "error",
  "stream-accepted": "debug",
  "stream-rejected": "error",
  "packet-rejected": "error",
  "ping-misaddressed": "warn",
  "answer-unexpected": "debug",
  "answer-withheld": "warn",
  "inbound-queue-full": "warn",
  "claim-refused": "warn",
  "name-conflict": "error",
  "address-changed": "info",
  "broadcast-too-large": "error",
  "broadcast-queue-full": "warn",
  "member-reaped": "debug",
  "lost-member-tried": "debug",
  "reports-suppressed": "warn",
  "datagram-failed": "warn",
  "user-stream-failed": "error",
};

/** How loud a report is. */
export function swimReportLevel(report: SwimReport): ReportLevel {
  return LEVELS[report.kind];
}
