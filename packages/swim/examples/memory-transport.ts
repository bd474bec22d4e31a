/** A network inside one process: what an own transport has to do, and no more. */
import type { Datagram, Endpoint, StreamEvent, StreamId } from "@x/swim";
import type { Transport, TransportHandler } from "@x/swim/node";

export type MemoryNetwork = Map<string, MemoryTransport>;

export class MemoryTransport implements Transport {
  readonly localEndpoint: Endpoint;
  readonly #network: MemoryNetwork;
  /** Our stream → the other end of it. */
  readonly #streams = new Map<
    StreamId,
    { readonly other: MemoryTransport; readonly otherId: StreamId }
  >();
  #nextAcceptedId = 2;
  #handler: TransportHandler | undefined;

  constructor(network: MemoryNetwork, localEndpoint: Endpoint) {
    this.localEndpoint = localEndpoint;
    this.#network = network;
    network.set(key(localEndpoint), this);
  }

  start(handler: TransportHandler): void {
    this.#handler = handler;
  }

  sendDatagram(target: Endpoint, bytes: Uint8Array): void {
    const datagram = { bytes: bytes.slice(), source: this.localEndpoint };
    const receiver = this.#network.get(key(target));
    setImmediate(() => receiver?.receive(datagram));
  }

  openStream(streamId: StreamId, target: Endpoint, _timeoutMs: number): void {
    const other = this.#network.get(key(target));
    if (other === undefined) {
      const failure = { code: "refused", message: `nobody lives at ${key(target)}` } as const;
      this.tell({ kind: "failed", streamId, failure });
      return;
    }
    const otherId = other.#nextAcceptedId;
    other.#nextAcceptedId += 2;
    this.#streams.set(streamId, { other, otherId });
    other.#streams.set(otherId, { other: this, otherId: streamId });
    other.tell({ kind: "accepted", streamId: otherId, remote: this.localEndpoint });
    this.tell({ kind: "opened", streamId });
  }

  writeStream(streamId: StreamId, bytes: Uint8Array): void {
    const end = this.#streams.get(streamId);
    end?.other.tell({ kind: "data", streamId: end.otherId, bytes: bytes.slice() });
  }

  closeStream(streamId: StreamId): void {
    const end = this.#streams.get(streamId);
    this.#streams.delete(streamId);
    end?.other.tell({ kind: "ended", streamId: end.otherId });
  }

  resetStream(streamId: StreamId): void {
    const end = this.#streams.get(streamId);
    this.#streams.delete(streamId);
    const failure = { code: "reset", message: "reset by the other side" } as const;
    end?.other.tell({ kind: "failed", streamId: end.otherId, failure });
  }

  close(): Promise<void> {
    this.#network.delete(key(this.localEndpoint));
    this.#handler = undefined;
    for (const streamId of this.#streams.keys()) this.resetStream(streamId);
    return Promise.resolve();
  }

  /** @internal Called by the other members of the network. */
  receive(datagram: Datagram): void {
    this.#handler?.handleDatagram(datagram, performance.now());
  }

  /** @internal Later, and only while we still have the stream. A failed dial never had one. */
  tell(event: StreamEvent): void {
    setImmediate(() => {
      const isFailure = event.kind === "failed";
      const isKnown = this.#streams.has(event.streamId) || isFailure;
      if (isFailure) this.#streams.delete(event.streamId);
      if (isKnown) this.#handler?.handleStream(event, performance.now());
    });
  }
}

function key(endpoint: Endpoint): string {
  return `${endpoint.address}:${endpoint.port}`;
}
