/**
 * One core without a network: messages are put in, what it sends is read out, in virtual time.
 */
import {
  resolveSwimOptions,
  Swim,
  type Directive,
  type Endpoint,
  type StreamId,
  type SwimDelegate,
  type SwimEnvironment,
  type SwimEvent,
  type SwimOptionsInput,
  type SwimReport,
} from "@x/swim";
import {
  addressBytes,
  encodeMessage,
  encodeStream,
  openPacket,
  sealPacket,
  StreamReader,
  type AliveMessage,
  type DatagramMessage,
  type PushPullNode,
  type StreamMessage,
} from "@x/swim/wire";
import { seededRandom } from "./cluster.ts";
import type { PacketSettings } from "../../src/wire/packet.ts";
import { packetSettings } from "./packet-settings.ts";

export interface SentPacket {
  readonly target: Endpoint;
  readonly bytes: Uint8Array;
  readonly messages: readonly DatagramMessage[];
}

export type LoneCoreSettings = Partial<SwimOptionsInput> & {
  readonly delegate?: SwimDelegate;
  readonly environment?: Partial<SwimEnvironment>;
};

/** Timers are far away unless a test asks for them. */
const QUIET = { probeIntervalMs: 0, gossipIntervalMs: 0, pushPullIntervalMs: 0 } as const;

export class LoneCore {
  readonly swim: Swim;
  readonly events: SwimEvent[] = [];
  readonly reports: SwimReport[] = [];
  readonly directives: Directive<SwimEvent, SwimReport>[] = [];
  readonly #settings: PacketSettings;
  nowMs = 10_000;
  #sent: SentPacket[] = [];
  #nextAcceptedId = 2;

  constructor(settings: LoneCoreSettings = {}) {
    const { delegate = {}, environment = {}, ...input } = settings;
    this.#settings = packetSettings({ label: input.label ?? "" });
    const options = resolveSwimOptions({
      name: "self",
      advertiseEndpoint: { address: "10.0.0.1", port: 7946 },
      ...QUIET,
      ...input,
    });
    const random = seededRandom(5);
    this.swim = new Swim(
      options,
      { random, fillRandom: (bytes) => bytes.fill(7), ...environment },
      delegate,
    );
    this.call(() => this.swim.start(this.nowMs));
  }

  /** Calls into the core and keeps what it asks for. */
  call(action: () => void): void {
    action();
    for (const directive of this.swim.takeDirectives()) {
      this.directives.push(directive);
      if (directive.kind === "emit") this.events.push(directive.event);
      if (directive.kind === "report") this.reports.push(directive.report);
      if (directive.kind === "send-datagram") {
        const { bytes, target } = directive;
        this.#sent.push({ target, bytes, messages: this.open(bytes) });
      }
    }
  }

  /** Receives one datagram with these messages. */
  receive(messages: DatagramMessage | readonly DatagramMessage[], source = endpoint(9)): void {
    const list: readonly DatagramMessage[] = "kind" in messages ? [messages] : messages;
    const bytes = sealPacket(list.map(encodeMessage), this.#settings, {
      compress: false,
      checksum: false,
    });
    this.call(() => this.swim.handleDatagram({ bytes, source }, this.nowMs));
  }

  /** Lets the timers up to a moment from now run, each at its time. */
  advance(durationMs: number): void {
    const endMs = this.nowMs + durationMs;
    while (this.swim.nextDeadlineMs() <= endMs) {
      this.nowMs = Math.max(this.nowMs, this.swim.nextDeadlineMs());
      this.call(() => this.swim.handleTimeout(this.nowMs));
    }
    this.nowMs = endMs;
  }

  /** Empties what was sent since the last call. */
  takeSent(): readonly SentPacket[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  /** The messages of all packets sent since the last call. */
  takeMessages(): readonly DatagramMessage[] {
    return this.takeSent().flatMap(({ messages }) => messages);
  }

  open(bytes: Uint8Array): readonly DatagramMessage[] {
    const messages: DatagramMessage[] = [];
    openPacket(bytes, this.#settings, {
      handleMessage: (message) => void messages.push(message),
      handleRejected: (error) => {
        throw error;
      },
    });
    return messages;
  }

  /** Accepts a connection that carries one message. @returns what the core wrote, and its stream. */
  dialWith(message: StreamMessage, remote = endpoint(9)): { id: StreamId; reply?: StreamMessage } {
    const bytes = encodeStream(message, this.#settings, { role: "dialler", compress: false });
    const id = this.accept(remote);
    this.call(() => this.swim.handleStream({ kind: "data", streamId: id, bytes }, this.nowMs));
    const reply = this.written(id, "dialler");
    return reply === undefined ? { id } : { id, reply };
  }

  accept(remote = endpoint(9)): StreamId {
    const streamId = this.#nextAcceptedId;
    this.#nextAcceptedId += 2;
    this.call(() => this.swim.handleStream({ kind: "accepted", streamId, remote }, this.nowMs));
    return streamId;
  }

  /** The streams the core has asked for. */
  dialled(): readonly { readonly streamId: StreamId; readonly target: Endpoint }[] {
    return this.directives.filter((directive) => directive.kind === "open-stream");
  }

  /** The message the core wrote to a stream, as the other side reads it. */
  written(streamId: StreamId, role: "dialler" | "acceptor"): StreamMessage | undefined {
    const reader = new StreamReader(this.#settings, role);
    for (const directive of this.directives) {
      if (directive.kind === "write-stream" && directive.streamId === streamId) {
        reader.push(directive.bytes);
      }
    }
    return reader.message();
  }

  /** Whether the core has closed or reset a stream. */
  hasClosed(streamId: StreamId): boolean {
    return this.directives.some(
      (directive) =>
        (directive.kind === "close-stream" || directive.kind === "reset-stream") &&
        directive.streamId === streamId,
    );
  }

  opened(streamId: StreamId): void {
    this.call(() => this.swim.handleStream({ kind: "opened", streamId }, this.nowMs));
  }

  /** Answers on a stream the core has dialled. */
  answer(streamId: StreamId, message: StreamMessage): void {
    const bytes = encodeStream(message, this.#settings, { role: "acceptor", compress: false });
    this.call(() => this.swim.handleStream({ kind: "data", streamId, bytes }, this.nowMs));
  }

  reportsOf<Kind extends SwimReport["kind"]>(kind: Kind): Extract<SwimReport, { kind: Kind }>[] {
    return this.reports.filter((report) => report.kind === kind) as never;
  }

  /** `kind name` of each event, for short. */
  eventNames(): readonly string[] {
    return this.events.map((event) =>
      "member" in event ? `${event.kind} ${event.member.name}` : event.kind,
    );
  }
}

/** `10.0.0.<number>:7946`. */
export function endpoint(number: number): Endpoint {
  return { address: `10.0.0.${number}`, port: 7946 };
}

export const VERSIONS: Uint8Array = Uint8Array.of(1, 5, 2, 0, 0, 0);

/** An alive claim of a member at `10.0.0.<number>:7946`. */
export function aliveOf(
  node: string,
  number: number,
  more: Partial<AliveMessage> = {},
): AliveMessage {
  const address = addressBytes(endpoint(number).address);
  const meta = new Uint8Array(0);
  return {
    kind: "alive",
    incarnation: 1,
    node,
    address,
    port: 7946,
    meta,
    versions: VERSIONS,
    ...more,
  };
}

/** The push/pull entry of such a member. */
export function entryOf(
  name: string,
  number: number,
  more: Partial<PushPullNode> = {},
): PushPullNode {
  const { address, meta, port, versions } = aliveOf(name, number);
  return { name, address, meta, port, versions, incarnation: 1, state: 0, ...more };
}
