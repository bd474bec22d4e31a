/**
 * Runs the configured scripts for the events of an agent.
 *
 * Each script has a queue of its own: its events keep their order, and a script that is slow or
 * hangs delays neither the other scripts nor the agent.
 *
 * Deviation: the reference runs all scripts in one row, so that one that hangs stops every event
 * (agent specification §14).
 */
import type { Member, SerfEvent } from "@x/serf";
import type { LogLevel } from "../log/log-level.ts";
import { type HandlerSpec, matchesFilter } from "./handler-spec.ts";
import { scriptEnvironment } from "./script-environment.ts";
import { scriptInput } from "./script-input.ts";
import { runScript, type ScriptOutcome, scriptOutputLimit } from "./script-runner.ts";

/** Events that may wait for one script; further ones are dropped and counted. */
export const handlerQueueLimit = 1024;

/** What the runner sees of the agent. */
export interface HandlerRunnerOptions {
  readonly self: () => Member;
  readonly log: (level: LogLevel, text: string) => void;
  /** Kill a script after this long; 0 = never. */
  readonly timeoutMs: number;
  /** How long one run took, in milliseconds, for the metrics. */
  readonly onRun?: (script: string, durationMs: number) => void;
  readonly nowMs: () => number;
}

interface ScriptQueue {
  readonly waiting: SerfEvent[];
  running: boolean;
  droppedCount: number;
}

/** Hands events to scripts. */
export class HandlerRunner {
  readonly #options: HandlerRunnerOptions;
  readonly #queues = new Map<string, ScriptQueue>();
  #handlers: readonly HandlerSpec[];
  #closed = false;

  constructor(handlers: readonly HandlerSpec[], options: HandlerRunnerOptions) {
    this.#handlers = handlers;
    this.#options = options;
  }

  get handlers(): readonly HandlerSpec[] {
    return this.#handlers;
  }

  /** From the next event on. */
  setHandlers(handlers: readonly HandlerSpec[]): void {
    this.#handlers = handlers;
  }

  /** Queues the event for every pair of filter and script that matches; two matches run it twice. */
  handle(event: SerfEvent): void {
    if (this.#closed) return;
    const name = event.kind === "user" || event.kind === "query" ? event.name : "";
    for (const { filter, script } of this.#handlers) {
      if (matchesFilter(filter, event.kind, name)) this.#enqueue(script, event);
    }
  }

  /** Starts nothing more; what runs is left to end by itself. */
  close(): void {
    this.#closed = true;
    this.#queues.clear();
  }

  #enqueue(script: string, event: SerfEvent): void {
    let queue = this.#queues.get(script);
    if (queue === undefined) {
      queue = { waiting: [], running: false, droppedCount: 0 };
      this.#queues.set(script, queue);
    }
    if (queue.waiting.length >= handlerQueueLimit) {
      queue.droppedCount += 1;
      if (queue.droppedCount === 1) {
        this.#options.log(
          "WARN",
          `Script '${script}' is too slow, dropping events for it (${handlerQueueLimit} are waiting)`,
        );
      }
      return;
    }
    queue.waiting.push(event);
    if (!queue.running) void this.#drain(script, queue);
  }

  async #drain(script: string, queue: ScriptQueue): Promise<void> {
    queue.running = true;
    for (;;) {
      const event = queue.waiting.shift();
      if (event === undefined || this.#closed) break;
      await this.#run(script, event);
    }
    queue.running = false;
    if (queue.droppedCount > 0) {
      this.#options.log("WARN", `Script '${script}' missed ${queue.droppedCount} events`);
    }
    this.#queues.delete(script);
  }

  async #run(script: string, event: SerfEvent): Promise<void> {
    const { log, nowMs } = this.#options;
    const startedMs = nowMs();
    const outcome = await runScript({
      script,
      environment: scriptEnvironment(event, this.#options.self()),
      input: scriptInput(event),
      timeoutMs: this.#options.timeoutMs,
      onSlow: () => log("WARN", `Script '${script}' slow, execution exceeding 1s`),
    });
    this.#options.onRun?.(script, nowMs() - startedMs);
    const text = new TextDecoder().decode(outcome.output);
    if (outcome.outputBytes > scriptOutputLimit) {
      log(
        "WARN",
        `Script '${script}' generated ${outcome.outputBytes} bytes of output, truncated to ${scriptOutputLimit}`,
      );
    }
    const kind = event.kind;
    log("DEBUG", `Event '${kind}' script output: ${text}`);
    if (outcome.inputFailure !== undefined && (kind === "user" || kind === "query")) {
      log("DEBUG", `Script '${script}' did not read its input: ${outcome.inputFailure}`);
    }
    if (outcome.failure !== undefined) this.#logFailure(script, outcome, text);
    else if (kind === "query" && outcome.output.length > 0) this.#respond(event, outcome.output);
  }

  #logFailure(script: string, outcome: ScriptOutcome, text: string): void {
    const { log } = this.#options;
    log("ERR", `Error invoking script '${script}': ${outcome.failure ?? ""}`);
    const lastLine = text.trimEnd().split("\n").at(-1);
    if (lastLine !== undefined && lastLine !== "") {
      log("ERR", `Last output of script '${script}': ${lastLine}`);
    }
  }

  #respond(event: SerfEvent & { readonly kind: "query" }, output: Uint8Array): void {
    try {
      event.respond(output);
    } catch (error) {
      const why = (error as Error).message;
      this.#options.log("WARN", `Failed to respond to query 'query: ${event.name}': ${why}`);
    }
  }
}
