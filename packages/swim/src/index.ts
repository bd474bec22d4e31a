/**
 * Who is alive: SWIM membership with Lifeguard, as pure state machines.
 *
 * Read `protocol-core.ts` (the shape of a core), `swim-options.ts` (its knobs), `swim.ts` (the
 * core), then `override-rules.ts` (which claim wins) and `probe.ts` (how failures are found).
 *
 * @packageDocumentation
 */
export { parseJoinAddress, type JoinAddress } from "./address-syntax.ts";
export type { SwimEnvironment } from "./core-context.ts";
export type { Directive } from "./directive.ts";
export { InvariantError, SwimError, type SeedFailure, type SwimErrorCode } from "./errors.ts";
export type { JoinFailure, JoinOutcome, JoinTarget } from "./join.ts";
export { Keyring, KeyringError, type KeyringErrorCode } from "./keyring.ts";
export type { Member, MemberState, ProtocolVersions } from "./member.ts";
export type {
  Datagram,
  DatagramFailure,
  Endpoint,
  ProtocolCore,
  StreamEvent,
  StreamFailure,
  StreamId,
} from "./protocol-core.ts";
export type { PingOutcome, Recipient } from "./direct-messages.ts";
export { MemberRecordPool } from "./member-record.ts";
export { Swim } from "./swim.ts";
export type { SwimDelegate } from "./swim-delegate.ts";
export type { SwimEvent } from "./swim-event.ts";
export {
  resolveSwimOptions,
  type SwimOptions,
  type SwimOptionsInput,
  type SwimProfile,
} from "./swim-options.ts";
export { ReportLimit } from "./report-limit.ts";
export {
  swimReportLevel,
  type ClaimRefusal,
  type ExchangeFailureCode,
  type ReportLevel,
  type SwimReport,
} from "./swim-report.ts";
