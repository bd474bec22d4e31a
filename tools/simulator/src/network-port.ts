/** Where the network ends and a member begins; and who is where. */
import type { DatagramFailure, Endpoint, StreamEvent } from "./protocol-core.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Traffic } from "./traffic.ts";

/** What a member's core still wants to hear of a stream. */
export interface StreamHandle {
  /** False once the core has closed or reset it, or was told that it failed. */
  readonly isHeard: boolean;
  /** The core was given the event. */
  handleDelivered(event: StreamEvent): void;
}

/** One member as the network sees it: a kernel, and perhaps a process. */
export interface NetworkPort {
  /** Counted from 0 in the order members were added. */
  readonly index: number;
  readonly name: string;
  readonly endpoint: Endpoint;
  /** The machine runs: its kernel answers. */
  readonly isMachineUp: boolean;
  /** The process runs: somebody listens. A paused process still does. */
  readonly isProcessUp: boolean;
  /** The luck of everything this member sends. */
  readonly random: SeededRandom;
  readonly traffic: Traffic;
  /** @returns false if its buffer is full and the datagram is lost. */
  receiveDatagram(bytes: Uint8Array, source: Endpoint): boolean;
  receiveDatagramFailure(failure: DatagramFailure): void;
  receiveStreamEvent(event: StreamEvent, stream: StreamHandle): void;
}

/** Finds the member behind an address and port. */
export class AddressBook {
  readonly #byAddress = new Map<string, Map<number, NetworkPort>>();

  /** @throws {RangeError} if somebody is there already. */
  attach(endpoint: Endpoint, port: NetworkPort): void {
    const ports = this.#byAddress.get(endpoint.address) ?? new Map<number, NetworkPort>();
    const other = ports.get(endpoint.port);
    if (other !== undefined && other !== port) {
      throw new RangeError(`${endpoint.address}:${endpoint.port} is taken by ${other.name}`);
    }
    ports.set(endpoint.port, port);
    this.#byAddress.set(endpoint.address, ports);
  }

  detach(endpoint: Endpoint): void {
    const ports = this.#byAddress.get(endpoint.address);
    ports?.delete(endpoint.port);
    if (ports?.size === 0) this.#byAddress.delete(endpoint.address);
  }

  portAt(endpoint: Endpoint): NetworkPort | undefined {
    return this.#byAddress.get(endpoint.address)?.get(endpoint.port);
  }

  /** Somebody on the machine of this address, if there is such a machine. */
  anyAt(address: string): NetworkPort | undefined {
    return this.#byAddress.get(address)?.values().next().value;
  }
}
