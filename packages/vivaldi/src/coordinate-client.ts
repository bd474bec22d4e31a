/**
 * One member's own coordinate, and the way each measured RTT moves it.
 *
 * Decides the order of things: judge, filter, move, check. What is judged is in
 * `admission.ts`, the filter in `latency-filter.ts`, the move in `refined-motion.ts` or,
 * without a refinement, `reference-motion.ts`. It leaves to others how coordinates
 * travel: take `coordinate` along in your own acks and hand theirs to `observe`.
 */
import { isPlausibleRtt, judgeCoordinate } from "./admission.ts";
import type { Coordinate } from "./coordinate.ts";
import { estimatedRttSeconds } from "./coordinate.ts";
import type { Outcome, RejectionReason } from "./errors.ts";
import { ACCEPTED, rejected } from "./errors.ts";
import { LatencyFilter } from "./latency-filter.ts";
import type { Motion } from "./motion.ts";
import { Position } from "./position.ts";
import { ReferenceMotion } from "./reference-motion.ts";
import { RefinedMotion } from "./refined-motion.ts";
import type { VivaldiOptions } from "./vivaldi-options.ts";
import { checkVivaldiOptions } from "./vivaldi-options.ts";

/** Counts since the client was made, and how much it holds. */
export interface CoordinateStats {
  /** Observations that were taken. */
  readonly accepted: number;
  /** Observations, restored and set coordinates that were refused. */
  readonly rejected: number;
  /** Times the own coordinate ceased to be finite and went back to the origin. */
  readonly resets: number;
  /** Accepted observations with an RTT of 0, the mark of a coarse timer. */
  readonly zeroRtts: number;
  /** Members with RTT samples now. */
  readonly trackedMembers: number;
}

/**
 * Moves a client without judging, for tests of the health check: no call of the public
 * interface leads into such a state. Not exported from the package.
 *
 * @internal
 */
export let forcePosition: (client: CoordinateClient, coordinate: Coordinate) => void;

/**
 * Keeps one member's coordinate.
 *
 * Memory: about 165 bytes per tracked member beside its name, and 17 kB in all for the
 * replayed samples of the default options. Pure: no clock, no I/O; the same calls with the same
 * random source give the same coordinates.
 *
 * @example
 * const here = new CoordinateClient(defaultVivaldiOptions, () => 0.5);
 * here.distanceTo(here.coordinate); // => 0.00002
 */
export class CoordinateClient {
  readonly #options: VivaldiOptions;
  readonly #position: Position;
  readonly #filter: LatencyFilter;
  readonly #motion: Motion;
  #snapshot: Coordinate | undefined;
  #accepted = 0;
  #rejected = 0;
  #resets = 0;
  #zeroRtts = 0;

  /**
   * @param options - a preset, or one spread with changes.
   * @param random - uniform in `[0, 1)`, such as `Math.random`; asked only to part members
   *   that are in one point.
   * @throws {RangeError} naming the option that cannot work.
   */
  constructor(options: VivaldiOptions, random: () => number) {
    checkVivaldiOptions(options);
    this.#options = options;
    this.#position = new Position(options);
    this.#motion =
      options.refinement === undefined
        ? new ReferenceMotion(options, this.#position, random)
        : new RefinedMotion(options, options.refinement, this.#position, random);
    this.#filter = new LatencyFilter({
      size: options.latencyFilterSize,
      evenMedian: options.latencyFilterEvenMedian,
      trackedMembersLimit: options.trackedMembersLimit,
      handleForgotten: (memberIndex) => this.#motion.forget(memberIndex),
    });
  }

  /** Where this member is now: a copy to read, one and the same object until something moves it. */
  get coordinate(): Coordinate {
    this.#snapshot ??= this.#position.snapshot();
    return this.#snapshot;
  }

  get stats(): CoordinateStats {
    return {
      accepted: this.#accepted,
      rejected: this.#rejected,
      resets: this.#resets,
      zeroRtts: this.#zeroRtts,
      trackedMembers: this.#filter.trackedMembers,
    };
  }

  /**
   * Learns from one measured round trip.
   *
   * Takes what the network yields as it comes, and never throws for it: a refused
   * observation changes nothing but `stats.rejected`.
   *
   * Measure with a monotonic clock, from just before the ping is sent to the first
   * instruction after its ack arrives, and leave out samples taken while the event loop
   * was late: everything in between counts as distance (behaviour specification §10 no. 3).
   *
   * @param memberName - who answered; RTTs are filtered per name.
   * @param other - the coordinate in the answer.
   * @param rttSeconds - from 0 to 10 inclusive, else it is refused.
   */
  observe(memberName: string, other: Coordinate, rttSeconds: number): Outcome {
    const reason = this.#judge(other);
    if (reason !== undefined) return this.#reject(reason);
    if (!isPlausibleRtt(rttSeconds)) return this.#reject("rtt-out-of-range");

    if (rttSeconds === 0) this.#zeroRtts++;
    const memberIndex = this.#filter.track(memberName);
    const filteredSeconds = this.#filter.observe(memberIndex, rttSeconds);
    this.#motion.observe(memberIndex, other, filteredSeconds);
    this.#accepted++;
    this.#snapshot = undefined;
    if (!this.#position.isFinite) this.#reset();
    return ACCEPTED;
  }

  /**
   * The RTT to expect to another member, seconds, cut to whole nanoseconds.
   *
   * @throws {RangeError} if its vector has another length than ours.
   */
  distanceTo(other: Coordinate): number {
    return estimatedRttSeconds(this.coordinate, other);
  }

  /**
   * Puts the member exactly where `coordinate` says, if it would be accepted from another.
   * What is known about other members stays. A defended client keeps its error within
   * `[defence.errorMin, errorMax]`: with an error of 0 it would never move again.
   */
  setCoordinate(coordinate: Coordinate): Outcome {
    const reason = this.#judge(coordinate);
    if (reason !== undefined) return this.#reject(reason);
    const { defence, errorMax } = this.#options;
    const error =
      defence === undefined
        ? coordinate.error
        : Math.min(Math.max(coordinate.error, defence.errorMin), errorMax);
    this.#moveTo({ ...coordinate, error });
    this.#motion.handlePlaced();
    return ACCEPTED;
  }

  /**
   * Takes up a coordinate saved before a restart, so that estimates are good at once
   * instead of after many probes. It is judged like a stranger's, since files rot too, and
   * its error is raised to `defence.restoredErrorMin`: the member then moves readily if the
   * network has changed, and others do not rely on it yet.
   *
   * Source: behaviour specification §10 no. 9.
   */
  restore(saved: Coordinate): Outcome {
    const { defence, errorMax } = this.#options;
    const errorMin = defence?.restoredErrorMin ?? errorMax;
    const error = Math.min(Math.max(saved.error, errorMin), errorMax);
    // A NaN error stays NaN here and is refused there.
    return this.setCoordinate({ ...saved, error });
  }

  /** Drops the RTT samples of a member that is gone. @returns whether there were any. */
  forget(memberName: string): boolean {
    return this.#filter.forget(memberName);
  }

  #judge(coordinate: Coordinate): RejectionReason | undefined {
    const { dimensionality, defence } = this.#options;
    return judgeCoordinate(coordinate, dimensionality, defence?.coordinateBoundSeconds);
  }

  #moveTo(coordinate: Coordinate): void {
    this.#position.moveTo(coordinate);
    this.#snapshot = undefined;
  }

  #reject(reason: RejectionReason): Outcome {
    this.#rejected++;
    return rejected(reason);
  }

  /** Behaviour specification §4 step 6: better nowhere than nonsense that spreads. */
  #reset(): void {
    this.#resets++;
    this.#position.moveToOrigin();
    this.#motion.handleReset();
  }

  static {
    forcePosition = (client, coordinate) => client.#moveTo(coordinate);
  }
}
