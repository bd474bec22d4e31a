/**
 * What a core asks of its driver, collected in order until it is taken.
 */
import type { Directive } from "./directive.ts";
import type { Endpoint, StreamId } from "./protocol-core.ts";
import { provokedReports, ReportLimit } from "./report-limit.ts";
import type { SwimEvent } from "./swim-event.ts";
import type { SwimReport } from "./swim-report.ts";

const NOTHING: readonly Directive<SwimEvent, SwimReport>[] = Object.freeze([]);

/** The directives of one core that wait to be taken. */
export class Outbox {
  #directives: Directive<SwimEvent, SwimReport>[] = [];
  #isClosed = false;
  #nowMs = 0;
  readonly #reportLimit = new ReportLimit<SwimReport>(provokedReports);

  sendDatagram(target: Endpoint, bytes: Uint8Array): void {
    this.#add({ kind: "send-datagram", target, bytes });
  }

  openStream(streamId: StreamId, target: Endpoint, timeoutMs: number): void {
    this.#add({ kind: "open-stream", streamId, target, timeoutMs });
  }

  writeStream(streamId: StreamId, bytes: Uint8Array): void {
    this.#add({ kind: "write-stream", streamId, bytes });
  }

  closeStream(streamId: StreamId): void {
    this.#add({ kind: "close-stream", streamId });
  }

  resetStream(streamId: StreamId): void {
    this.#add({ kind: "reset-stream", streamId });
  }

  emit(event: SwimEvent): void {
    this.#add({ kind: "emit", event });
  }

  /** A kind the network can provoke is limited to a rate; what is held back is counted. */
  report(report: SwimReport): void {
    for (const passed of this.#reportLimit.pass(report, this.#nowMs)) {
      this.#add({ kind: "report", report: passed });
    }
  }

  /** The time of everything that follows. */
  setTime(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  /** From here on everything is thrown away; what is inside can still be taken. */
  close(): void {
    this.#isClosed = true;
  }

  /** Empties the box. The array belongs to the caller. */
  take(): readonly Directive<SwimEvent, SwimReport>[] {
    if (this.#directives.length === 0) return NOTHING;
    const taken = this.#directives;
    this.#directives = [];
    return taken;
  }

  #add(directive: Directive<SwimEvent, SwimReport>): void {
    if (!this.#isClosed) this.#directives.push(directive);
  }
}
