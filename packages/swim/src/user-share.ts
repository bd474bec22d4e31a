/**
 * The part of each packet that is kept for the layer above while there is churn.
 *
 * Source: behaviour specification §19.16.
 */

/** Packets without a reserved share after the layer above had nothing to say. */
const PACKETS_WITHOUT_RESERVE = 3;

/** Keeps room, unless it was left empty a moment ago. */
export class UserShare {
  readonly #share: number;
  #packetsWithoutReserve = 0;

  /** @param share - of the room of a packet, 0 to 0.5. */
  constructor(share: number) {
    this.#share = share;
  }

  /** How much of so much room the next packet keeps. */
  reservedBytes(freeBytes: number): number {
    if (this.#packetsWithoutReserve > 0) {
      this.#packetsWithoutReserve -= 1;
      return 0;
    }
    return Math.max(0, Math.floor(freeBytes * this.#share));
  }

  /** The layer above had nothing to say. */
  noteSilence(): void {
    this.#packetsWithoutReserve = PACKETS_WITHOUT_RESERVE;
  }
}
