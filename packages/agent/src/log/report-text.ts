/**
 * Puts what the protocol cores report into the log lines operators know and grep for.
 *
 * Source: agent specification §4 (recorded lines).
 */
import type { SerfReport } from "@x/serf";
import type { Endpoint, SwimReport } from "@x/swim";
import { joinHostPort } from "../config/host-port.ts";
import type { LogComponent } from "./log-line.ts";

/** One line to be, and who says it. */
export interface ReportText {
  readonly component: LogComponent;
  readonly text: string;
}

function at(endpoint: Endpoint): string {
  return joinHostPort(endpoint.address, endpoint.port);
}

const changeWords = {
  join: "Join",
  leave: "Leave",
  failed: "Failed",
  update: "Update",
  reap: "Reap",
} as const;

const receivedWords = {
  leave: "Leave",
  join: "Join",
  "user-event": "UserEvent",
  query: "Query",
  "query-response": "QueryResponse",
  relay: "Relay",
} as const;

const keyWords = {
  install: "key installation",
  use: "primary key change",
  remove: "key removal",
  list: "key listing",
} as const;

const leaveTimeoutTexts = {
  snapshot: "timeout while writing the leave to the snapshot",
  intent: "timeout while waiting for graceful leave",
  membership: "timeout waiting for leave broadcast",
} as const;

/** Kinds only Serf reports. The two kinds both layers have are told apart by a field. */
const serfKinds: ReadonlySet<string> = new Set<SerfReport["kind"]>([
  "member-changed",
  "member-flapped",
  "flap-held",
  "message-received",
  "message-rejected",
  "remote-state-rejected",
  "leave-refuted",
  "leaving-recovered",
  "intent-buffer-full",
  "reconnect-attempted",
  "reconnected",
  "rejoin-attempted",
  "rejoined",
  "rejoin-failed",
  "leave-timed-out",
  "shutdown-without-leave",
  "name-conflict-voted",
  "queue-deep",
  "queue-pruned",
  "response-dropped",
  "query-reasked",
  "answer-repeated",
  "answer-failed",
  "relay-refused",
  "internal-query-unknown",
  "key-operation",
  "coordinate-rejected",
  "shut-down",
]);

/** Whether the report is of the membership layer. */
export function isSwimReport(report: SerfReport | SwimReport): report is SwimReport {
  if (report.kind === "name-conflict") return !("isOwn" in report);
  if (report.kind === "broadcast-too-large") return !("queue" in report);
  return !serfKinds.has(report.kind);
}

/** Who a swim report is about and what happened, as `memberlist:` lines. */
export function swimReportText(report: SwimReport): string {
  switch (report.kind) {
    case "probe-failed":
      return `Suspect ${report.name} has failed, no acks received`;
    case "probe-send-failed":
      return `Failed to send ping to ${report.name}: ${report.message}`;
    case "udp-unreachable":
      return `Was able to connect to ${report.name} over TCP but UDP probes failed, network may be misconfigured`;
    case "suspicion-timed-out":
      return `Marking ${report.name} as failed, suspect timeout reached (${report.confirmationCount} peer confirmations)`;
    case "refuting":
      return report.from === ""
        ? `Refuting an ${report.claim} message`
        : `Refuting a ${report.claim} message (from: ${report.from})`;
    case "incarnation-exhausted":
      return "The own incarnation has reached its end: restart this member under another name";
    case "health-changed":
      return `Local health score went from ${report.previous} to ${report.score}`;
    case "nacks-missing":
      return `${report.missingCount} relays did not answer while probing ${report.name}`;
    case "push-pull-started":
      return `Initiating push/pull sync with: ${report.name} ${at(report.endpoint)}`;
    case "push-pull-failed":
      return `Push/Pull with ${report.name || at(report.endpoint)} failed: ${report.message}`;
    case "push-pull-merged":
      return `Merged the state of ${report.memberCount} members from ${at(report.endpoint)}`;
    case "version-mismatch":
      return `Protocol versions of ${report.name} from ${at(report.endpoint)} do not fit: ${report.message}`;
    case "members-refused":
      return `Left ${report.count} impossible members out of the state from ${at(report.endpoint)}`;
    case "merge-vetoed":
      return `Cluster merge with ${at(report.endpoint)} cancelled: ${report.reason}`;
    case "stream-accepted":
      return `Stream connection from=${at(report.remote)}`;
    case "stream-rejected":
      return `Closed the stream from=${at(report.remote)}: ${report.message}`;
    case "packet-rejected":
      return `Dropped a packet from=${at(report.source)}: ${report.message}`;
    case "ping-misaddressed":
      return `Got ping for unexpected node '${report.name}' from=${at(report.source)}`;
    case "answer-unexpected":
      return `Got an answer nobody waits for from=${at(report.source)} (${report.reason})`;
    case "answer-withheld":
      return `Did not answer from=${at(report.source)} (${report.reason})`;
    case "inbound-queue-full":
      return `Handler queue full, dropping message (${report.messageKind}) from=${at(report.source)}`;
    case "claim-refused":
      return `Refused a claim about ${report.name}: ${report.message}`;
    default:
      return rareSwimReportText(report);
  }
}

type RareSwimReport = Extract<
  SwimReport,
  {
    kind:
      | "name-conflict"
      | "address-changed"
      | "broadcast-too-large"
      | "broadcast-queue-full"
      | "member-reaped"
      | "lost-member-tried"
      | "reports-suppressed"
      | "datagram-failed"
      | "user-stream-failed";
  }
>;

function rareSwimReportText(report: RareSwimReport): string {
  switch (report.kind) {
    case "name-conflict":
      return `Conflicting address for ${report.name}. Mine: ${at(report.existing)} Theirs: ${at(report.other)}`;
    case "address-changed":
      return `Updating address for left or failed node ${report.name} from ${at(report.previous)} to ${at(report.current)}`;
    case "broadcast-too-large":
      return `Dropped a broadcast of ${report.bytes} bytes where ${report.limitBytes} were left`;
    case "broadcast-queue-full":
      return `Broadcast queue full, dropped ${report.droppedCount} of the most transmitted`;
    case "member-reaped":
      return `Forgot ${report.name}`;
    case "lost-member-tried":
      return `Trying lost member ${report.name} at ${at(report.endpoint)}`;
    case "reports-suppressed":
      return `Held back ${report.count} more reports of ${report.of}`;
    case "datagram-failed":
      return `Failed to send UDP message to ${at(report.target)}: ${report.message}`;
    case "user-stream-failed":
      return `Failed to send user message to ${at(report.endpoint)}: ${report.message}`;
  }
}

/** What happened in Serf, as `serf:` lines. */
export function serfReportText(report: SerfReport): string {
  switch (report.kind) {
    case "member-changed": {
      const word = `EventMember${changeWords[report.change]}${report.isForced ? " (forced)" : ""}`;
      const { name, endpoint } = report.member;
      const hasAddress =
        report.isForced || (report.change !== "update" && report.change !== "reap");
      return hasAddress ? `${word}: ${name} ${endpoint.address}` : `${word}: ${name}`;
    }
    case "member-flapped":
      return `${report.member.name} is back soon after it failed: its network may be unstable`;
    case "flap-held":
      return `${report.member.name} has failed ${report.failureCount} times in a row: it counts as failed until it has been well for ${Math.round(report.stableMs / 1000)}s`;
    case "message-received":
      return `message${receivedWords[report.messageKind]}Type: ${report.subject}`;
    case "message-rejected":
      return `Dropped a message (${report.code}): ${report.message}`;
    case "remote-state-rejected":
      return `Dropped a remote state: ${report.message}`;
    case "leave-refuted":
      return "Refuting an older leave intent";
    case "leaving-recovered":
      return `${report.member.name} did not leave and counts as alive again`;
    case "intent-buffer-full":
      return `Too many intents of unknown members, dropped one of ${report.name}`;
    case "reconnect-attempted":
      return `attempting reconnect to ${report.name} ${at(report.endpoint)}`;
    case "reconnected":
      return `Reconnected to ${report.name} ${at(report.endpoint)}`;
    case "rejoin-attempted":
      return `Attempting re-join to previously known node: ${report.name}: ${report.address}`;
    case "rejoined":
      return `Re-joined to previously known node: ${report.name}: ${report.address}`;
    case "rejoin-failed":
      return `Failed to re-join any previously known node (${report.triedCount} tried), trying again in ${Math.round(report.retryInMs / 1000)}s`;
    case "leave-timed-out":
      return leaveTimeoutTexts[report.stage];
    case "shutdown-without-leave":
      return "Shutdown without a Leave";
    case "name-conflict":
      return report.isOwn
        ? `Node name conflicts with another node at ${at(report.other)}. Names must be unique! (Resolution enabled: ${report.isPutToVote})`
        : `Name conflict for '${report.name}' both ${at(report.existing)} and ${at(report.other)} are claiming`;
    case "name-conflict-voted":
      return report.hasWon
        ? `majority in name conflict resolution [${report.agreeingCount} / ${report.voteCount}]`
        : `minority in name conflict resolution, quitting [${report.agreeingCount} / ${report.voteCount}]`;
    default:
      return rareSerfReportText(report);
  }
}

type RareSerfReport = Extract<
  SerfReport,
  {
    kind:
      | "queue-deep"
      | "queue-pruned"
      | "broadcast-too-large"
      | "response-dropped"
      | "query-reasked"
      | "answer-repeated"
      | "answer-failed"
      | "relay-refused"
      | "internal-query-unknown"
      | "key-operation"
      | "coordinate-rejected"
      | "shut-down";
  }
>;

const queueWords = { intent: "Intent", event: "Event", query: "Query" } as const;

function rareSerfReportText(report: RareSerfReport): string {
  switch (report.kind) {
    case "queue-deep":
      return `${queueWords[report.queue]} queue depth: ${report.depth}`;
    case "queue-pruned":
      return `${queueWords[report.queue]} queue full, dropped ${report.droppedCount} messages`;
    case "broadcast-too-large":
      return `${queueWords[report.queue]} of ${report.bytes} bytes fits no packet and was dropped`;
    case "response-dropped":
      return `Dropped a response of ${report.from} to query ${report.lamportTime} (${report.reason})`;
    case "query-reasked":
      return `Asking ${report.memberCount} members again for an answer to '${report.name}'`;
    case "answer-repeated":
      return `Answered query ${report.id} again`;
    case "answer-failed":
      return `Failed to answer query '${report.query}': ${report.message}`;
    case "relay-refused":
      return `Refused to relay a message (${report.reason})`;
    case "internal-query-unknown":
      return `Unhandled internal query '${report.name}'`;
    case "key-operation":
      return report.failure === undefined
        ? `Received ${keyWords[report.operation]} query`
        : `Failed ${keyWords[report.operation]}: ${report.failure}`;
    case "coordinate-rejected":
      return `Rejected coordinate from ${report.name}: ${report.message}`;
    case "shut-down":
      return `Stopped (${report.reason})`;
  }
}
