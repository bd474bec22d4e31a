/**
 * Where everything an agent says goes: the terminal, syslog, the monitors.
 *
 * Until the agent is up, terminal lines wait behind a gate, so that the start banner is not torn
 * apart; monitors and syslog get every line at once.
 *
 * Source: agent specification §3 (gate), §4; RPC specification §7 (ring).
 */
import { formatLogJson, formatLogLine, type LogComponent, type LogRecord } from "./log-line.ts";
import { isShown, type LogLevel } from "./log-level.ts";
import { type LogEntry, LogRing } from "./log-ring.ts";

/** A place log records go to besides the terminal. */
export interface LogSink {
  write(record: LogRecord): void;
  close(): void;
}

/** Where the terminal and the clock are, and what is shown. */
export interface AgentLogOptions {
  /** Least level shown; monitors choose their own. */
  readonly level: LogLevel;
  readonly format: "text" | "json";
  /** Writes one finished line, newline included, to the terminal. */
  readonly writeTerminal: (text: string) => void;
  readonly now: () => Date;
}

/** Lines held back before the gate opens; a start that says more forgets the oldest. */
export const gatedLineLimit = 10_000;

/** Speaks for the whole agent. */
export class AgentLog {
  readonly ring: LogRing = new LogRing();
  readonly #options: AgentLogOptions;
  readonly #sinks: LogSink[] = [];
  #level: LogLevel;
  #gated: LazyRecord[] | undefined = [];

  constructor(options: AgentLogOptions) {
    this.#options = options;
    this.#level = options.level;
  }

  get level(): LogLevel {
    return this.#level;
  }

  setLevel(level: LogLevel): void {
    this.#level = level;
  }

  addSink(sink: LogSink): void {
    this.#sinks.push(sink);
  }

  /**
   * Says one thing.
   *
   * @param text - a function for what is said often and seldom read: it is called when somebody
   *   wants the line, which may be never, so it must not depend on anything that changes.
   */
  log(level: LogLevel, component: LogComponent, text: string | (() => string)): void {
    const record = new LazyRecord(this.#options.now(), level, component, text);
    this.ring.push(record);
    if (!isShown(level, this.#level)) return;
    for (const sink of this.#sinks) sink.write(record);
    if (this.#gated === undefined) {
      this.#options.writeTerminal(this.#shown(record));
      return;
    }
    this.#gated.push(record);
    if (this.#gated.length > gatedLineLimit) this.#gated.shift();
  }

  /**
   * Shows what waited, in order; from here on lines appear as they come. Again, it does nothing.
   *
   * Only now do the lines get their form: the first local time an engine is asked for makes it
   * load its time zones, which takes as long as all else an agent does before its ports are open.
   */
  openGate(): void {
    const waiting = this.#gated ?? [];
    this.#gated = undefined;
    const text = waiting.map((record) => this.#shown(record)).join("");
    if (text !== "") this.#options.writeTerminal(text);
  }

  #shown(record: LazyRecord): string {
    return this.#options.format === "json" ? `${formatLogJson(record)}\n` : `    ${record.line}\n`;
  }

  close(): void {
    for (const sink of this.#sinks) sink.close();
    this.#sinks.length = 0;
  }
}

/** A record and its line, which are put together when they are first looked at. */
class LazyRecord implements LogRecord, LogEntry {
  readonly time: Date;
  readonly level: LogLevel;
  readonly component: LogComponent;
  #text: string | (() => string);
  #line: string | undefined;

  constructor(time: Date, level: LogLevel, component: LogComponent, text: string | (() => string)) {
    this.time = time;
    this.level = level;
    this.component = component;
    this.#text = text;
  }

  get text(): string {
    if (typeof this.#text !== "string") this.#text = this.#text();
    return this.#text;
  }

  get line(): string {
    return (this.#line ??= formatLogLine(this));
  }
}
