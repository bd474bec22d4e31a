/**
 * The state machine of one member. Signatures first; the parts follow.
 */
import type { Directive } from "./directive.ts";
import type { JoinOutcome, JoinTarget } from "./join.ts";
import type { Keyring } from "./keyring.ts";
import type { Member } from "./member.ts";
import type {
  Datagram,
  DatagramFailure,
  Endpoint,
  ProtocolCore,
  StreamEvent,
  StreamFailure,
} from "./protocol-core.ts";
import type { SwimDelegate } from "./swim-delegate.ts";
import type { SwimEvent } from "./swim-event.ts";
import type { SwimOptions } from "./swim-options.ts";
import type { SwimReport } from "./swim-report.ts";
import type { Aead } from "./wire/index.ts";

/** What a core needs from outside besides time and bytes. */
export interface SwimEnvironment {
  /** Uniform in [0, 1). */
  random(): number;
  /** Fills with fresh, unpredictable bytes. */
  fillRandom(bytes: Uint8Array): void;
  /** Needed iff a keyring is given. */
  readonly aead?: Aead;
}

/** Whom a message is for. */
export interface Recipient {
  readonly name?: string;
  readonly endpoint: Endpoint;
}

export type PingOutcome = { readonly rttMs: number } | { readonly timedOut: true };

export class Swim implements ProtocolCore<SwimEvent, SwimReport> {
  constructor(options: SwimOptions, environment: SwimEnvironment, delegate: SwimDelegate = {}) {
    throw new Error(`${options.name} ${String(environment)} ${String(delegate)}`);
  }
  start(_nowMs: number): void {}
  join(
    _targets: readonly JoinTarget[],
    _nowMs: number,
    _settled: (outcome: JoinOutcome) => void,
  ): void {}
  leave(
    _options: { readonly timeoutMs: number },
    _nowMs: number,
    _settled: (outcome: { readonly timedOut: boolean }) => void,
  ): void {}
  updateMeta(
    _meta: Uint8Array,
    _options: { readonly timeoutMs: number },
    _nowMs: number,
    _settled: (outcome: { readonly timedOut: boolean }) => void,
  ): void {}
  ping(
    _target: Recipient & { readonly name: string },
    _nowMs: number,
    _settled: (outcome: PingOutcome) => void,
  ): void {}
  sendBestEffort(_target: Recipient, _payload: Uint8Array, _nowMs: number): void {}
  sendReliable(
    _target: Recipient,
    _payload: Uint8Array,
    _nowMs: number,
    _settled: (outcome: { readonly failure?: StreamFailure }) => void,
  ): void {}
  requestGossip(_nowMs: number): void {}
  shutdown(_nowMs: number): void {}
  members(): readonly Member[] {
    return [];
  }
  allMembers(): readonly Member[] {
    return [];
  }
  member(_name: string): Member | undefined {
    return undefined;
  }
  get localMember(): Member {
    throw new Error();
  }
  /** Alive and suspect, self included. */
  get memberCount(): number {
    return 0;
  }
  /** Records held, dead and left ones included: the `n` of every formula. */
  get estimatedSize(): number {
    return 0;
  }
  /** 0 = healthy. */
  get healthScore(): number {
    return 0;
  }
  get keyring(): Keyring | undefined {
    return undefined;
  }
  get isLeaving(): boolean {
    return false;
  }
  get broadcastQueueDepth(): number {
    return 0;
  }
  handleDatagram(_datagram: Datagram, _nowMs: number): void {}
  handleDatagramFailure(_failure: DatagramFailure, _nowMs: number): void {}
  handleStream(_event: StreamEvent, _nowMs: number): void {}
  handleTimeout(_nowMs: number): void {}
  nextDeadlineMs(): number {
    return Infinity;
  }
  takeDirectives(): readonly Directive<SwimEvent, SwimReport>[] {
    return [];
  }
}
