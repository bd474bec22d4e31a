/**
 * A membership layer that does only what a test tells it, and writes down what is asked of it.
 *
 * It stands in for `Swim` where a room of Serf is tested alone; whole members use the real one.
 */
import type { JoinOutcome, JoinTarget, Keyring, Member, Recipient, StreamFailure } from "@x/swim";
import type { SerfOptions } from "../../src/serf-options.ts";

export interface SentMessage {
  readonly recipient: Recipient;
  readonly payload: Uint8Array;
  readonly isReliable: boolean;
}

export interface PendingJoin {
  readonly targets: readonly JoinTarget[];
  readonly settled: (outcome: JoinOutcome) => void;
}

export function swimMember(name: string, overrides: Partial<Member> = {}): Member {
  const number = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 60_000, 7);
  return {
    name,
    endpoint: { address: "10.0.0.1", port: 1_024 + number },
    addressBytes: new Uint8Array([10, 0, 0, 1]),
    meta: new Uint8Array([0xff, 0x80]),
    incarnation: 1,
    state: "alive",
    versions: {
      protocolMin: 1,
      protocolMax: 5,
      protocolCurrent: 2,
      delegateMin: 2,
      delegateMax: 5,
      delegateCurrent: 4,
    },
    ...overrides,
  };
}

export class ScriptedSwim {
  readonly sent: SentMessage[] = [];
  readonly joins: PendingJoin[] = [];
  readonly leaves: ((outcome: { readonly timedOut: boolean }) => void)[] = [];
  /** How long each of them may take. */
  readonly leaveTimeoutsMs: number[] = [];
  readonly localMember: Member;
  readonly keyring: Keyring | undefined;
  readonly healthScore = 0;
  readonly states = new Map<string, Member["state"]>();
  /** Members alive or suspect, as SWIM counts. */
  memberCount = 1;
  /** Whether every member is known to pass news on at once. */
  isEveryonePrompt = false;
  streamFailure: StreamFailure | undefined;

  constructor(options: SerfOptions) {
    const { name, advertiseEndpoint, meta, keyring } = options.swim;
    this.localMember = swimMember(name, { endpoint: advertiseEndpoint, meta });
    this.keyring = keyring;
  }

  join(
    targets: readonly JoinTarget[],
    _nowMs: number,
    settled: (outcome: JoinOutcome) => void,
  ): void {
    this.joins.push({ targets, settled });
  }

  leave(
    { timeoutMs }: { readonly timeoutMs: number },
    _nowMs: number,
    settled: (outcome: { readonly timedOut: boolean }) => void,
  ): void {
    this.leaveTimeoutsMs.push(timeoutMs);
    this.leaves.push(settled);
  }

  sendBestEffort(recipient: Recipient, payload: Uint8Array): void {
    this.sent.push({ recipient, payload, isReliable: false });
  }

  sendReliable(
    recipient: Recipient,
    payload: Uint8Array,
    _nowMs: number,
    settled: (outcome: { readonly failure?: StreamFailure }) => void,
  ): void {
    this.sent.push({ recipient, payload, isReliable: true });
    settled(this.streamFailure === undefined ? {} : { failure: this.streamFailure });
  }

  member(name: string): Member | undefined {
    const state = this.states.get(name);
    return state === undefined ? undefined : swimMember(name, { state });
  }
}
