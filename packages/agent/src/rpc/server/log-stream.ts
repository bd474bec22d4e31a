/**
 * One client's view of the agent's log: first the lines that stand in the ring, then live ones.
 *
 * Source: RPC specification §7.
 */
import type { LogLevel } from "../../log/log-level.ts";
import { isLogLevel, isShown } from "../../log/log-level.ts";
import { logRecord } from "../command.ts";
import { encodeValue } from "../record-codec.ts";
import { RecordQueue } from "./record-queue.ts";
import type { OfferOutcome } from "./record-queue.ts";
import type { RecordSource } from "./record-source.ts";

/** A line shows unless it names a level below the one asked for. */
export function passesLevel(line: string, least: LogLevel): boolean {
  const open = line.indexOf("[");
  const close = open < 0 ? -1 : line.indexOf("]", open);
  if (close < 0) return true;
  const level = line.slice(open + 1, close);
  return !isLogLevel(level) || isShown(level, least);
}

export class LogStream implements RecordSource {
  readonly seq: bigint;
  readonly hasEnded = false;
  readonly #level: LogLevel;
  /** Apart from the queue, so that the backlog does not push out live lines. */
  readonly #backlog: RecordQueue<string>;
  readonly #queue: RecordQueue<string>;

  constructor(options: {
    readonly seq: bigint;
    readonly level: LogLevel;
    readonly backlog: readonly string[];
    readonly recordLimit: number;
  }) {
    this.seq = options.seq;
    this.#level = options.level;
    this.#backlog = new RecordQueue(options.recordLimit);
    this.#queue = new RecordQueue(options.recordLimit);
    const shown = options.backlog.filter((line) => passesLevel(line, options.level));
    for (const line of shown.slice(-options.recordLimit)) this.#backlog.offer(line);
  }

  offer(line: string): OfferOutcome {
    return passesLevel(line, this.#level) ? this.#queue.offer(line) : "queued";
  }

  takeRecord(): Uint8Array | undefined {
    const line = this.#backlog.take() ?? this.#queue.take();
    return line === undefined ? undefined : encodeValue(logRecord, { Log: line });
  }
}
