/**
 * UDP as it is: late, lost, twice, in another order, sometimes damaged.
 *
 * What a datagram meets is decided when it is sent, from the sender's own stream of chance; whether
 * anybody is there to read it, when it arrives.
 *
 * Read next: `link-rules.ts`, `latency-model.ts`.
 */
import type { LatencySampler } from "./latency-model.ts";
import type { LinkRules } from "./link-rules.ts";
import type { AddressBook, NetworkPort } from "./network-port.ts";
import type { Endpoint } from "./protocol-core.ts";
import type { Timeline } from "./timeline.ts";
import type { DropReason } from "./traffic.ts";
import type { TimedEvent, VirtualClock } from "./virtual-clock.ts";

/** Bytes of IPv4 and UDP headers, which the MTU counts and a payload does not. */
const HEADER_BYTES = 28;
/** What a UDP datagram over IPv4 can carry; the kernel refuses more. */
const MAX_DATAGRAM_BYTES = 65_507;

/** How the links are, beside their rules. */
export interface PacketNetworkOptions {
  /** Most of a random delay added to each datagram's latency, uniformly; 0. Reorders them. */
  readonly jitterMs?: number;
  /** Share of datagrams held back by up to `reorderDelayMs`; 0. */
  readonly reorderRatio?: number;
  /** 50. */
  readonly reorderDelayMs?: number;
  /** The latest a replayed datagram comes again; 60,000. */
  readonly replayDelayMs?: number;
  /** Longest IP packet; larger datagrams vanish. 65,535: none, since IP fragments. */
  readonly mtuBytes?: number;
  /** What each member can send; unlimited. */
  readonly bandwidthBytesPerSecond?: number;
  /** What may wait for a busy link before it drops more; 262,144. */
  readonly linkQueueBytes?: number;
  /**
   * Give receivers copies; false. Without, all who are sent the same bytes share one array, so a
   * core that changes what it received damages its neighbours' mail.
   */
  readonly copyBytes?: boolean;
}

/** The parts of the world every network needs. */
export interface World {
  readonly clock: VirtualClock;
  readonly addresses: AddressBook;
  readonly rules: LinkRules;
  readonly latency: LatencySampler;
  readonly timeline: Timeline;
}

class PacketInFlight implements TimedEvent {
  heapIndex = -1;
  readonly #arrive: (packet: PacketInFlight) => void;
  bytes: Uint8Array = NO_BYTES;
  source: NetworkPort | undefined = undefined;
  sourceEndpoint: Endpoint | undefined = undefined;
  target: NetworkPort | undefined = undefined;
  targetEndpoint: Endpoint | undefined = undefined;

  constructor(arrive: (packet: PacketInFlight) => void) {
    this.#arrive = arrive;
  }

  fire(): void {
    this.#arrive(this);
  }
}

const NO_BYTES = new Uint8Array(0);

/** Carries datagrams. */
export class PacketNetwork {
  readonly #world: World;
  readonly #jitterMs: number;
  readonly #reorderRatio: number;
  readonly #reorderDelayMs: number;
  readonly #replayDelayMs: number;
  readonly #mtuBytes: number;
  readonly #bandwidth: number;
  readonly #linkQueueBytes: number;
  readonly #copyBytes: boolean;
  /** When the link of each member is free again, by index. */
  readonly #linkFreeMs: number[] = [];
  /** Used again and again: a large simulation has millions of packets, but few at a time. */
  readonly #idle: PacketInFlight[] = [];
  readonly #arrive = (packet: PacketInFlight): void => this.#arrived(packet);

  constructor(world: World, options: PacketNetworkOptions = {}) {
    this.#world = world;
    this.#jitterMs = options.jitterMs ?? 0;
    this.#reorderRatio = options.reorderRatio ?? 0;
    this.#reorderDelayMs = options.reorderDelayMs ?? 50;
    this.#replayDelayMs = options.replayDelayMs ?? 60_000;
    this.#mtuBytes = options.mtuBytes ?? 65_535;
    this.#bandwidth = options.bandwidthBytesPerSecond ?? Infinity;
    this.#linkQueueBytes = options.linkQueueBytes ?? 262_144;
    this.#copyBytes = options.copyBytes ?? false;
  }

  /** Sends one datagram; nothing comes back but, perhaps, the kernel's refusal. */
  send(source: NetworkPort, endpoint: Endpoint, bytes: Uint8Array): void {
    const { clock, addresses, rules, timeline } = this.#world;
    const { random, traffic } = source;
    const target = addresses.portAt(endpoint);
    traffic.datagramsSent += 1;
    traffic.datagramBytesSent += bytes.length;
    timeline.record(
      clock.nowMs,
      "datagram-sent",
      source.index,
      target?.index ?? -1,
      bytes.length,
      bytes,
    );
    if (bytes.length > MAX_DATAGRAM_BYTES) {
      source.receiveDatagramFailure({ target: endpoint, message: "message too long" });
      return;
    }
    const departureMs = this.#departureMs(source, bytes.length);
    if (departureMs === Infinity) return this.#drop(source, target, "link-full", bytes.length);
    if (bytes.length + HEADER_BYTES > this.#mtuBytes) {
      return this.#drop(source, target, "too-large", bytes.length);
    }
    if (target === undefined) return this.#drop(source, target, "no-listener", bytes.length);

    const link = rules.between(source.index, target.index);
    if (random.chance(link.datagramLossRatio)) {
      return this.#drop(source, target, "lost", bytes.length);
    }
    const { extraLatencyMs, duplicateRatio, replayRatio } = link;
    const sent = random.chance(link.corruptRatio) ? damaged(bytes, source) : bytes;
    this.#launch(source, target, endpoint, sent, departureMs + extraLatencyMs);
    if (random.chance(duplicateRatio)) {
      this.#launch(source, target, endpoint, sent, departureMs + extraLatencyMs);
    }
    if (random.chance(replayRatio)) {
      const laterMs = random.between(0, this.#replayDelayMs);
      this.#launch(source, target, endpoint, sent, departureMs + laterMs);
    }
  }

  #launch(
    source: NetworkPort,
    target: NetworkPort,
    endpoint: Endpoint,
    bytes: Uint8Array,
    fromMs: number,
  ): void {
    const { random } = source;
    let arrivalMs = fromMs + this.#world.latency(source.index, target.index, random);
    if (this.#jitterMs > 0) arrivalMs += random.between(0, this.#jitterMs);
    if (random.chance(this.#reorderRatio)) arrivalMs += random.between(0, this.#reorderDelayMs);
    const packet = this.#idle.pop() ?? new PacketInFlight(this.#arrive);
    packet.bytes = this.#copyBytes ? bytes.slice() : bytes;
    packet.source = source;
    packet.sourceEndpoint = source.endpoint;
    packet.target = target;
    packet.targetEndpoint = endpoint;
    this.#world.clock.schedule(packet, arrivalMs);
  }

  #arrived(packet: PacketInFlight): void {
    const { bytes, source, sourceEndpoint, target, targetEndpoint } = packet;
    packet.bytes = NO_BYTES;
    packet.source = undefined;
    packet.target = undefined;
    this.#idle.push(packet);
    if (source === undefined || sourceEndpoint === undefined || target === undefined) return;
    const isListening =
      target.isProcessUp &&
      targetEndpoint !== undefined &&
      this.#world.addresses.portAt(targetEndpoint) === target;
    if (!isListening) return this.#drop(source, target, "no-listener", bytes.length);
    const { clock, timeline } = this.#world;
    timeline.record(clock.nowMs, "datagram-received", target.index, source.index, bytes.length);
    if (!target.receiveDatagram(bytes, sourceEndpoint)) {
      this.#drop(source, target, "buffer-full", bytes.length);
    }
  }

  /** When the datagram leaves, given what the member's link still has to send. */
  #departureMs(source: NetworkPort, lengthBytes: number): number {
    const { nowMs } = this.#world.clock;
    if (this.#bandwidth === Infinity) return nowMs;
    const freeMs = Math.max(nowMs, this.#linkFreeMs[source.index] ?? 0);
    const waitingBytes = ((freeMs - nowMs) * this.#bandwidth) / 1000;
    if (waitingBytes + lengthBytes > this.#linkQueueBytes) return Infinity;
    const departureMs = freeMs + ((lengthBytes + HEADER_BYTES) * 1000) / this.#bandwidth;
    this.#linkFreeMs[source.index] = departureMs;
    return departureMs;
  }

  #drop(
    source: NetworkPort,
    target: NetworkPort | undefined,
    reason: DropReason,
    lengthBytes: number,
  ): void {
    source.traffic.dropped[reason] += 1;
    this.#world.timeline.record(
      this.#world.clock.nowMs,
      "datagram-dropped",
      source.index,
      target?.index ?? -1,
      lengthBytes,
      reason,
    );
  }
}

function damaged(bytes: Uint8Array, { random }: NetworkPort): Uint8Array {
  const copy = bytes.slice();
  const index = random.below(copy.length);
  if (copy.length > 0) copy[index] = (copy[index] as number) ^ (1 + random.below(255));
  return copy;
}
