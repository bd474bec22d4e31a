/**
 * What Euclid cannot express: half the mean of what the geometry missed in the last few
 * samples, over all members together.
 *
 * Source: Lee, Zhang, Sahu, Saha, On Suitability of Euclidean Embedding for Host-based
 * Network Coordinate Systems, ToN 18(1), 2010; behaviour specification §4 step 4.
 */
export class AdjustmentWindow {
  readonly #residuals: Float64Array;
  #next = 0;

  /** @param size - residuals remembered, at least 1. They start as zeros. */
  constructor(size: number) {
    this.#residuals = new Float64Array(size);
  }

  /**
   * Remembers by how much the raw distance missed a measured RTT.
   *
   * @returns the new adjustment, seconds. The divisor is the whole window from the start,
   *   so the term builds up over the first `size` samples.
   */
  observe(residualSeconds: number): number {
    this.#residuals[this.#next] = residualSeconds;
    this.#next = (this.#next + 1) % this.#residuals.length;
    // Summed anew each time and in this order, to agree with the reference bit for bit.
    let sum = 0;
    for (let index = 0; index < this.#residuals.length; index++) {
      sum += this.#residuals[index] as number;
    }
    return sum / (2 * this.#residuals.length);
  }
}
