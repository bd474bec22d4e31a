import type { Datagram, Directive, Endpoint, SimulatedCore, StreamEvent } from "@x/simulator";

export type HeartbeatEvent = { readonly kind: "missed" | "back"; readonly port: number };
type HeartbeatDirective = Directive<HeartbeatEvent, never>;

/**
 * The simplest failure detector there is: each member tells a few others every second, in turn, that
 * it lives, and counts who was silent for too long. Just enough protocol to simulate.
 */
export class HeartbeatCore implements SimulatedCore<HeartbeatEvent, never> {
  static readonly INTERVAL_MS = 1_000;
  readonly #others: readonly Endpoint[];
  readonly #fanOut: number;
  readonly #silenceMs: number;
  readonly #lastHeardMs = new Map<number, number>();
  readonly missing = new Set<number>();
  #turn: number;
  #deadlineMs: number;
  #outbox: HeartbeatDirective[] = [];
  readonly #payload = new Uint8Array(200);

  constructor(options: {
    others: readonly Endpoint[];
    random: () => number;
    nowMs: number;
    fanOut?: number;
    silenceMs?: number;
  }) {
    this.#others = options.others;
    this.#turn = Math.floor(options.random() * options.others.length);
    this.#fanOut = options.fanOut ?? 3;
    this.#silenceMs = options.silenceMs ?? Infinity;
    this.#deadlineMs = options.nowMs + options.random() * HeartbeatCore.INTERVAL_MS;
  }

  get heardCount(): number {
    return this.#lastHeardMs.size;
  }

  handleDatagram({ source }: Datagram, nowMs: number): void {
    this.#lastHeardMs.set(source.port, nowMs);
    if (this.missing.delete(source.port)) {
      this.#outbox.push({ kind: "emit", event: { kind: "back", port: source.port } });
    }
  }

  handleDatagramFailure(): void {}

  handleStream(_event: StreamEvent): void {}

  handleTimeout(nowMs: number): void {
    if (nowMs < this.#deadlineMs) return;
    this.#deadlineMs = nowMs + HeartbeatCore.INTERVAL_MS;
    for (let count = 0; count < this.#fanOut; count += 1) {
      const target = this.#others[this.#turn % this.#others.length];
      this.#turn += 1;
      if (target === undefined) continue;
      this.#outbox.push({ kind: "send-datagram", target, bytes: this.#payload });
    }
    if (this.#silenceMs === Infinity) return;
    for (const [port, atMs] of this.#lastHeardMs) {
      if (nowMs - atMs <= this.#silenceMs || this.missing.has(port)) continue;
      this.missing.add(port);
      this.#outbox.push({ kind: "emit", event: { kind: "missed", port } });
    }
  }

  nextDeadlineMs(): number {
    return this.#deadlineMs;
  }

  takeDirectives(): readonly HeartbeatDirective[] {
    if (this.#outbox.length === 0) return NOTHING;
    const directives = this.#outbox;
    this.#outbox = [];
    return directives;
  }
}

const NOTHING: readonly HeartbeatDirective[] = [];
