/**
 * A decentralised cluster: members with tags, user events, queries, key rotation and network
 * coordinates, on the wire of HashiCorp Serf.
 *
 * This entry is the pure core, for simulators and for transports of your own; programs on Node.js
 * want `@x/serf/node`. Reading order of the sources: `serf.ts` (the rooms), `membership.ts` and
 * `member-registry.ts` (who is in which status), `user-event.ts`, `query.ts` (asking),
 * `query-responder.ts` (answering), `broadcast-queues.ts` (what is told next).
 *
 * @packageDocumentation
 */
export { decodeBase64, encodeBase64, Base64Error } from "./base64.ts";
export { SerfError, type SerfErrorCode } from "./errors.ts";
export type { KeyOutcome, KeyQueryOptions } from "./key-manager.ts";
export type { KeyManager } from "./key-manager.ts";
export type { Member, MemberStatus, Tags } from "./member.ts";
export type { QueryEnd, QueryHandle, QueryListener, QueryParameters } from "./query.ts";
export { compileRe2, Re2Error, type Re2Expression, type Re2Options } from "./re2-expression.ts";
export { Serf } from "./serf.ts";
export type {
  InstanceState,
  QuerySighting,
  RecoveredState,
  SerfDirective,
  SerfEnvironment,
  SnapshotPort,
} from "./serf-context.ts";
export type {
  LamportTime,
  MemberEvent,
  MemberEventKind,
  QueryEvent,
  SerfEvent,
  UserEvent,
} from "./serf-event.ts";
export {
  resolveSerfOptions,
  SERF_PROTOCOL_MAX,
  SERF_PROTOCOL_MIN,
  USER_EVENT_BYTES_HARD_LIMIT,
  type CoalescePeriods,
  type SerfOptions,
  type SerfOptionsInput,
} from "./serf-options.ts";
export {
  serfReportLevel,
  type MemberChange,
  type QueueName,
  type ReceivedKind,
  type SerfReport,
} from "./serf-report.ts";
