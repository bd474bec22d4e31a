/** One line that shows how far a run is; only where somebody looks. */
import { stderr } from "node:process";

export class ProgressLine {
  readonly #isShown = stderr.isTTY === true;
  #lastMs = 0;
  #lastCount = 0;

  /** @param count - of everything that happened so far, for the speed. */
  show(text: string, count: number): void {
    if (!this.#isShown) return;
    const nowMs = performance.now();
    const sinceMs = nowMs - this.#lastMs;
    if (sinceMs < 100) return;
    const speed = this.#lastMs === 0 ? 0 : ((count - this.#lastCount) / sinceMs) * 1_000;
    this.#lastMs = nowMs;
    this.#lastCount = count;
    stderr.write(`\r\u001b[K${text}  ${Math.round(speed).toLocaleString("en-US")} events/s`);
  }

  clear(): void {
    if (this.#isShown) stderr.write("\r\u001b[K");
  }
}
