/** This process, as the agent program sees it. */
import type { AgentWorld } from "./agent-program.ts";
import { gatherOutput } from "./gathered-output.ts";
import { openStderrLate } from "./late-stderr.ts";

/** What asks for the dump of metrics: Windows has no USR1. Source: agent specification §7. */
const dumpSignal = process.platform === "win32" ? "SIGBREAK" : "SIGUSR1";
const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", dumpSignal];

/** A process that can be left. */
export interface ProcessWorld extends AgentWorld {
  /** Resolves once everything written has reached its reader. */
  written(): Promise<void>;
}

/** @param usage - the help text for words that are no flags; asked for when there are some. */
export function processWorld(usage: () => string): ProcessWorld {
  openStderrLate();
  const output = gatherOutput((text) => write(process.stdout, text));
  return {
    writeOut: output.write,
    async written() {
      output.release();
      await new Promise((resolve) => process.stdout.write("", resolve));
    },
    writeErr: (text) => write(process.stderr, text),
    get usage(): string {
      return usage();
    },
    onSignal(handler) {
      const listeners = signals.map((signal) => {
        // One name for the dump, whatever the system calls it.
        const listener = (): void => handler(signal === dumpSignal ? "SIGUSR1" : signal);
        process.on(signal, listener);
        return { signal, listener };
      });
      return () => {
        for (const { signal, listener } of listeners) process.off(signal, listener);
      };
    },
  };
}

/**
 * Whoever reads our output may go away; the agent must not, and so nothing is made of that.
 */
function write(stream: NodeJS.WriteStream, text: string): void {
  if (stream.listenerCount("error") === 0) stream.on("error", () => {});
  stream.write(text);
}
