import type {
  Datagram,
  DatagramFailure,
  Directive,
  Endpoint,
  SimulatedCore,
  StreamEvent,
} from "@x/simulator";

export type ToyEvent = { readonly kind: "told"; readonly text: string };
export type ToyReport = { readonly kind: "noted"; readonly text: string };
export type ToyDirective = Directive<ToyEvent, ToyReport>;

/** A core that does what the test asks for, and writes down what comes in and when. */
export class ScriptedCore implements SimulatedCore<ToyEvent, ToyReport> {
  readonly heard: string[] = [];
  readonly datagrams: Uint8Array[] = [];
  /** Stream bytes, by stream. */
  readonly streams = new Map<number, number[]>();
  /** Stream numbers accepted, in order. */
  readonly accepted: number[] = [];
  deadlineMs = Infinity;
  onDatagram: ((datagram: Datagram, nowMs: number) => void) | undefined;
  onStream: ((event: StreamEvent, nowMs: number) => void) | undefined;
  onTimeout: ((nowMs: number) => void) | undefined;
  #outbox: ToyDirective[] = [];

  ask(...directives: readonly ToyDirective[]): void {
    this.#outbox.push(...directives);
  }

  send(target: Endpoint, ...bytes: readonly number[]): void {
    this.ask({ kind: "send-datagram", target, bytes: Uint8Array.from(bytes) });
  }

  handleDatagram(datagram: Datagram, nowMs: number): void {
    this.datagrams.push(datagram.bytes);
    const shown = datagram.bytes.subarray(0, 8).join(" ");
    this.heard.push(`${nowMs} datagram ${shown} from ${datagram.source.port}`);
    this.onDatagram?.(datagram, nowMs);
  }

  handleDatagramFailure(failure: DatagramFailure, nowMs: number): void {
    this.heard.push(`${nowMs} refused ${failure.message}`);
  }

  handleStream(event: StreamEvent, nowMs: number): void {
    switch (event.kind) {
      case "accepted":
        this.accepted.push(event.streamId);
        this.heard.push(`${nowMs} accepted`);
        break;
      case "data": {
        const bytes = this.streams.get(event.streamId) ?? [];
        bytes.push(...event.bytes);
        this.streams.set(event.streamId, bytes);
        break;
      }
      case "failed":
        this.heard.push(`${nowMs} failed ${event.failure.code}`);
        break;
      default:
        this.heard.push(`${nowMs} ${event.kind}`);
    }
    this.onStream?.(event, nowMs);
  }

  handleTimeout(nowMs: number): void {
    this.heard.push(`${nowMs} timeout`);
    if (nowMs >= this.deadlineMs) this.deadlineMs = Infinity;
    this.onTimeout?.(nowMs);
  }

  nextDeadlineMs(): number {
    return this.deadlineMs;
  }

  takeDirectives(): readonly ToyDirective[] {
    const directives = this.#outbox;
    this.#outbox = [];
    return directives;
  }
}
