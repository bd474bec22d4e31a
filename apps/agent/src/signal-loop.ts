/**
 * What may end an agent, or make it do something, in the order it happens.
 */
import type { AgentWorld } from "./agent-program.ts";

/** Why the loop of the program goes on. */
export type Cause =
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals }
  /** An RPC client's `leave` is done and answered. */
  | { readonly kind: "shutdown-requested" }
  | { readonly kind: "serf-closed" }
  | { readonly kind: "retry-exhausted" };

/** Signals that may wait while another is handled; more would be a flood. */
export const waitingLimit = 64;

/** A queue of causes with one reader. */
export class SignalLoop {
  readonly #waiting: Cause[] = [];
  readonly #stopListening: () => void;
  #wake: (() => void) | undefined;
  #second: (() => void) | undefined;

  constructor(world: Pick<AgentWorld, "onSignal">) {
    this.#stopListening = world.onSignal((signal) => {
      // During a graceful leave any signal but the dump means: at once.
      if (this.#second !== undefined && signal !== "SIGUSR1") this.#second();
      else this.#push({ kind: "signal", signal });
    });
  }

  requestShutdown(): void {
    this.#push({ kind: "shutdown-requested" });
  }

  serfClosed(): void {
    this.#push({ kind: "serf-closed" });
  }

  retryExhausted(): void {
    this.#push({ kind: "retry-exhausted" });
  }

  /** Waits for the next cause. */
  async next(): Promise<Cause> {
    for (;;) {
      const cause = this.#waiting.shift();
      if (cause !== undefined) return cause;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** From here on a signal means not to wait; so does one that came before it could be looked at. */
  secondSignal(): Promise<void> {
    const isHurried = this.#waiting.some(
      (cause) => cause.kind === "signal" && cause.signal !== "SIGUSR1",
    );
    if (isHurried) return Promise.resolve();
    return new Promise((resolve) => {
      this.#second = resolve;
    });
  }

  /** @returns what the work comes to, or `undefined` as soon as a signal says not to wait for it. */
  async untilSignal<Result>(work: Promise<Result>): Promise<Result | undefined> {
    const signalled = this.secondSignal().then(() => undefined);
    try {
      return await Promise.race([work, signalled]);
    } finally {
      this.#second = undefined;
    }
  }

  close(): void {
    this.#stopListening();
  }

  #push(cause: Cause): void {
    if (this.#waiting.length < waitingLimit) this.#waiting.push(cause);
    this.#wake?.();
    this.#wake = undefined;
  }
}
