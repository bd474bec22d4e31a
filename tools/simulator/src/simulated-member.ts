/**
 * One core on its simulated machine: the driver of a member.
 *
 * Does what a driver with real sockets does, in the same order: one input into the core, then its
 * directives, then one timer. It may be paused (its kernel goes on buffering, its timers are late),
 * slow (each input takes a while, others queue), or have a clock of its own.
 */
import { LocalClock } from "./local-clock.ts";
import type { Undo } from "./link-rules.ts";
import type { NetworkPort, StreamHandle } from "./network-port.ts";
import type {
  DatagramFailure,
  Directive,
  Endpoint,
  SimulatedCore,
  StreamEvent,
} from "./protocol-core.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { InvalidCoreError } from "./simulation-error.ts";
import { Traffic } from "./traffic.ts";
import type { TimedEvent, VirtualClock } from "./virtual-clock.ts";

/** What made a core run. */
export type StepCause = "datagram" | "datagram-failure" | "stream" | "timeout" | "call";

/** What a member needs of its simulation. */
export interface MemberSurroundings<Event, Report> {
  readonly clock: VirtualClock;
  /** Performs one directive. */
  perform(member: NetworkPort, directive: Directive<Event, Report>): void;
  /** The core was called, and everything it asked for was done. */
  stepped(member: NetworkPort, cause: StepCause, input?: Input): void;
}

/** What comes to a core from outside. */
export type Input =
  | { readonly kind: "datagram"; readonly bytes: Uint8Array; readonly source: Endpoint }
  | { readonly kind: "datagram-failure"; readonly failure: DatagramFailure }
  | { readonly kind: "stream"; readonly event: StreamEvent; readonly stream: StreamHandle };

interface WaitingInput {
  readonly input: Input;
  readonly sinceMs: number;
}

/** A deadline that lies in the past again and again would stop virtual time. */
const MAX_TIMEOUTS_AT_ONE_TIME = 10_000;

export class SimulatedMember<Core extends SimulatedCore<Event, Report>, Event, Report>
  implements NetworkPort, TimedEvent
{
  readonly index: number;
  readonly name: string;
  readonly random: SeededRandom;
  readonly traffic: Traffic = new Traffic();
  endpoint: Endpoint;
  heapIndex = -1;
  isMachineUp = true;
  isProcessUp = true;
  core: Core;
  readonly #around: MemberSurroundings<Event, Report>;
  readonly #localClock: LocalClock;
  readonly #receiveBufferBytes: number;
  #inbox: WaitingInput[] = [];
  #inboxHead = 0;
  #bufferedBytes = 0;
  #deadlineLocalMs = Infinity;
  #deadlineMs = Infinity;
  #busyUntilMs = 0;
  #serviceMs = 0;
  /** Troubles of one kind may overlap; each ends on its own. */
  readonly #pauses = new Map<object, number>();
  readonly #slowdowns = new Map<object, number>();
  readonly #drifts = new Map<object, number>();
  #isPerforming = false;
  #timeoutsAtMs = -1;
  #timeoutCount = 0;
  #armedMs = Infinity;

  constructor(options: {
    index: number;
    name: string;
    endpoint: Endpoint;
    core: Core;
    random: SeededRandom;
    surroundings: MemberSurroundings<Event, Report>;
    clockOffsetMs: number;
    receiveBufferBytes: number;
  }) {
    this.index = options.index;
    this.name = options.name;
    this.endpoint = options.endpoint;
    this.core = options.core;
    this.random = options.random;
    this.#around = options.surroundings;
    this.#localClock = new LocalClock(options.clockOffsetMs);
    this.#receiveBufferBytes = options.receiveBufferBytes;
  }

  /** What this member's clock shows. */
  get localMs(): number {
    return this.#localClock.read(this.#around.clock.nowMs);
  }

  /** Runs `action` on the core, whatever state its process is in, and does what it asks for. */
  call<Result>(action: (core: Core, nowMs: number) => Result): Result {
    const result = action(this.core, this.localMs);
    this.#finish("call");
    return result;
  }

  receiveDatagram(bytes: Uint8Array, source: Endpoint): boolean {
    if (this.#isIdle) {
      this.#step({ kind: "datagram", bytes, source });
      return true;
    }
    if (this.#bufferedBytes + bytes.length > this.#receiveBufferBytes) return false;
    this.#bufferedBytes += bytes.length;
    this.#wait({ kind: "datagram", bytes, source });
    return true;
  }

  receiveDatagramFailure(failure: DatagramFailure): void {
    // Always later, as from a socket: the core is in the middle of something now.
    this.#wait({ kind: "datagram-failure", failure });
  }

  receiveStreamEvent(event: StreamEvent, stream: StreamHandle): void {
    if (!this.isProcessUp) return;
    if (this.#isIdle) this.#step({ kind: "stream", event, stream });
    else this.#wait({ kind: "stream", event, stream });
  }

  /** Something is due: a deadline, or an input that waited. */
  fire(nowMs: number): void {
    if (this.#pauses.size > 0 || !this.isProcessUp) return;
    const waiting = this.#inbox[this.#inboxHead];
    if (
      this.#deadlineMs <= nowMs &&
      !(waiting !== undefined && waiting.sinceMs < this.#deadlineMs)
    ) {
      this.#timeout(nowMs);
    } else if (waiting !== undefined) {
      this.#dequeue(waiting);
      this.#step(waiting.input);
    } else {
      this.#arm();
    }
  }

  /** Stops the process without ending it, until the answer is called. */
  pause(): Undo {
    return this.#suffer(this.#pauses, 1, () => this.#arm());
  }

  /** From now on each input keeps the core busy so much longer, until the answer is called. */
  slowDown(serviceMs: number): Undo {
    if (!(serviceMs >= 0 && serviceMs < Infinity)) {
      throw new RangeError(`serviceMs must be >= 0, got ${serviceMs}`);
    }
    return this.#suffer(this.#slowdowns, serviceMs, () => {
      this.#serviceMs = [...this.#slowdowns.values()].reduce((sum, extraMs) => sum + extraMs, 0);
      if (this.#serviceMs === 0) this.#busyUntilMs = 0;
      this.#arm();
    });
  }

  /** Lets its clock run so much faster, until the answer is called. */
  drift(rate: number): Undo {
    if (!(rate > 0 && rate < Infinity)) throw new RangeError(`rate must be above 0, got ${rate}`);
    return this.#suffer(this.#drifts, rate, () => {
      const total = [...this.#drifts.values()].reduce((product, factor) => product * factor, 1);
      this.#localClock.drift(this.#around.clock.nowMs, total);
      this.#deadlineMs = this.#localClock.virtualMs(this.#deadlineLocalMs);
      this.#arm();
    });
  }

  /** The process ends, and with it what its kernel held for it. */
  stop(isMachineUp: boolean): void {
    this.isProcessUp = false;
    this.isMachineUp = isMachineUp;
    this.#pauses.clear();
    this.#inbox = [];
    this.#inboxHead = 0;
    this.#bufferedBytes = 0;
    this.#busyUntilMs = 0;
    this.#arm();
  }

  /** A new process, with a core that knows nothing of the old one. */
  restart(core: Core): void {
    this.core = core;
    this.isProcessUp = true;
    this.isMachineUp = true;
    this.#finish("call");
  }

  get #isIdle(): boolean {
    return (
      this.#pauses.size === 0 &&
      !this.#isPerforming &&
      this.#inboxHead === this.#inbox.length &&
      this.#busyUntilMs <= this.#around.clock.nowMs
    );
  }

  #suffer(troubles: Map<object, number>, amount: number, changed: () => void): Undo {
    const token = {};
    troubles.set(token, amount);
    changed();
    return () => {
      if (troubles.delete(token)) changed();
    };
  }

  #wait(input: Input): void {
    this.#inbox.push({ input, sinceMs: this.#around.clock.nowMs });
    this.#arm();
  }

  #dequeue({ input }: WaitingInput): void {
    this.#inboxHead += 1;
    if (input.kind === "datagram") this.#bufferedBytes -= input.bytes.length;
    if (this.#inboxHead < this.#inbox.length && this.#inboxHead < 1024) return;
    this.#inbox = this.#inbox.slice(this.#inboxHead);
    this.#inboxHead = 0;
  }

  #step(input: Input): void {
    const nowMs = this.localMs;
    switch (input.kind) {
      case "datagram":
        this.traffic.datagramsReceived += 1;
        this.traffic.datagramBytesReceived += input.bytes.length;
        this.core.handleDatagram({ bytes: input.bytes, source: input.source }, nowMs);
        break;
      case "datagram-failure":
        this.core.handleDatagramFailure(input.failure, nowMs);
        break;
      case "stream":
        if (!input.stream.isHeard) return this.#arm();
        this.core.handleStream(input.event, nowMs);
        input.stream.handleDelivered(input.event);
        break;
    }
    this.#finish(input.kind, input);
  }

  #timeout(nowMs: number): void {
    this.#timeoutCount = this.#timeoutsAtMs === nowMs ? this.#timeoutCount + 1 : 1;
    this.#timeoutsAtMs = nowMs;
    if (this.#timeoutCount > MAX_TIMEOUTS_AT_ONE_TIME) {
      throw new InvalidCoreError(
        `${this.name} asked ${this.#timeoutCount} times for a deadline that has passed`,
      );
    }
    const localMs = this.#localClock.readAtLeast(nowMs, this.#deadlineLocalMs);
    this.core.handleTimeout(localMs);
    this.#finish("timeout");
  }

  /** Directives, deadline, service time: after every call into the core. */
  #finish(cause: StepCause, input?: Input): void {
    this.traffic.steps += 1;
    // A hook of the user may call the core while its directives are performed: what that call asks
    // for comes after what is being done, as with a real driver.
    if (this.#isPerforming) return;
    this.#isPerforming = true;
    try {
      while (this.isProcessUp) {
        const directives = this.core.takeDirectives();
        if (directives.length === 0) break;
        for (const directive of directives) {
          if (this.isProcessUp) this.#around.perform(this, directive);
        }
      }
    } finally {
      this.#isPerforming = false;
    }
    const { nowMs } = this.#around.clock;
    if (this.#serviceMs > 0 && cause !== "call") {
      this.#busyUntilMs = Math.max(this.#busyUntilMs, nowMs) + this.#serviceMs;
    }
    const deadlineLocalMs = this.core.nextDeadlineMs();
    if (deadlineLocalMs !== this.#deadlineLocalMs) {
      if (Number.isNaN(deadlineLocalMs)) {
        throw new InvalidCoreError(`${this.name} asked for a deadline that is no number`);
      }
      this.#deadlineLocalMs = deadlineLocalMs;
      this.#deadlineMs = this.#localClock.virtualMs(deadlineLocalMs);
    }
    this.#arm();
    this.#around.stepped(this, cause, input);
  }

  /** One timer for whatever is next. */
  #arm(): void {
    const { clock } = this.#around;
    let nextMs = Infinity;
    if (this.isProcessUp && this.#pauses.size === 0) {
      nextMs = this.#inboxHead < this.#inbox.length ? clock.nowMs : this.#deadlineMs;
      if (nextMs < this.#busyUntilMs) nextMs = this.#busyUntilMs;
    }
    if (nextMs === this.#armedMs && this.heapIndex >= 0) return;
    this.#armedMs = nextMs;
    clock.schedule(this, nextMs);
  }
}
