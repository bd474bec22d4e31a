/**
 * A few members and a network in one process, in virtual time.
 *
 * Datagrams and streams take `latencyMs`; `isBlocked` loses what it says. Everything is repeatable
 * from the seed.
 */
import {
  resolveSwimOptions,
  Swim,
  type Endpoint,
  type SwimDelegate,
  type SwimEnvironment,
  type SwimEvent,
  type SwimOptionsInput,
  type SwimReport,
} from "@x/swim";

export interface ClusterMember {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly swim: Swim;
  readonly events: SwimEvent[];
  readonly reports: SwimReport[];
  sentDatagramCount: number;
}

export interface ClusterSettings {
  readonly seed?: number;
  readonly latencyMs?: number;
  readonly environment?: Partial<SwimEnvironment>;
}

type MemberSettings = Partial<SwimOptionsInput> & { readonly delegate?: SwimDelegate };

interface Scheduled {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class Cluster {
  readonly members = new Map<string, ClusterMember>();
  /** Loses what goes from one to the other. */
  isBlocked: (from: Endpoint, to: Endpoint, kind: "datagram" | "stream") => boolean = () => false;
  nowMs = 1_000;
  readonly random: () => number;
  readonly #latencyMs: number;
  readonly #environment: Partial<SwimEnvironment>;
  readonly #byEndpoint = new Map<string, ClusterMember>();
  readonly #scheduled: Scheduled[] = [];
  /** The other end of each stream: `endpoint#id` to member and id. */
  readonly #peers = new Map<
    string,
    { readonly member: ClusterMember; readonly streamId: number }
  >();
  #lastOrder = 0;
  #lastAcceptedId = 0;

  constructor({ seed = 1, latencyMs = 1, environment = {} }: ClusterSettings = {}) {
    this.random = seededRandom(seed);
    this.#latencyMs = latencyMs;
    this.#environment = environment;
  }

  /** Starts a member, `127.0.0.<n>:7946` unless told otherwise. */
  add(name: string, settings: MemberSettings = {}): ClusterMember {
    const { delegate = {}, ...input } = settings;
    const number = this.members.size + 1;
    const address = `127.0.${Math.floor(number / 250)}.${(number % 250) + 1}`;
    const endpoint = input.advertiseEndpoint ?? { address, port: 7946 };
    const options = resolveSwimOptions({ ...input, name, advertiseEndpoint: endpoint });
    const random = seededRandom(Math.floor(this.random() * 2 ** 32));
    const fillRandom = (bytes: Uint8Array): void => {
      for (let index = 0; index < bytes.length; index += 1) bytes[index] = random() * 256;
    };
    const swim = new Swim(options, { random, fillRandom, ...this.#environment }, delegate);
    const member = { name, endpoint, swim, events: [], reports: [], sentDatagramCount: 0 };
    this.members.set(name, member);
    this.#byEndpoint.set(keyOf(endpoint), member);
    this.call(member, () => swim.start(this.nowMs));
    return member;
  }

  addMany(count: number, settings: MemberSettings = {}): ClusterMember[] {
    return Array.from({ length: count }, (_, index) => this.add(`m${index}`, settings));
  }

  get(name: string): ClusterMember {
    const member = this.members.get(name);
    if (member === undefined) throw new Error(`no member ${name}`);
    return member;
  }

  /** Stops without farewell. */
  kill(member: ClusterMember): void {
    this.call(member, () => member.swim.shutdown(this.nowMs));
    this.#byEndpoint.delete(keyOf(member.endpoint));
    this.members.delete(member.name);
  }

  /** Joins and runs until it is settled. @returns how many targets answered. */
  join(member: ClusterMember, ...targets: readonly (ClusterMember | Endpoint)[]): number {
    let joinedCount: number | undefined;
    const list = targets.map((target) => {
      const endpoint = "swim" in target ? target.endpoint : target;
      return { endpoint, text: keyOf(endpoint), ...("swim" in target && { name: target.name }) };
    });
    this.call(member, () =>
      member.swim.join(list, this.nowMs, (outcome) => {
        ({ joinedCount } = outcome);
      }),
    );
    this.runUntil(() => joinedCount !== undefined, 60_000);
    return joinedCount ?? 0;
  }

  /** Everybody joins the first member. */
  joinAll(): void {
    const [first, ...others] = this.members.values();
    if (first !== undefined) for (const other of others) this.join(other, first);
  }

  /** Calls into a core, then does what it asks for. */
  call(member: ClusterMember, action: () => void): void {
    action();
    for (const directive of member.swim.takeDirectives()) {
      switch (directive.kind) {
        case "send-datagram":
          member.sentDatagramCount += 1;
          this.#sendDatagram(member, directive.target, directive.bytes);
          break;
        case "open-stream":
          this.#openStream(member, directive.streamId, directive.target);
          break;
        case "write-stream":
          this.#toPeer(member, directive.streamId, "data", directive.bytes);
          break;
        case "close-stream":
        case "reset-stream":
          this.#toPeer(member, directive.streamId, "ended");
          break;
        case "emit":
          member.events.push(directive.event);
          break;
        case "report":
          member.reports.push(directive.report);
          break;
      }
    }
  }

  /** Lets everything happen up to a moment from now. */
  runFor(durationMs: number): void {
    this.runUntil(() => false, durationMs);
  }

  /** @returns whether the condition held in time. */
  runUntil(condition: () => boolean, withinMs: number): boolean {
    const endMs = this.nowMs + withinMs;
    while (!condition()) {
      const nextMs = this.#nextMs();
      if (nextMs > endMs) {
        this.nowMs = endMs;
        return condition();
      }
      this.nowMs = Math.max(this.nowMs, nextMs);
      this.#runDue();
    }
    return true;
  }

  #nextMs(): number {
    let nextMs = this.#scheduled[0]?.atMs ?? Infinity;
    for (const { swim } of this.members.values()) nextMs = Math.min(nextMs, swim.nextDeadlineMs());
    return nextMs;
  }

  #runDue(): void {
    while ((this.#scheduled[0]?.atMs ?? Infinity) <= this.nowMs) this.#scheduled.shift()?.run();
    for (const member of Array.from(this.members.values())) {
      if (member.swim.nextDeadlineMs() <= this.nowMs) {
        this.call(member, () => member.swim.handleTimeout(this.nowMs));
      }
    }
  }

  #later(run: () => void): void {
    // Constant latency: what is scheduled later is due later.
    this.#scheduled.push({
      atMs: this.nowMs + this.#latencyMs,
      order: (this.#lastOrder += 1),
      run,
    });
  }

  #sendDatagram(from: ClusterMember, target: Endpoint, bytes: Uint8Array): void {
    if (this.isBlocked(from.endpoint, target, "datagram")) return;
    this.#later(() => {
      const to = this.#byEndpoint.get(keyOf(target));
      if (to === undefined) return;
      this.call(to, () => to.swim.handleDatagram({ bytes, source: from.endpoint }, this.nowMs));
    });
  }

  #openStream(from: ClusterMember, streamId: number, target: Endpoint): void {
    if (this.isBlocked(from.endpoint, target, "stream")) return;
    this.#later(() => {
      const to = this.#byEndpoint.get(keyOf(target));
      if (to === undefined) {
        const failure = { code: "refused", message: "connection refused" } as const;
        return this.#streamEvent(from, { kind: "failed", streamId, failure });
      }
      this.#lastAcceptedId += 2;
      const acceptedId = this.#lastAcceptedId;
      this.#peers.set(peerKey(from, streamId), { member: to, streamId: acceptedId });
      this.#peers.set(peerKey(to, acceptedId), { member: from, streamId });
      this.#streamEvent(to, { kind: "accepted", streamId: acceptedId, remote: from.endpoint });
      this.#streamEvent(from, { kind: "opened", streamId });
    });
  }

  #toPeer(from: ClusterMember, streamId: number, kind: "data" | "ended", bytes?: Uint8Array): void {
    const peer = this.#peers.get(peerKey(from, streamId));
    if (kind === "ended") this.#peers.delete(peerKey(from, streamId));
    if (peer === undefined || this.isBlocked(from.endpoint, peer.member.endpoint, "stream")) return;
    this.#later(() => {
      const event = { streamId: peer.streamId };
      if (bytes === undefined) this.#streamEvent(peer.member, { kind: "ended", ...event });
      else this.#streamEvent(peer.member, { kind: "data", ...event, bytes });
    });
  }

  #streamEvent(member: ClusterMember, event: Parameters<Swim["handleStream"]>[0]): void {
    this.call(member, () => member.swim.handleStream(event, this.nowMs));
  }
}

function keyOf(endpoint: Endpoint): string {
  return `${endpoint.address} ${endpoint.port}`;
}

function peerKey(member: ClusterMember, streamId: number): string {
  return `${member.name}#${streamId}`;
}

/** Mulberry32: small, fast, and good enough to draw tests with. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
