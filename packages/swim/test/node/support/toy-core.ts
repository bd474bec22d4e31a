/** A protocol core of ten lines each: the driver must not know more of a core than this. */
import type { Directive } from "../../../src/directive.ts";
import type {
  Datagram,
  DatagramFailure,
  ProtocolCore,
  StreamEvent,
} from "../../../src/protocol-core.ts";

type Want = Directive<string, string>;

export class ToyCore implements ProtocolCore<string, string> {
  readonly datagrams: Datagram[] = [];
  readonly failures: DatagramFailure[] = [];
  readonly streamEvents: StreamEvent[] = [];
  readonly timesMs: number[] = [];
  timeoutCount = 0;
  deadlineMs = Infinity;
  /** Called on each input, while the core is busy. */
  onInput: (kind: "datagram" | "failure" | "stream" | "timeout") => void = () => undefined;
  #outbox: Want[] = [];

  want(...directives: Want[]): void {
    this.#outbox.push(...directives);
  }

  emit(...events: string[]): void {
    this.want(...events.map((event) => ({ kind: "emit", event }) as const));
  }

  handleDatagram(datagram: Datagram, nowMs: number): void {
    this.timesMs.push(nowMs);
    this.datagrams.push(datagram);
    this.onInput("datagram");
  }

  handleDatagramFailure(failure: DatagramFailure, nowMs: number): void {
    this.timesMs.push(nowMs);
    this.failures.push(failure);
    this.onInput("failure");
  }

  handleStream(event: StreamEvent, nowMs: number): void {
    this.timesMs.push(nowMs);
    this.streamEvents.push(event);
    this.onInput("stream");
  }

  handleTimeout(nowMs: number): void {
    this.timesMs.push(nowMs);
    if (nowMs < this.deadlineMs) return;
    this.deadlineMs = Infinity;
    this.timeoutCount += 1;
    this.onInput("timeout");
  }

  nextDeadlineMs(): number {
    return this.deadlineMs;
  }

  takeDirectives(): readonly Want[] {
    const taken = this.#outbox;
    this.#outbox = [];
    return taken;
  }
}
