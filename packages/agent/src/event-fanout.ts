/**
 * Hands the events of an agent to everybody who listens, in order.
 *
 * Source: agent specification §4 (`Received event`), §5.
 */
import type { SerfEvent } from "@x/serf";
import type { LogLevel } from "./log/log-level.ts";
import { oneLine } from "./log/log-line.ts";

/** `member-join`, `user-event: deploy`, `query: load`. */
export function eventText(event: SerfEvent): string {
  if (event.kind === "user") return `user-event: ${event.name}`;
  return event.kind === "query" ? `query: ${event.name}` : event.kind;
}

/** Listeners are called synchronously, in the order they came, and must not throw. */
export class EventFanout {
  readonly #handlers = new Set<(event: SerfEvent) => void>();
  readonly #log: (level: LogLevel, text: () => string) => void;

  #isClosed = false;

  constructor(log: (level: LogLevel, text: () => string) => void) {
    this.#log = log;
  }

  /** @returns a function that ends the subscription. */
  subscribe(handler: (event: SerfEvent) => void): () => void {
    this.#handlers.add(handler);
    return () => {
      this.#handlers.delete(handler);
    };
  }

  /** From here on events come too late: nobody is there to hear them. */
  close(): void {
    this.#isClosed = true;
    this.#handlers.clear();
  }

  handle(event: SerfEvent): void {
    if (this.#isClosed) return;
    this.#log("INFO", () => `Received event: ${oneLine(eventText(event))}`);
    for (const handler of this.#handlers) handler(event);
  }
}
