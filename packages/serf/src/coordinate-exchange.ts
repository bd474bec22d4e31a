/**
 * Network coordinates, carried by the acks of direct pings and remembered per member.
 *
 * Deviation: the own coordinate is written to the snapshot again (the reference stopped in 2017 and
 * ignores such lines), so that estimates are good at once after a restart.
 *
 * Source: Serf specification §16 rules 4 to 6.
 */
import type { Member as SwimMember } from "@x/swim";
import { WireError } from "@x/swim/wire";
import {
  areCompatible,
  CoordinateClient,
  defaultVivaldiOptions,
  estimatedRttSeconds,
  type Coordinate,
} from "@x/vivaldi";
import type { SerfContext } from "./serf-context.ts";
import { decodePingPayload, encodePingPayload } from "./wire/ping-payload.ts";

/** How often the own coordinate is written to the snapshot. */
const RECORD_INTERVAL_MS = 60_000;

/** The own coordinate, and the last one heard of each member of the table. */
export class CoordinateExchange {
  readonly #context: SerfContext;
  readonly #client: CoordinateClient;
  readonly #byName = new Map<string, Coordinate>();
  #payload: Uint8Array | undefined;
  #payloadOf: Coordinate | undefined;
  #recordedAtMs = -Infinity;

  constructor(context: SerfContext) {
    this.#context = context;
    this.#client = new CoordinateClient(defaultVivaldiOptions, () => context.random());
    const recovered = context.environment.recovered?.coordinate;
    if (recovered !== undefined) this.#client.restore(recovered);
  }

  /** Own coordinate. */
  get own(): Coordinate {
    return this.#client.coordinate;
  }

  /** How often the own coordinate had to start anew. */
  get resetCount(): number {
    return this.#client.stats.resets;
  }

  /** What is known about a member; the own one is always known. */
  of(name: string): Coordinate | undefined {
    return name === this.#context.name ? this.#client.coordinate : this.#byName.get(name);
  }

  /** Estimated round-trip time in milliseconds between two members whose coordinates are known. */
  rttMs(from: string, to: string): number | undefined {
    const a = this.of(from);
    const b = this.of(to);
    if (a === undefined || b === undefined || !areCompatible(a, b)) return undefined;
    return estimatedRttSeconds(a, b) * 1_000;
  }

  /** What the next ack carries; encoded anew only when it has moved. */
  ackPayload(): Uint8Array {
    const { coordinate } = this.#client;
    if (this.#payload === undefined || this.#payloadOf !== coordinate) {
      this.#payload = encodePingPayload(coordinate);
      this.#payloadOf = coordinate;
    }
    return this.#payload;
  }

  handlePing(member: SwimMember, rttMs: number, payload: Uint8Array, nowMs: number): void {
    if (payload.length === 0) return;
    const { name } = member;
    let coordinate: Coordinate;
    try {
      coordinate = decodePingPayload(payload);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#context.report({ kind: "coordinate-rejected", name, message: error.message });
      return;
    }
    const outcome = this.#client.observe(name, coordinate, rttMs / 1_000);
    if (outcome.kind === "rejected") {
      this.#context.report({ kind: "coordinate-rejected", name, message: outcome.reason });
      return;
    }
    // Only of members of the table, so that the cache is bounded as the table is.
    if (this.#context.registry.find(name) !== undefined) this.#byName.set(name, coordinate);
    if (nowMs - this.#recordedAtMs < RECORD_INTERVAL_MS) return;
    this.#recordedAtMs = nowMs;
    this.#context.environment.snapshot?.recordCoordinate(this.#client.coordinate);
  }

  /** A member was erased. */
  forget(name: string): void {
    this.#byName.delete(name);
    this.#client.forget(name);
  }
}
