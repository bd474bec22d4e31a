/**
 * Calls that wait for a core's answer: each ends by the answer, by its signal, or when the whole
 * member closes, whichever is first. None can wait for ever behind a closed door.
 */
export class PendingCalls {
  readonly #rejecters = new Set<(reason: unknown) => void>();

  /** Calls that wait now. */
  get count(): number {
    return this.#rejecters.size;
  }

  /**
   * @param begin - starts the work; may answer at once, answers beyond the first are ignored.
   *   What it throws is the call's rejection.
   */
  add<Outcome>(
    signal: AbortSignal | undefined,
    begin: (settled: (outcome: Outcome) => void) => void,
  ): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const finish = (): void => {
        this.#rejecters.delete(fail);
        signal?.removeEventListener("abort", abort);
      };
      const fail = (reason: unknown): void => {
        finish();
        reject(reason);
      };
      const abort = (): void => fail(signal?.reason);
      this.#rejecters.add(fail);
      signal?.addEventListener("abort", abort, { once: true });
      try {
        begin((outcome) => {
          finish();
          resolve(outcome);
        });
      } catch (error) {
        fail(error);
      }
    });
  }

  /** Ends every call that waits. */
  rejectAll(reason: unknown): void {
    for (const reject of this.#rejecters) reject(reason);
  }
}
