/** This process, as the agent program sees it. */
import type { AgentWorld } from "./agent-program.ts";

/** What asks for the dump of metrics: Windows has no USR1. Source: agent specification §7. */
const dumpSignal = process.platform === "win32" ? "SIGBREAK" : "SIGUSR1";
const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", dumpSignal];

/** @param usage - the help text for words that are no flags. */
export function processWorld(usage: string): AgentWorld {
  return {
    writeOut: (text) => write(process.stdout, text),
    writeErr: (text) => write(process.stderr, text),
    usage,
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
