import { readFileSync } from "node:fs";
import type { Terminal } from "../../src/terminal.ts";

export interface FakeTerminalOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly isInteractive?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** A terminal that remembers what was written to it. */
export class FakeTerminal implements Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isInteractive: boolean;
  readonly columns: number;
  readonly rows: number;
  stdout = "";
  stderr = "";
  hiddenCount = 0;
  /** What the next call for random bytes fails with. */
  randomFailure: Error | undefined;
  readonly #interrupt = new AbortController();

  constructor(options: FakeTerminalOptions = {}) {
    this.environment = options.environment ?? {};
    this.isInteractive = options.isInteractive ?? false;
    this.columns = options.columns ?? 80;
    this.rows = options.rows ?? 24;
  }

  get interrupt(): AbortSignal {
    return this.#interrupt.signal;
  }

  pressInterrupt(): void {
    this.#interrupt.abort();
  }

  writeOut(text: string): void {
    this.stdout += text;
  }

  writeErr(text: string): void {
    this.stderr += text;
  }

  randomBytes(length: number): Uint8Array {
    if (this.randomFailure !== undefined) throw this.randomFailure;
    return Uint8Array.from({ length }, (_, index) => index);
  }

  readFile(path: string): string {
    return readFileSync(path, "utf8");
  }

  hideWords(): void {
    this.hiddenCount += 1;
  }
}
