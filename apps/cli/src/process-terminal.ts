/** This process, as the commands see it. */
import { readFileSync } from "node:fs";
import type { Terminal } from "@x/cli";

/** Its output ends the program quietly when the reader goes away. */
export function processTerminal(): Terminal {
  let interrupt: AbortSignal | undefined;
  for (const stream of [process.stdout, process.stderr]) {
    // A reader that goes away (`serf members | head`) ends the program, quietly.
    stream.on("error", () => process.exit(1));
  }
  return {
    writeOut: (text) => void process.stdout.write(text),
    writeErr: (text) => void process.stderr.write(text),
    environment: process.env,
    isInteractive: process.stdout.isTTY === true,
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
  };
}

function abortOnInterrupt(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  return controller.signal;
}
