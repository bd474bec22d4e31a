/**
 * What the program as one file has in place of `process.stdout`, unless that is a terminal: Bun's
 * writer of its file, without the streams of Node, which take 5 ms and 4 MiB to load.
 *
 * The bundler puts it there. Like `process.stdout` of Bun it never waits for a slow reader.
 */
import type { WriteStream } from "node:tty";

interface BunWriter {
  /** What was written, or a promise when the reader is slow. */
  write(text: string): unknown;
  flush(): unknown;
}

/** The members of `process.stdout` that our packages use. */
export type Output = Pick<NodeJS.WriteStream, "isTTY"> & {
  readonly columns: number | undefined;
  readonly rows: number | undefined;
  write(text: string, written?: () => void): boolean;
  on(event: "error", listener: (error: Error) => void): unknown;
  listenerCount(event: "error"): number;
};

export class WriterOutput implements Output {
  readonly isTTY = false;
  readonly columns = undefined;
  readonly rows = undefined;
  readonly #writer: BunWriter;
  readonly #listeners: ((error: Error) => void)[] = [];

  constructor(writer: BunWriter) {
    this.#writer = writer;
  }

  /** @param written - called, later, once the reader or the system has everything, or never will. */
  write(text: string, written?: () => void): boolean {
    void this.#write(text).then(written);
    return true;
  }

  on(_: "error", listener: (error: Error) => void): this {
    this.#listeners.push(listener);
    return this;
  }

  listenerCount(): number {
    return this.#listeners.length;
  }

  async #write(text: string): Promise<void> {
    try {
      // Both may be promises, and both are refused when the reader goes away.
      await Promise.all([text === "" ? 0 : this.#writer.write(text), this.#writer.flush()]);
    } catch (error) {
      for (const listener of this.#listeners) listener(error as Error);
    }
  }
}

/** Decided when it is first used, and not when it is loaded. */
function open(): Output {
  const { Bun } = globalThis as { readonly Bun?: { readonly stdout: { writer(): BunWriter } } };
  if (Bun === undefined || isTerminal()) return globalThis.process["stdout"] as WriteStream;
  return new WriterOutput(Bun.stdout.writer());
}

/** As `isatty` of `node:tty`, which takes Bun four milliseconds to load, and `node:fs` one. */
function isTerminal(): boolean {
  const bun = process as unknown as BunProcess;
  return bun.binding("tty_wrap").isTTY(1);
}

interface BunProcess {
  binding(name: "tty_wrap"): { isTTY(fd: number): boolean };
}

let opened: Output | undefined;
const output = (): Output => (opened ??= open());

export const oneFileStdout: Output = {
  get isTTY(): boolean {
    return output().isTTY;
  },
  get columns(): number | undefined {
    return output().columns;
  },
  get rows(): number | undefined {
    return output().rows;
  },
  write: (text, written) => output().write(text, written),
  on: (event, listener) => output().on(event, listener),
  listenerCount: (event) => output().listenerCount(event),
};
