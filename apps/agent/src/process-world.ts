/** This process, as the agent program sees it. */
import type { AgentWorld } from "./agent-program.ts";

const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"];

/** @param usage - the help text for words that are no flags. */
export function processWorld(usage: string): AgentWorld {
  return {
    writeOut: (text) => write(process.stdout, text),
    writeErr: (text) => write(process.stderr, text),
    usage,
    onSignal(handler) {
      const listeners = signals.map((signal) => {
        const listener = (): void => handler(signal);
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
