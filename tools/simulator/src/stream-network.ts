/**
 * TCP as a program sees it: bytes in order or an error, but when, and in which pieces, is chance.
 *
 * Loss is delay (a segment is sent again after 200, 400, 800 … ms, a connection request after 1, 2,
 * 4 … s). A cut link or a dead machine stalls a stream; it goes on where it was if the link heals in
 * time, and is given up otherwise. The end of a process closes its connections, the end of a machine
 * tells nobody. Whoever sends to a connection the other side has forgotten gets a reset.
 *
 * Simplified: what is on its way when a link is cut still arrives, and windows are counted, not
 * advertised. Source: RFC 9293 §3.5, §3.6; RFC 6298 §2; the constants are those of Linux.
 *
 * Read next: `stream-side.ts`.
 */
import type { NetworkPort } from "./network-port.ts";
import type { World } from "./packet-network.ts";
import type { Endpoint, StreamEvent, StreamFailure, StreamId } from "./protocol-core.ts";
import { StreamSide } from "./stream-side.ts";

export interface StreamNetworkOptions {
  /** Smallest and largest piece in which bytes arrive; 1 and 65,536, every magnitude as likely. */
  readonly minChunkBytes?: number;
  readonly maxChunkBytes?: number;
  /** How long a sender tries before it gives up a silent peer; 924,600 (`tcp_retries2` = 15). */
  readonly giveUpMs?: number;
  /** What a kernel holds for a core that does not read; 4 MiB. More waits at the sender. */
  readonly receiveBufferBytes?: number;
  /** Connections a kernel accepts for a core that does not look; 511. More dial in vain. */
  readonly acceptBacklog?: number;
}

const FIRST_DIAL_RETRY_MS = 1_000;
const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 120_000;

/** Carries streams. */
export class StreamNetwork {
  readonly #world: World;
  readonly #logMinChunk: number;
  readonly #logMaxChunk: number;
  readonly #giveUpMs: number;
  readonly #receiveBufferBytes: number;
  /** The streams of each member, by index. */
  readonly #sides: (Map<StreamId, StreamSide> | undefined)[] = [];
  #lastAcceptedId = 0;
  readonly #acceptBacklog: number;
  /** Connections each member's kernel has accepted and its core has not heard of, by index. */
  readonly #backlog: number[] = [];
  readonly #delivered = (side: StreamSide, event: StreamEvent): void => {
    const { index } = side.port;
    if (event.kind === "accepted") this.#backlog[index] = (this.#backlog[index] ?? 1) - 1;
    if (event.kind === "data" && side.peer !== undefined) this.#pump(side.peer);
  };

  /** @throws {RangeError} if the chunk sizes are not 1 ≤ min ≤ max. */
  constructor(world: World, options: StreamNetworkOptions = {}) {
    const { minChunkBytes = 1, maxChunkBytes = 65_536 } = options;
    if (!(minChunkBytes >= 1 && maxChunkBytes >= minChunkBytes)) {
      throw new RangeError(`chunks of ${minChunkBytes} to ${maxChunkBytes} bytes make no sense`);
    }
    this.#world = world;
    this.#logMinChunk = Math.log(minChunkBytes);
    this.#logMaxChunk = Math.log(maxChunkBytes);
    this.#giveUpMs = options.giveUpMs ?? 924_600;
    this.#acceptBacklog = options.acceptBacklog ?? 511;
    this.#receiveBufferBytes = options.receiveBufferBytes ?? 4 * 1024 * 1024;
  }

  /** How many ends of connections a member's kernel holds. */
  openCount(port: NetworkPort): number {
    return this.#sides[port.index]?.size ?? 0;
  }

  /** Opens a connection; the member hears `opened` or `failed`. */
  dial(port: NetworkPort, streamId: StreamId, remote: Endpoint, timeoutMs: number): void {
    const { clock } = this.#world;
    port.traffic.streamsDialled += 1;
    const side = new StreamSide({
      port,
      streamId,
      remote,
      state: "dialling",
      delivered: this.#delivered,
    });
    this.#hold(side);
    side.dialDeadline = clock.at(clock.nowMs + timeoutMs, () =>
      this.#fail(side, { code: "timed-out", message: `no connection within ${timeoutMs} ms` }),
    );
    this.#attempt(side, FIRST_DIAL_RETRY_MS);
  }

  /** Sends bytes. Ignored if the stream is closed, broken or unknown. */
  write(port: NetworkPort, streamId: StreamId, bytes: Uint8Array): void {
    const side = this.#find(port, streamId);
    if (side === undefined || bytes.length === 0) return;
    port.traffic.streamBytesSent += bytes.length;
    side.pending.push(bytes);
    this.#pump(side);
  }

  /** Flushes, then closes both directions. */
  close(port: NetworkPort, streamId: StreamId): void {
    const side = this.#find(port, streamId);
    if (side === undefined) return;
    side.isHeard = false;
    if (side.state === "dialling") return this.#forget(side);
    side.state = "closing";
    side.isEndPending = true;
    this.#pump(side);
  }

  /** Drops everything; the other side gets a reset, if it can be reached. */
  reset(port: NetworkPort, streamId: StreamId): void {
    const side = this.#find(port, streamId);
    if (side === undefined) return;
    side.isHeard = false;
    this.#forget(side);
    this.#sendReset(side);
  }

  /**
   * The member's process or machine has ended, with its streams. A kernel closes what a process
   * leaves open, after some of the bytes it still held; a machine says nothing.
   */
  abandon(port: NetworkPort, scope: "process" | "machine"): void {
    for (const side of this.#sides[port.index]?.values() ?? []) {
      side.isHeard = false;
      if (scope === "process" && this.#canPump(side)) {
        const rest = side.takePending();
        this.#sendAll(side, rest.subarray(0, port.random.below(rest.length + 1)));
        if (port.random.chance(0.5)) this.#sendEnd(side);
        else this.#sendReset(side);
      }
      this.#forget(side);
    }
    this.#backlog[port.index] = 0;
  }

  #attempt(side: StreamSide, retryMs: number): void {
    if (side.state !== "dialling") return;
    const { clock, addresses } = this.#world;
    const { nowMs } = clock;
    const target = addresses.portAt(side.remote) ?? addresses.anyAt(side.remote.address);
    side.retry = clock.at(nowMs + retryMs, () =>
      this.#attempt(side, Math.min(retryMs * 2, MAX_RETRY_MS)),
    );
    if (target === undefined || !this.#gets(side.port, target)) return;
    clock.at(nowMs + this.#latencyMs(side.port, target), () => this.#requested(side, target));
  }

  /** The connection request has reached the machine of `target`. */
  #requested(side: StreamSide, target: NetworkPort): void {
    const { clock, addresses } = this.#world;
    if (!target.isMachineUp || side.peer !== undefined || !this.#gets(target, side.port)) return;
    const answerMs = clock.nowMs + this.#latencyMs(target, side.port);
    if (!target.isProcessUp || addresses.portAt(side.remote) !== target) {
      clock.at(answerMs, () => {
        if (side.state !== "dialling") return;
        this.#fail(side, { code: "refused", message: "connection refused" });
      });
      return;
    }
    // A full backlog drops the request without a word; the dialler tries again.
    if ((this.#backlog[target.index] ?? 0) >= this.#acceptBacklog) return;
    this.#backlog[target.index] = (this.#backlog[target.index] ?? 0) + 1;
    this.#lastAcceptedId += 2;
    const accepted = new StreamSide({
      port: target,
      streamId: this.#lastAcceptedId,
      remote: side.port.endpoint,
      state: "open",
      delivered: this.#delivered,
    });
    accepted.peer = side;
    accepted.lastArrivalMs = answerMs;
    side.peer = accepted;
    this.#hold(accepted);
    target.traffic.streamsAccepted += 1;
    // First the answer, then the core, which may write at once: nothing overtakes the answer.
    clock.at(answerMs, () => this.#answered(side, accepted));
    this.#tell(accepted, {
      kind: "accepted",
      streamId: accepted.streamId,
      remote: side.port.endpoint,
    });
  }

  #answered(side: StreamSide, accepted: StreamSide): void {
    // Nobody dials here any more: the kernel says so.
    if (side.state !== "dialling") return this.#sendResetTo(accepted, side.port);
    this.#settleDial(side);
    side.state = "open";
    this.#tell(side, { kind: "opened", streamId: side.streamId });
    this.#pump(side);
  }

  /** Sends as much of what waits as can be sent now. */
  #pump(side: StreamSide): void {
    const { peer, state } = side;
    if (peer === undefined || state === "dialling" || state === "gone") return;
    if (side.retry !== undefined) return;
    if (side.pending.length === 0 && !side.isEndPending) return;
    if (!this.#isReachable(side.port, peer.port)) return this.#stall(side);
    side.stalledSinceMs = Number.NaN;
    side.retryCount = 0;
    if (side.pending.length > 0) {
      // A kernel without room for it tells so; the sender goes on once the core has read.
      const unreadBytes = peer.state === "open" ? peer.unreadBytes : 0;
      const room = this.#receiveBufferBytes - unreadBytes;
      if (room <= 0) return;
      const whole = side.takePending();
      this.#sendAll(side, whole.subarray(0, room));
      if (whole.length > room) {
        side.pending.push(whole.subarray(room));
        return;
      }
    }
    if (!side.isEndPending) return;
    side.isEndPending = false;
    this.#sendEnd(side);
    this.#forget(side);
  }

  #sendAll(side: StreamSide, bytes: Uint8Array): void {
    const { random } = side.port;
    for (let offset = 0; offset < bytes.length;) {
      const size = Math.round(Math.exp(random.between(this.#logMinChunk, this.#logMaxChunk)));
      const chunk = bytes.subarray(offset, offset + Math.max(1, size));
      offset += chunk.length;
      if (side.peer !== undefined) side.peer.unreadBytes += chunk.length;
      this.#schedule(side, (peer) => {
        if (peer.state === "open" && peer.isHeard) {
          peer.port.traffic.streamBytesReceived += chunk.length;
          this.#tell(peer, { kind: "data", streamId: peer.streamId, bytes: chunk });
        } else {
          peer.unreadBytes -= chunk.length;
          this.#sendResetTo(side, peer.port);
        }
      });
    }
  }

  #sendEnd(side: StreamSide): void {
    this.#schedule(side, (peer) => {
      if (peer.state === "open") this.#tell(peer, { kind: "ended", streamId: peer.streamId });
    });
  }

  #sendReset(side: StreamSide): void {
    const { peer } = side;
    if (peer === undefined || !this.#isReachable(side.port, peer.port)) return;
    this.#schedule(side, (other) => this.#broken(other));
  }

  /** The kernel of `from` knows no such connection; `side` hears of it, unless the answer is lost. */
  #sendResetTo(side: StreamSide, from: NetworkPort): void {
    if (!from.isMachineUp || !this.#isReachable(from, side.port)) return;
    const { clock } = this.#world;
    clock.at(clock.nowMs + this.#travelMs(from, side.port), () => this.#broken(side));
  }

  #broken(side: StreamSide): void {
    this.#fail(side, { code: "reset", message: "connection reset by the other side" });
  }

  /** Lets something happen at the other end, after everything sent so far. */
  #schedule(side: StreamSide, arrive: (peer: StreamSide) => void): void {
    const { peer } = side;
    if (peer === undefined) return;
    const { clock } = this.#world;
    const arrivalMs = clock.nowMs + this.#travelMs(side.port, peer.port);
    side.lastArrivalMs = Math.max(side.lastArrivalMs, arrivalMs);
    clock.at(side.lastArrivalMs, () => {
      if (peer.port.isMachineUp) arrive(peer);
    });
  }

  #stall(side: StreamSide): void {
    const { clock } = this.#world;
    const { nowMs } = clock;
    if (!side.isStalled) side.stalledSinceMs = nowMs;
    const retryMs = Math.min(FIRST_RETRY_MS * 2 ** side.retryCount, MAX_RETRY_MS);
    const giveUpAtMs = side.stalledSinceMs + this.#giveUpMs;
    side.retryCount += 1;
    side.retry = clock.at(Math.min(nowMs + retryMs, giveUpAtMs), (atMs) => {
      side.retry = undefined;
      if (atMs < giveUpAtMs || this.#canPump(side)) this.#pump(side);
      else this.#fail(side, { code: "timed-out", message: "the other side does not answer" });
    });
  }

  #canPump(side: StreamSide): boolean {
    return side.peer !== undefined && this.#isReachable(side.port, side.peer.port);
  }

  /** Ends a side whose core, unless it has closed it, hears why. */
  #fail(side: StreamSide, failure: StreamFailure): void {
    if (side.state === "gone") return;
    this.#forget(side);
    this.#tell(side, { kind: "failed", streamId: side.streamId, failure });
  }

  #tell(side: StreamSide, event: StreamEvent): void {
    if (side.isHeard) side.port.receiveStreamEvent(event, side);
  }

  /** Both ways: data needs an acknowledgement. A link that loses everything is no link. */
  #isReachable(from: NetworkPort, to: NetworkPort): boolean {
    const { rules } = this.#world;
    return (
      to.isMachineUp &&
      rules.between(from.index, to.index).streamLossRatio < 1 &&
      rules.between(to.index, from.index).streamLossRatio < 1
    );
  }

  /** Whether one packet, not sent again by anybody, gets through. */
  #gets(from: NetworkPort, to: NetworkPort): boolean {
    const { streamLossRatio } = this.#world.rules.between(from.index, to.index);
    return to.isMachineUp && !from.random.chance(streamLossRatio);
  }

  #latencyMs(from: NetworkPort, to: NetworkPort): number {
    const { extraLatencyMs } = this.#world.rules.between(from.index, to.index);
    return this.#world.latency(from.index, to.index, from.random) + extraLatencyMs;
  }

  /** Travel time of a segment, with as many retransmissions as chance asks for. */
  #travelMs(from: NetworkPort, to: NetworkPort): number {
    const { streamLossRatio } = this.#world.rules.between(from.index, to.index);
    let delayMs = this.#latencyMs(from, to);
    let retryMs = FIRST_RETRY_MS;
    while (retryMs < MAX_RETRY_MS && from.random.chance(streamLossRatio)) {
      delayMs += retryMs;
      retryMs *= 2;
    }
    return delayMs;
  }

  #hold(side: StreamSide): void {
    const { index } = side.port;
    const sides = this.#sides[index] ?? new Map<StreamId, StreamSide>();
    sides.set(side.streamId, side);
    this.#sides[index] = sides;
  }

  #find(port: NetworkPort, streamId: StreamId): StreamSide | undefined {
    const side = this.#sides[port.index]?.get(streamId);
    return side?.isHeard === true ? side : undefined;
  }

  #settleDial(side: StreamSide): void {
    if (side.dialDeadline !== undefined) this.#world.clock.cancel(side.dialDeadline);
    if (side.retry !== undefined) this.#world.clock.cancel(side.retry);
    side.dialDeadline = undefined;
    side.retry = undefined;
  }

  #forget(side: StreamSide): void {
    this.#settleDial(side);
    side.state = "gone";
    side.pending = [];
    side.isEndPending = false;
    this.#sides[side.port.index]?.delete(side.streamId);
  }
}
