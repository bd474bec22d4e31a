/**
 * How long a suspect has to refute before it is declared dead, and who else accuses it.
 *
 * The wait starts long and falls as independent members confirm, so that one slow accuser alone is
 * not soon believed (Lifeguard's dynamic suspicion).
 *
 * Source: Lifeguard §IV-B, arXiv:1707.00788; behaviour specification §4.
 */

/** How long to wait at least and at most, and how many confirmations bring it to the least. */
export interface SuspicionBounds {
  readonly minMs: number;
  readonly maxMs: number;
  /** `k ≥ 0`; 0 = nobody is there to confirm, the wait is `minMs` from the start. */
  readonly confirmationLimit: number;
}

/** What the bounds depend on. */
export interface SuspicionSettings {
  readonly suspicionMultiplier: number;
  readonly suspicionMaxTimeoutMultiplier: number;
  readonly probeIntervalMs: number;
}

/**
 * The bounds for a cluster of `memberCount` records at this moment.
 *
 *     min = multiplier · ⌊1000 · max(1, log₁₀ n)⌋ · interval / 1000      max = maxMultiplier · min
 *
 * `k = multiplier − 2`, or 0 if fewer than `k` others could confirm.
 *
 * Source: behaviour specification §4.
 *
 * @example
 * const lan = { suspicionMultiplier: 4, suspicionMaxTimeoutMultiplier: 6, probeIntervalMs: 1_000 };
 * suspicionBounds(100, lan); // => { minMs: 8_000, maxMs: 48_000, confirmationLimit: 2 }
 */
export function suspicionBounds(memberCount: number, settings: SuspicionSettings): SuspicionBounds {
  const minMs = minSuspicionMs(memberCount, settings);
  const wanted = settings.suspicionMultiplier - 2;
  return {
    minMs,
    maxMs: settings.suspicionMaxTimeoutMultiplier * minMs,
    confirmationLimit: wanted < 0 || memberCount - 2 < wanted ? 0 : wanted,
  };
}

/** @returns the least wait in milliseconds. Source: behaviour specification §4. */
export function minSuspicionMs(
  memberCount: number,
  settings: Pick<SuspicionSettings, "suspicionMultiplier" | "probeIntervalMs">,
): number {
  const thousandths = Math.floor(1_000 * Math.max(1, Math.log10(Math.max(1, memberCount))));
  return (settings.suspicionMultiplier * thousandths * settings.probeIntervalMs) / 1_000;
}

/**
 * The whole wait, counted from the first accusation, once `confirmations` others have confirmed:
 *
 *     T(c) = max(min, ⌊max − (max − min) · ln(c + 1) / ln(k + 1)⌋)
 *
 * The floor is to whole milliseconds. With `k = 0` it is `minMs`.
 *
 * Source: Lifeguard §IV-B; behaviour specification §4.
 *
 * @param confirmations - distinct members, the first accuser not counted.
 *
 * @example
 * suspicionTimeoutMs(1, { minMs: 4_000, maxMs: 24_000, confirmationLimit: 2 }); // => 11_381
 */
export function suspicionTimeoutMs(confirmations: number, bounds: SuspicionBounds): number {
  const { minMs, maxMs, confirmationLimit } = bounds;
  if (confirmationLimit < 1) return minMs;
  const fraction = Math.log(confirmations + 1) / Math.log(confirmationLimit + 1);
  // In seconds inside, as the reference computes: the last bit decides at whole milliseconds.
  const maxSeconds = seconds(maxMs);
  const rawSeconds = maxSeconds - fraction * (maxSeconds - seconds(minMs));
  return Math.max(minMs, Math.floor(1_000 * rawSeconds));
}

function seconds(ms: number): number {
  return Math.floor(ms / 1_000) + (ms % 1_000) / 1_000;
}

/**
 * What is left of the wait when as many confirmed as are wanted and we ourselves were refused a
 * connection: a process that is gone refutes nothing, and one that was started anew answers the
 * next ping.
 */
const REFUSED_SHARE = 0.5;

/** All extensions of one suspicion, in least waits. */
const EXTENSION_LIMIT = 2;

/** One suspicion under way. */
export class Suspicion {
  readonly #bounds: SuspicionBounds;
  readonly #startedMs: number;
  readonly #accusers: Set<string>;
  #wasRefused = false;
  #extraMs = 0;
  #leastDeadlineMs = -Infinity;

  constructor(bounds: SuspicionBounds, firstAccuser: string, startedMs: number) {
    this.#bounds = bounds;
    this.#startedMs = startedMs;
    this.#accusers = new Set([firstAccuser]);
  }

  /** Distinct accusers beside the first; never above the limit of the bounds. */
  get confirmationCount(): number {
    return this.#accusers.size - 1;
  }

  /** When the suspect is dead unless it refutes. */
  get deadlineMs(): number {
    return Math.max(this.#startedMs + this.#waitMs, this.#leastDeadlineMs);
  }

  get #waitMs(): number {
    const waitMs = suspicionTimeoutMs(this.confirmationCount, this.#bounds);
    const isAgreed = this.confirmationCount >= this.#bounds.confirmationLimit;
    return this.#wasRefused && isAgreed ? waitMs * REFUSED_SHARE : waitMs + this.#extraMs;
  }

  /** Nobody agrees, though others are there who could, and have had the time. */
  get isLonely(): boolean {
    const { confirmationLimit, maxMs, minMs } = this.#bounds;
    return this.confirmationCount === 0 && confirmationLimit > 0 && maxMs > minMs;
  }

  /** Whether it has been extended. */
  get isExtended(): boolean {
    return this.#extraMs > 0;
  }

  /**
   * Adds some time, for another look at the suspect.
   *
   * Deviation: the reference knows no such delay.
   *
   * @returns false when twice the least wait has been added already.
   */
  extend(stepMs: number): boolean {
    if (this.#extraMs + stepMs > EXTENSION_LIMIT * this.#bounds.minMs) return false;
    this.#extraMs += stepMs;
    return true;
  }

  /**
   * Leaves the suspect time, until then at least, to answer a confirmation.
   *
   * Deviation: in the reference a confirmation may end the wait on the spot.
   */
  lastUntil(leastDeadlineMs: number): void {
    this.#leastDeadlineMs = Math.max(this.#leastDeadlineMs, leastDeadlineMs);
  }

  /**
   * The suspect's machine says that nobody listens there.
   *
   * Deviation: the reference knows no such evidence.
   */
  noteRefusal(): void {
    this.#wasRefused = true;
  }

  /** @returns whether this accuser is new, and still needed: then the claim is worth spreading. */
  confirm(accuser: string): boolean {
    if (this.confirmationCount >= this.#bounds.confirmationLimit) return false;
    if (this.#accusers.has(accuser)) return false;
    this.#accusers.add(accuser);
    return true;
  }
}
