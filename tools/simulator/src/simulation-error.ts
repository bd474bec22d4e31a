/** How a simulation fails. */

/** What failed. */
export type SimulationErrorCode =
  /** `runUntil` waited in vain. */
  | "not-reached"
  /** A checker found something that must never be. */
  | "violated"
  /** A core threw, or broke the contract between cores and drivers. */
  | "core-failed";

/** A failed simulation, with all that is needed to see it again. */
export class SimulationError extends Error {
  override readonly name = "SimulationError";
  readonly code: SimulationErrorCode;
  readonly seed: number;
  /** Virtual time of the failure. */
  readonly atMs: number;
  /** The last things that happened, one a line. */
  readonly lastEvents: string;

  constructor(options: {
    code: SimulationErrorCode;
    fact: string;
    seed: number;
    atMs: number;
    lastEvents: string;
    replayHint: string;
    cause?: unknown;
  }) {
    const { code, fact, seed, atMs, lastEvents, replayHint, cause } = options;
    super(
      `seed ${seed}, ${atMs.toFixed(3)} ms: ${fact}\nreplay: ${replayHint}\nlast events:\n${lastEvents}`,
      cause === undefined ? {} : { cause },
    );
    this.code = code;
    this.seed = seed;
    this.atMs = atMs;
    this.lastEvents = lastEvents;
  }
}

/** A core that does not keep the contract between cores and drivers. */
export class InvalidCoreError extends Error {
  override readonly name = "InvalidCoreError";
}
