import type { SerfReport } from "@x/serf";
import type { SwimReport } from "@x/swim";
import { describe, expect, it } from "vitest";
import { isSwimReport, serfReportText, swimReportText } from "../../src/log/report-text.ts";
import { member } from "../support/members.ts";

const bar = { address: "127.0.0.1", port: 21001 };
const other = { address: "fd00::1", port: 7946 };

/** One of each kind, so that a new kind without a line does not compile. */
const swimReports: { readonly [Kind in SwimReport["kind"]]: readonly [SwimReport, string] } = {
  "probe-failed": [
    { kind: "probe-failed", name: "bar", endpoint: bar },
    "Suspect bar has failed, no acks received",
  ],
  "probe-send-failed": [
    { kind: "probe-send-failed", name: "bar", message: "no route" },
    "Failed to send ping to bar: no route",
  ],
  "udp-unreachable": [
    { kind: "udp-unreachable", name: "bar", endpoint: bar },
    "Was able to connect to bar over TCP but UDP probes failed, network may be misconfigured",
  ],
  "suspicion-timed-out": [
    { kind: "suspicion-timed-out", name: "bar", confirmationCount: 0 },
    "Marking bar as failed, suspect timeout reached (0 peer confirmations)",
  ],
  refuting: [
    { kind: "refuting", claim: "dead", from: "foo", incarnation: 3 },
    "Refuting a dead message (from: foo)",
  ],
  "incarnation-exhausted": [
    { kind: "incarnation-exhausted" },
    "The own incarnation has reached its end: restart this member under another name",
  ],
  "health-changed": [
    { kind: "health-changed", score: 2, previous: 1 },
    "Local health score went from 1 to 2",
  ],
  "nacks-missing": [
    { kind: "nacks-missing", name: "bar", missingCount: 2 },
    "2 relays did not answer while probing bar",
  ],
  "push-pull-started": [
    { kind: "push-pull-started", name: "bar", endpoint: bar, isJoin: false },
    "Initiating push/pull sync with: bar 127.0.0.1:21001",
  ],
  "push-pull-failed": [
    { kind: "push-pull-failed", name: "", endpoint: other, code: "refused", message: "refused" },
    "Push/Pull with [fd00::1]:7946 failed: refused",
  ],
  "push-pull-merged": [
    { kind: "push-pull-merged", endpoint: bar, memberCount: 3, isJoin: true },
    "Merged the state of 3 members from 127.0.0.1:21001",
  ],
  "version-mismatch": [
    { kind: "version-mismatch", endpoint: bar, name: "x", scope: "record", message: "too new" },
    "Protocol versions of x from 127.0.0.1:21001 do not fit: too new",
  ],
  "members-refused": [
    { kind: "members-refused", endpoint: bar, count: 2 },
    "Left 2 impossible members out of the state from 127.0.0.1:21001",
  ],
  "merge-vetoed": [
    { kind: "merge-vetoed", endpoint: bar, reason: "no" },
    "Cluster merge with 127.0.0.1:21001 cancelled: no",
  ],
  "stream-accepted": [
    { kind: "stream-accepted", remote: { address: "127.0.0.1", port: 53016 } },
    "Stream connection from=127.0.0.1:53016",
  ],
  "stream-rejected": [
    { kind: "stream-rejected", remote: bar, code: "not-allowed", message: "not allowed" },
    "Closed the stream from=127.0.0.1:21001: not allowed",
  ],
  "packet-rejected": [
    { kind: "packet-rejected", source: bar, code: "not-allowed", message: "not allowed" },
    "Dropped a packet from=127.0.0.1:21001: not allowed",
  ],
  "ping-misaddressed": [
    { kind: "ping-misaddressed", source: bar, name: "x" },
    "Got ping for unexpected node 'x' from=127.0.0.1:21001",
  ],
  "answer-unexpected": [
    { kind: "answer-unexpected", source: bar, reason: "unknown" },
    "Got an answer nobody waits for from=127.0.0.1:21001 (unknown)",
  ],
  "answer-withheld": [
    { kind: "answer-withheld", source: bar, reason: "rate-limited" },
    "Did not answer from=127.0.0.1:21001 (rate-limited)",
  ],
  "inbound-queue-full": [
    { kind: "inbound-queue-full", source: bar, messageKind: "suspect" },
    "Handler queue full, dropping message (suspect) from=127.0.0.1:21001",
  ],
  "claim-refused": [
    { kind: "claim-refused", name: "x", source: bar, reason: "invalid-name", message: "bad name" },
    "Refused a claim about x: bad name",
  ],
  "name-conflict": [
    { kind: "name-conflict", name: "x", existing: bar, other },
    "Conflicting address for x. Mine: 127.0.0.1:21001 Theirs: [fd00::1]:7946",
  ],
  "address-changed": [
    { kind: "address-changed", name: "x", previous: bar, current: other },
    "Updating address for left or failed node x from 127.0.0.1:21001 to [fd00::1]:7946",
  ],
  "broadcast-too-large": [
    { kind: "broadcast-too-large", bytes: 9, limitBytes: 5 },
    "Dropped a broadcast of 9 bytes where 5 were left",
  ],
  "broadcast-queue-full": [
    { kind: "broadcast-queue-full", droppedCount: 4 },
    "Broadcast queue full, dropped 4 of the most transmitted",
  ],
  "member-reaped": [{ kind: "member-reaped", name: "x" }, "Forgot x"],
  "lost-member-tried": [
    { kind: "lost-member-tried", name: "x", endpoint: bar },
    "Trying lost member x at 127.0.0.1:21001",
  ],
  "reports-suppressed": [
    { kind: "reports-suppressed", of: "packet-rejected", count: 7 },
    "Held back 7 more reports of packet-rejected",
  ],
  "datagram-failed": [
    { kind: "datagram-failed", target: bar, message: "EPERM" },
    "Failed to send UDP message to 127.0.0.1:21001: EPERM",
  ],
  "user-stream-failed": [
    { kind: "user-stream-failed", endpoint: bar, code: "refused", message: "refused" },
    "Failed to send user message to 127.0.0.1:21001: refused",
  ],
};

const barMember = member({ name: "bar", endpoint: bar });

const serfReports: { readonly [Kind in SerfReport["kind"]]: readonly [SerfReport, string] } = {
  "member-changed": [
    { kind: "member-changed", change: "join", member: barMember, isForced: false },
    "EventMemberJoin: bar 127.0.0.1",
  ],
  "member-flapped": [
    { kind: "member-flapped", member: barMember },
    "bar is back soon after it failed: its network may be unstable",
  ],
  "flap-held": [
    { kind: "flap-held", member: barMember, failureCount: 3, stableMs: 30_000 },
    "bar has failed 3 times in a row: it counts as failed until it has been well for 30s",
  ],
  "message-received": [
    { kind: "message-received", messageKind: "join", subject: "baz" },
    "messageJoinType: baz",
  ],
  "message-rejected": [
    { kind: "message-rejected", code: "clock-jump", message: "too far" },
    "Dropped a message (clock-jump): too far",
  ],
  "remote-state-rejected": [
    { kind: "remote-state-rejected", message: "no map" },
    "Dropped a remote state: no map",
  ],
  "leave-refuted": [{ kind: "leave-refuted", lamportTime: 3n }, "Refuting an older leave intent"],
  "leaving-recovered": [
    { kind: "leaving-recovered", member: barMember },
    "bar did not leave and counts as alive again",
  ],
  "intent-buffer-full": [
    { kind: "intent-buffer-full", name: "x" },
    "Too many intents of unknown members, dropped one of x",
  ],
  "reconnect-attempted": [
    { kind: "reconnect-attempted", name: "bar", endpoint: bar },
    "attempting reconnect to bar 127.0.0.1:21001",
  ],
  reconnected: [
    { kind: "reconnected", name: "bar", endpoint: bar },
    "Reconnected to bar 127.0.0.1:21001",
  ],
  "rejoin-attempted": [
    { kind: "rejoin-attempted", name: "bar", address: "127.0.0.1:21001" },
    "Attempting re-join to previously known node: bar: 127.0.0.1:21001",
  ],
  rejoined: [
    { kind: "rejoined", name: "bar", address: "127.0.0.1:21001" },
    "Re-joined to previously known node: bar: 127.0.0.1:21001",
  ],
  "rejoin-failed": [
    { kind: "rejoin-failed", triedCount: 2, retryInMs: 30_000 },
    "Failed to re-join any previously known node (2 tried), trying again in 30s",
  ],
  "leave-timed-out": [
    { kind: "leave-timed-out", stage: "intent" },
    "timeout while waiting for graceful leave",
  ],
  "shutdown-without-leave": [{ kind: "shutdown-without-leave" }, "Shutdown without a Leave"],
  "name-conflict": [
    { kind: "name-conflict", name: "foo", isOwn: true, isPutToVote: true, existing: bar, other },
    "Node name conflicts with another node at [fd00::1]:7946. Names must be unique! (Resolution enabled: true)",
  ],
  "name-conflict-voted": [
    { kind: "name-conflict-voted", agreeingCount: 0, voteCount: 2, hasWon: false },
    "minority in name conflict resolution, quitting [0 / 2]",
  ],
  "queue-deep": [{ kind: "queue-deep", queue: "intent", depth: 200 }, "Intent queue depth: 200"],
  "queue-pruned": [
    { kind: "queue-pruned", queue: "event", droppedCount: 3 },
    "Event queue full, dropped 3 messages",
  ],
  "broadcast-too-large": [
    { kind: "broadcast-too-large", queue: "query", bytes: 2000 },
    "Query of 2000 bytes fits no packet and was dropped",
  ],
  "response-dropped": [
    { kind: "response-dropped", from: "bar", lamportTime: 3n, reason: "duplicate-ack" },
    "Dropped a response of bar to query 3 (duplicate-ack)",
  ],
  "query-reasked": [
    { kind: "query-reasked", name: "load", memberCount: 2 },
    "Asking 2 members again for an answer to 'load'",
  ],
  "answer-repeated": [{ kind: "answer-repeated", id: 5 }, "Answered query 5 again"],
  "answer-failed": [
    { kind: "answer-failed", query: "load", asker: bar, message: "late" },
    "Failed to answer query 'load': late",
  ],
  "relay-refused": [
    { kind: "relay-refused", reason: "unknown-member" },
    "Refused to relay a message (unknown-member)",
  ],
  "internal-query-unknown": [
    { kind: "internal-query-unknown", name: "_serf_x" },
    "Unhandled internal query '_serf_x'",
  ],
  "key-operation": [
    { kind: "key-operation", operation: "install" },
    "Received key installation query",
  ],
  "coordinate-rejected": [
    { kind: "coordinate-rejected", name: "bar", message: "NaN" },
    "Rejected coordinate from bar: NaN",
  ],
  "shut-down": [{ kind: "shut-down", reason: "requested" }, "Stopped (requested)"],
};

describe("swimReportText (agent specification §4)", () => {
  it.each(Object.entries(swimReports))("has a line for %s", (_, [report, text]) => {
    expect(isSwimReport(report)).toBe(true);
    expect(swimReportText(report)).toBe(text);
  });

  it("names nobody when a foreign alive is refuted", () => {
    const report = { kind: "refuting", claim: "alive", from: "", incarnation: 1 } as const;

    expect(swimReportText(report)).toBe("Refuting an alive message");
  });
});

describe("serfReportText (agent specification §4)", () => {
  it.each(Object.entries(serfReports))("has a line for %s", (_, [report, text]) => {
    expect(isSwimReport(report)).toBe(false);
    expect(serfReportText(report)).toBe(text);
  });

  it("says when a conflict about the own name is left to the operator", () => {
    const conflict = { kind: "name-conflict", name: "foo", isOwn: true, existing: bar } as const;

    expect(serfReportText({ ...conflict, other, isPutToVote: false })).toContain(
      "Names must be unique! (Resolution enabled: false)",
    );
  });

  it.each([
    ["snapshot", "timeout while writing the leave to the snapshot"],
    ["intent", "timeout while waiting for graceful leave"],
    ["membership", "timeout waiting for leave broadcast"],
  ] as const)("says that a leave waited too long for its %s", (stage, text) => {
    expect(serfReportText({ kind: "leave-timed-out", stage })).toBe(text);
  });

  it.each([
    ["leave", false, "EventMemberLeave: bar 127.0.0.1"],
    ["failed", false, "EventMemberFailed: bar 127.0.0.1"],
    ["update", false, "EventMemberUpdate: bar"],
    ["reap", false, "EventMemberReap: bar"],
    ["leave", true, "EventMemberLeave (forced): bar 127.0.0.1"],
    ["reap", true, "EventMemberReap (forced): bar 127.0.0.1"],
  ] as const)("writes a %s (forced: %s) as recorded", (change, isForced, text) => {
    const report = { kind: "member-changed", change, member: barMember, isForced } as const;

    expect(serfReportText(report)).toBe(text);
  });

  it.each([
    ["leave", "messageLeaveType: x"],
    ["user-event", "messageUserEventType: x"],
    ["query", "messageQueryType: x"],
    ["query-response", "messageQueryResponseType: x"],
  ] as const)("writes a received %s as recorded", (messageKind, text) => {
    expect(serfReportText({ kind: "message-received", messageKind, subject: "x" })).toBe(text);
  });
});
