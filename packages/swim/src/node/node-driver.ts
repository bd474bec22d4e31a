/**
 * Drives one protocol core in real time: what arrives goes in, what the core asks for is done.
 *
 * The driver knows nothing of any protocol. It keeps the three promises every core relies on:
 * after each call its directives are performed in order, time never runs backwards, and
 * `handleTimeout` comes when `nextDeadlineMs` says so. At rest it holds one timer and costs nothing.
 *
 * Read next: `transport.ts` (below it), `start-swim.ts` (above it).
 */
import { performance } from "node:perf_hooks";
import type { Directive } from "../directive.ts";
import { InvariantError } from "../errors.ts";
import type { Endpoint, ProtocolCore } from "../protocol-core.ts";
import { LoopDelayMeter, type LoopDelay } from "./loop-delay.ts";
import type { Transport, TransportHandler, TransportReport } from "./transport.ts";

/**
 * Who hears what the core emits and reports. Called between two calls of the core, never from
 * inside one, so a listener may `call` back in. What a listener throws does not reach the core:
 * it becomes an uncaught exception of the process.
 */
export interface DriverListener<Event, Report> {
  onEvent?(event: Event): void;
  onReport?(report: Report): void;
  onTransportReport?(report: TransportReport): void;
}

/** Longest wait of a Node timer; a longer one would fire at once. */
const LONGEST_TIMER_MS = 0x7fff_ffff;

/** A deadline that moves away by less leaves the timer where it is. */
const NEGLIGIBLE_WAIT_MS = 100;

/** From this lateness on, timeouts wait until the sockets have been read. */
const STALL_MS = 10;

/**
 * Keeps a core going on a transport.
 *
 * The transport is bound first, since only then is the port known that the core has to announce.
 *
 * @example
 * const transport = await SocketTransport.bind({ bindAddress: "127.0.0.1", bindPort: 0 });
 * const core = makeCore(transport.localEndpoint);
 * const driver = new NodeDriver(core, transport, { onEvent: (event) => console.log(event) });
 */
export class NodeDriver<Event, Report> implements AsyncDisposable {
  readonly #core: ProtocolCore<Event, Report>;
  readonly #transport: Transport;
  readonly #listener: DriverListener<Event, Report>;
  readonly #loopDelay = new LoopDelayMeter();
  /** When what is going on now began. */
  #lastNowMs = performance.now();
  /** Calls into the core on the stack; above 0 its outbox is not complete. */
  #callDepth = 0;
  #isPerforming = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  /** When the timer fires; never later than the core's deadline. */
  #timerDueMs = Infinity;

  /** Starts the transport and takes what the core already wants done. */
  constructor(
    core: ProtocolCore<Event, Report>,
    transport: Transport,
    listener: DriverListener<Event, Report> = {},
  ) {
    this.#core = core;
    this.#transport = transport;
    this.#listener = listener;
    transport.start(this.#inputs());
    this.#settle();
  }

  /** The address and port bound. */
  get localEndpoint(): Endpoint {
    return this.#transport.localEndpoint;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How late this process runs. */
  get loopDelay(): LoopDelay {
    return this.#loopDelay.figures;
  }

  /** The clock of the core. */
  nowMs(): number {
    return this.#advance(performance.now());
  }

  /**
   * Calls into the core, then does what it asks for. The only way for others to touch the core.
   * From inside a listener or a hook the directives wait for the outer call to end.
   *
   * @throws {InvariantError} after `close`; and whatever `enter` throws, once the core's
   *   directives are performed.
   */
  call<Result>(enter: (nowMs: number) => Result): Result {
    if (this.#isClosed)
      throw new InvariantError("call after close: the core is not driven any more");
    return this.#enter(performance.now(), enter);
  }

  /**
   * Stops driving: no more input, no more output, streams the core has closed may flush for a
   * moment. Idempotent; the core is not told (shut it down before).
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#disarm();
    await this.#transport.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What the transport may call; silent once closed. */
  #inputs(): TransportHandler {
    const core = this.#core;
    const input = (timeMs: number, enter: (nowMs: number) => void): void => {
      if (!this.#isClosed) this.#enter(timeMs, enter);
    };
    return {
      handleDatagram: (datagram, receivedAtMs) =>
        input(receivedAtMs, (nowMs) => core.handleDatagram(datagram, nowMs)),
      handleDatagramFailure: (failure, timeMs) =>
        input(timeMs, (nowMs) => core.handleDatagramFailure(failure, nowMs)),
      handleStream: (event, timeMs) => input(timeMs, (nowMs) => core.handleStream(event, nowMs)),
      handleTransportReport: (report) => {
        if (!this.#isClosed) this.#tell(() => this.#listener.onTransportReport?.(report));
      },
    };
  }

  #enter<Result>(timeMs: number, enter: (nowMs: number) => Result): Result {
    this.#callDepth += 1;
    try {
      return enter(this.#advance(timeMs));
    } finally {
      this.#callDepth -= 1;
      this.#settle();
    }
  }

  /** Readings come from several places; the core is promised that they never run backwards. */
  #advance(timeMs: number): number {
    this.#lastNowMs = Math.max(this.#lastNowMs, timeMs);
    return this.#lastNowMs;
  }

  /** Performs everything the core asks for, what listeners cause by calling back in included. */
  #settle(): void {
    if (this.#callDepth > 0 || this.#isPerforming) return;
    this.#isPerforming = true;
    try {
      for (;;) {
        const directives = this.#core.takeDirectives();
        if (directives.length === 0) break;
        for (const directive of directives) {
          if (!this.#isClosed) this.#perform(directive);
        }
      }
    } finally {
      this.#isPerforming = false;
    }
    this.#arm();
  }

  #perform(directive: Directive<Event, Report>): void {
    switch (directive.kind) {
      case "send-datagram":
        this.#transport.sendDatagram(directive.target, directive.bytes);
        return;
      case "open-stream":
        this.#transport.openStream(directive.streamId, directive.target, directive.timeoutMs);
        return;
      case "write-stream":
        this.#transport.writeStream(directive.streamId, directive.bytes);
        return;
      case "close-stream":
        this.#transport.closeStream(directive.streamId);
        return;
      case "reset-stream":
        this.#transport.resetStream(directive.streamId);
        return;
      case "emit":
        this.#tell(() => this.#listener.onEvent?.(directive.event));
        return;
      case "report":
        this.#tell(() => this.#listener.onReport?.(directive.report));
        return;
    }
  }

  #tell(speak: () => void): void {
    try {
      speak();
    } catch (error) {
      // The rest of the directives must still be performed, and the defect must still be seen.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /**
   * Leaves a timer alone that is only a little early: firing in vain costs one comparison, while
   * moving the timer at every datagram would cost two operations each. One that is much too early,
   * as after the answer to a ping, is moved: a process that wakes has forgotten everything its
   * processor had at hand, so that firing in vain took a twelfth of what an idle member uses.
   */
  #arm(): void {
    if (this.#isClosed) return;
    const dueMs = this.#core.nextDeadlineMs();
    const timerDueMs = this.#timerDueMs;
    if (dueMs === timerDueMs) return;
    if (dueMs > timerDueMs && dueMs < timerDueMs + NEGLIGIBLE_WAIT_MS) return;
    this.#disarm();
    if (dueMs === Infinity) return;
    // Timers of Node count from the beginning of the turn of the loop as well.
    const waitMs = dueMs - this.#lastNowMs;
    this.#timerDueMs = dueMs;
    if (waitMs <= 0) {
      // Behind the sockets that are ready now: work that is due never starves them.
      this.#immediate = setImmediate(() => this.#fire());
      return;
    }
    if (waitMs > LONGEST_TIMER_MS) this.#timerDueMs = dueMs - waitMs + LONGEST_TIMER_MS;
    this.#timer = setTimeout(() => this.#fire(), Math.min(Math.ceil(waitMs), LONGEST_TIMER_MS));
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
    this.#timerDueMs = Infinity;
  }

  #fire(): void {
    const nowMs = this.nowMs();
    if (this.#timer !== undefined) {
      const lateMs = nowMs - this.#timerDueMs;
      this.#timer = undefined;
      this.#loopDelay.observe(lateMs);
      if (lateMs > STALL_MS) {
        // Timers come before sockets in a turn of the loop. After a stall of our own the answers
        // are there and only unread: read them before anybody is accused of silence.
        this.#immediate = setImmediate(() => this.#fire());
        return;
      }
    }
    this.#disarm();
    if (this.#core.nextDeadlineMs() > nowMs) this.#arm();
    else this.#enter(nowMs, (now) => this.#core.handleTimeout(now));
  }
}
