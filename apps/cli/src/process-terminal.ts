/** This process, as the commands see it. */
import { readFileSync } from "node:fs";
import type { Terminal } from "@x/cli";

/** A terminal that can be left. */
export interface ProcessTerminal extends Terminal {
  /** Ends the process once everything written has reached its reader. */
  end(exitCode: number): void;
}

/**
 * Its output ends the program quietly when the reader goes away.
 *
 * Standard output is not touched before it is written to: opening it takes Node some milliseconds,
 * and an agent has better things to do first.
 */
export function processTerminal(): ProcessTerminal {
  let interrupt: AbortSignal | undefined;
  const opened = new Set<NodeJS.WriteStream>();
  const write = (stream: NodeJS.WriteStream, text: string): void => {
    if (!opened.has(stream)) {
      opened.add(stream);
      // A reader that goes away (`serf members | head`) ends the program, quietly.
      stream.on("error", () => process.exit(1));
    }
    stream.write(text);
  };
  return {
    writeOut: (text) => write(process.stdout, text),
    writeErr: (text) => write(process.stderr, text),
    environment: process.env,
    get isInteractive(): boolean {
      return process.stdout.isTTY === true;
    },
    // Asked each time: people change the size of their windows.
    get columns(): number {
      return process.stdout.columns ?? 80;
    },
    get rows(): number {
      return process.stdout.rows ?? 24;
    },
    // Only commands that look at it change what Ctrl-C does.
    get interrupt(): AbortSignal {
      interrupt ??= abortOnInterrupt();
      return interrupt;
    },
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    readFile: (path) => readFileSync(path, "utf8"),
    hideWords: () => {
      process.title = "serf";
    },
    end(exitCode) {
      process.exitCode = exitCode;
      // What was written may still be on its way to a pipe.
      const streams = [...opened];
      const endNext = (): void => {
        const stream = streams.pop();
        if (stream === undefined) process.exit(exitCode);
        else stream.write("", endNext);
      };
      endNext();
    },
  };
}

function abortOnInterrupt(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  return controller.signal;
}
