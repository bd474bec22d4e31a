/**
 * One end of a TCP connection, with what it still has to send.
 *
 * Read next: `stream-network.ts`, which moves the bytes.
 */
import type { NetworkPort, StreamHandle } from "./network-port.ts";
import type { Endpoint, StreamEvent, StreamId } from "./protocol-core.ts";
import type { TimedEvent } from "./virtual-clock.ts";

/**
 * - `dialling` – no answer yet; what is written waits.
 * - `open`
 * - `closing` – the core has closed it: what was written is still sent, nothing is heard any more.
 * - `gone` – the kernel knows nothing of it any more, and answers whatever comes with a reset.
 */
export type StreamState = "dialling" | "open" | "closing" | "gone";

export class StreamSide implements StreamHandle {
  readonly port: NetworkPort;
  readonly streamId: StreamId;
  readonly remote: Endpoint;
  state: StreamState;
  /** The other end; unknown until it has accepted. */
  peer: StreamSide | undefined = undefined;
  /** Written by the core, not sent yet. */
  pending: Uint8Array[] = [];
  /** The end of the stream waits behind the pending bytes. */
  isEndPending = false;
  /** Bytes on their way to this side or waiting for its core. */
  unreadBytes = 0;
  /** When the last segment sent from this side arrives: nothing may overtake it. */
  lastArrivalMs = 0;
  /** Since when nothing gets through, or `NaN`. */
  stalledSinceMs: number = Number.NaN;
  /** Times the stalled segment was sent again. */
  retryCount = 0;
  retry: TimedEvent | undefined = undefined;
  dialDeadline: TimedEvent | undefined = undefined;
  isHeard = true;
  readonly #delivered: (side: StreamSide, event: StreamEvent) => void;

  constructor(options: {
    port: NetworkPort;
    streamId: StreamId;
    remote: Endpoint;
    state: StreamState;
    /** Called when the core was given an event. */
    delivered: (side: StreamSide, event: StreamEvent) => void;
  }) {
    this.port = options.port;
    this.streamId = options.streamId;
    this.remote = options.remote;
    this.state = options.state;
    this.#delivered = options.delivered;
  }

  get isStalled(): boolean {
    return !Number.isNaN(this.stalledSinceMs);
  }

  handleDelivered(event: StreamEvent): void {
    if (event.kind === "failed") this.isHeard = false;
    if (event.kind === "data") this.unreadBytes -= event.bytes.length;
    this.#delivered(this, event);
  }

  /** Takes out what waits to be sent, as one piece. */
  takePending(): Uint8Array {
    const { pending } = this;
    this.pending = [];
    const [only] = pending;
    if (only !== undefined && pending.length === 1) return only;
    const whole = new Uint8Array(pending.reduce((sum, { length }) => sum + length, 0));
    let offset = 0;
    for (const part of pending) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }
}
