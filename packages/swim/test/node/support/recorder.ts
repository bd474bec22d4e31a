/** A listener of a transport that keeps everything it hears, and lets tests wait for it. */
import type {
  Datagram,
  DatagramFailure,
  StreamEvent,
  StreamId,
} from "../../../src/protocol-core.ts";
import type { Transport, TransportHandler, TransportReport } from "../../../src/node/transport.ts";
import { until } from "./until.ts";

export class Recorder implements TransportHandler {
  readonly datagrams: Datagram[] = [];
  readonly datagramFailures: DatagramFailure[] = [];
  readonly streamEvents: StreamEvent[] = [];
  readonly reports: TransportReport[] = [];
  readonly timesMs: number[] = [];
  /** Called with each stream event, for tests that must answer at once. */
  onStream: (event: StreamEvent) => void = () => undefined;
  /** Events that came while a method of the transport was running: there must be none. */
  reentrantCount = 0;
  #isInside = false;

  handleDatagram(datagram: Datagram, receivedAtMs: number): void {
    this.#note(receivedAtMs);
    this.datagrams.push(datagram);
  }

  handleDatagramFailure(failure: DatagramFailure, nowMs: number): void {
    this.#note(nowMs);
    this.datagramFailures.push(failure);
  }

  handleStream(event: StreamEvent, nowMs: number): void {
    this.#note(nowMs);
    this.streamEvents.push(event);
    this.onStream(event);
  }

  handleTransportReport(report: TransportReport): void {
    this.reports.push(report);
  }

  /** Runs a method of the transport under watch. */
  inside(work: () => void): void {
    this.#isInside = true;
    try {
      work();
    } finally {
      this.#isInside = false;
    }
  }

  kindsOf(streamId: StreamId): string[] {
    return this.streamEvents.filter((event) => event.streamId === streamId).map(({ kind }) => kind);
  }

  /** Everything a stream delivered, in one piece. */
  bytesOf(streamId: StreamId): Uint8Array {
    const chunks = this.streamEvents.flatMap((event) =>
      event.kind === "data" && event.streamId === streamId ? [event.bytes] : [],
    );
    return new Uint8Array(Buffer.concat(chunks));
  }

  async accepted(index = 0): Promise<StreamId> {
    const ids = (): StreamId[] =>
      this.streamEvents.filter(({ kind }) => kind === "accepted").map(({ streamId }) => streamId);
    await until(() => ids().length > index);
    return ids()[index] ?? 0;
  }

  async heard(streamId: StreamId, kind: StreamEvent["kind"]): Promise<StreamEvent> {
    const find = (): StreamEvent | undefined =>
      this.streamEvents.find((event) => event.streamId === streamId && event.kind === kind);
    await until(() => find() !== undefined);
    const event = find();
    if (event === undefined) throw new Error("unreachable");
    return event;
  }

  #note(timeMs: number): void {
    this.timesMs.push(timeMs);
    if (this.#isInside) this.reentrantCount += 1;
  }
}

/** A transport with its recorder. */
export interface Recorded {
  readonly transport: Transport;
  readonly heard: Recorder;
}

export function record(transport: Transport): Recorded {
  const heard = new Recorder();
  transport.start(heard);
  return { transport, heard };
}
