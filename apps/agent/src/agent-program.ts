/**
 * `serf agent`: from the words of a command line to an exit code.
 *
 * Everything goes to standard output, except the flag parser's line and the metrics dump.
 *
 * Source: agent specification §2 (order), §3 (start output), §7 (signals and exit codes).
 */
import { hostname } from "node:os";
import {
  Agent,
  type AgentConfig,
  AgentError,
  type AgentLog,
  ConfigError,
  isLogLevel,
  loadConfig,
  type LogLevel,
  type Metrics,
  retryJoin,
} from "@x/agent";
import { FlagError } from "@x/agent/flags";
import { banner } from "./banner.ts";
import { optimizeLate } from "./engine.ts";
import { keepSampling, sampleProcess } from "./process-gauges.ts";
import { SignalLoop } from "./signal-loop.ts";
import { openLog, openMetrics, openNetwork, readAuthKey, StartFailure } from "./start-parts.ts";

/** What the program sees of its process. */
export interface AgentWorld {
  writeOut(text: string): void;
  writeErr(text: string): void;
  /** The usage text, without a newline at its end, for words that are no flags. */
  readonly usage: string;
  /** Calls back on INT, TERM, HUP and USR1. @returns what ends that. */
  onSignal(handler: (signal: NodeJS.Signals) => void): () => void;
}

/**
 * Runs a full node until it is told to stop.
 *
 * @param words - after `agent`.
 * @returns the exit code: 0 after a graceful leave, 1 otherwise.
 */
export async function runAgentProgram(
  words: readonly string[],
  world: AgentWorld,
): Promise<number> {
  const say = (text: string): void => world.writeOut(`==> ${text}\n`);
  const loaded = load(words, world, say);
  if (loaded === undefined) return 1;
  let program: AgentProgram;
  try {
    program = await AgentProgram.start(loaded, world, (keepLevel) =>
      load(words, world, say, keepLevel),
    );
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    say(error.message);
    // Deviation: the reference hides what was logged before a failed start.
    error.log?.openGate();
    error.log?.close();
    return 1;
  }
  return program.run();
}

/** The configuration, or `undefined` after saying everything that is wrong with it. */
function load(
  words: readonly string[],
  world: AgentWorld,
  say: (text: string) => void,
  keepLevel?: LogLevel,
): AgentConfig | undefined {
  try {
    const options = keepLevel === undefined ? {} : { keepLevel };
    const { config, notices } = loadConfig(words, hostname, options);
    for (const notice of notices) say(notice);
    return config;
  } catch (error) {
    if (error instanceof FlagError) {
      world.writeErr(`${error.message}\n`);
      say(world.usage);
    } else if (error instanceof ConfigError) {
      for (const fault of error.faults) say(fault);
    } else throw error;
    return undefined;
  }
}

/** Reads the configuration again; a bad log level is told and replaced by the one given. */
type Reload = (keepLevel: LogLevel) => AgentConfig | undefined;

class AgentProgram {
  readonly #world: AgentWorld;
  readonly #agent: Agent;
  readonly #log: AgentLog;
  readonly #metrics: Metrics;
  readonly #reload: Reload;
  readonly #stopRetrying = new AbortController();
  readonly #signals: SignalLoop;

  private constructor(
    world: AgentWorld,
    parts: { agent: Agent; log: AgentLog; metrics: Metrics; signals: SignalLoop },
    reload: Reload,
  ) {
    this.#world = world;
    this.#agent = parts.agent;
    this.#log = parts.log;
    this.#metrics = parts.metrics;
    this.#signals = parts.signals;
    this.#reload = reload;
  }

  /** Opens everything up to the banner. @throws {StartFailure} with the line to say. */
  static async start(
    config: AgentConfig,
    world: AgentWorld,
    reload: Reload,
  ): Promise<AgentProgram> {
    const log = await openLog(config, (text) => world.writeOut(text));
    const metrics = openMetrics(config);
    const network = await openNetwork(config);
    if (network.notice !== undefined) world.writeOut(`==> ${network.notice}\n`);
    const authKey = readAuthKey(config);
    const signals = new SignalLoop(world);
    world.writeOut("==> Starting Serf agent...\n");
    let agent: Agent | undefined;
    try {
      const onShutdownRequest = (): void => signals.requestShutdown();
      agent = await Agent.start({ config, network, log, metrics, onShutdownRequest });
      await agent.startDiscovery();
      await agent.startRpc(authKey);
      world.writeOut("==> Starting Serf agent RPC...\n");
    } catch (error) {
      await agent?.close();
      signals.close();
      metrics.close();
      if (!(error instanceof AgentError)) throw error;
      throw new StartFailure(startText(error), log);
    }
    return new AgentProgram(world, { agent, log, metrics, signals }, reload);
  }

  /** Joins, streams the log, and handles signals until the end. @returns the exit code. */
  async run(): Promise<number> {
    const { config, serf } = this.#agent;
    this.#world.writeOut(banner(config, this.#agent.network, this.#agent.rpcPort));
    const stopSampling = keepSampling(this.#metrics);
    // Whoever has waited for the RPC port is answered first.
    setImmediate(() => {
      optimizeLate();
      this.#agent.prepareEncryption();
    });
    let gate: NodeJS.Timeout | undefined;
    try {
      // A join may take as long as the network likes; whoever presses Ctrl-C meanwhile means it.
      const hasJoined = await this.#signals.untilSignal(this.#startJoin(config));
      if (hasJoined !== true) return await this.#end(1);
      this.#world.writeOut("\n==> Log data will now stream in as it occurs:\n\n");
      gate = setTimeout(() => this.#log.openGate(), gateDelayMs);
      this.#retryJoin(config);
      void serf.closed.then(() => this.#signals.serfClosed());
      return await this.#end(await this.#loop());
    } finally {
      clearTimeout(gate);
      this.#log.openGate();
      stopSampling();
      this.#stopRetrying.abort();
      this.#signals.close();
      this.#metrics.close();
      this.#log.close();
    }
  }

  async #startJoin({ startJoin, replayOnJoin }: AgentConfig): Promise<boolean> {
    if (startJoin.length === 0) return true;
    this.#world.writeOut(`==> Joining cluster...(replay: ${replayOnJoin})\n`);
    try {
      const count = await this.#agent.backend.join(startJoin, { ignoreOldEvents: !replayOnJoin });
      this.#world.writeOut(`    Join completed. Synced with ${count} initial agents\n`);
      return true;
    } catch (error) {
      this.#world.writeOut(`==> ${(error as Error).message}\n`);
      this.#log.openGate();
      return false;
    }
  }

  #retryJoin(config: AgentConfig): void {
    if (config.retryJoin.length === 0) return;
    const { signal } = this.#stopRetrying;
    void retryJoin({
      addresses: config.retryJoin,
      intervalMs: config.retryIntervalMs,
      maxAttempts: config.retryMaxAttempts,
      isReplaying: config.replayOnJoin,
      join: (addresses) =>
        this.#agent.backend.join(addresses, { ignoreOldEvents: !config.replayOnJoin }),
      log: (level, text) => this.#log.log(level, "agent", text),
      wait,
      signal,
      random: Math.random,
    }).then((hasJoined) => {
      if (!hasJoined && !signal.aborted) this.#signals.retryExhausted();
    });
  }

  /** Waits for what ends the program; reloads and dumps on the way. @returns the exit code. */
  async #loop(): Promise<number> {
    for (;;) {
      const cause = await this.#signals.next();
      switch (cause.kind) {
        case "shutdown-requested":
          return 0;
        case "serf-closed":
          this.#log.log("WARN", "agent", "Serf shutdown detected, quitting");
          this.#world.writeOut(
            "==> This member was shut down: another one holds its name. Choose a unique -node name.\n",
          );
          return 0;
        case "retry-exhausted":
          return 1;
        case "signal": {
          if (cause.signal === "SIGUSR1") {
            sampleProcess(this.#metrics);
            this.#world.writeErr(this.#metrics.dump());
            break;
          }
          this.#world.writeOut(`==> Caught signal: ${signalText(cause.signal)}\n`);
          if (cause.signal === "SIGHUP") await this.#reloadConfig();
          else return this.#isGraceful(cause.signal) ? this.#leaveGracefully() : 1;
          break;
        }
      }
    }
  }

  #isGraceful(signal: NodeJS.Signals): boolean {
    const { config } = this.#agent;
    if (signal === "SIGINT") return !config.skipLeaveOnInterrupt;
    return signal === "SIGTERM" && config.leaveOnTerminate;
  }

  /** @returns 0 when the leave was finished; 1 after a second signal or when it takes too long. */
  async #leaveGracefully(): Promise<number> {
    this.#world.writeOut("==> Gracefully shutting down agent...\n");
    // Deviation: the reference gives up after 3 s, less than a leave may rightly take (agent
    // specification §14): here as long as both broadcasts and the propagation pause may last.
    const limitMs = 2 * this.#agent.config.broadcastTimeoutMs + leaveMarginMs;
    const giveUp = this.#signals.secondSignal().then(() => 1);
    const left = this.#agent.leave().then(
      () => 0,
      (error: unknown) => {
        this.#world.writeOut(`==> Error: ${(error as Error).message}\n`);
        return undefined;
      },
    );
    const timer = new AbortController();
    const late = wait(limitMs, timer.signal).then(
      () => 1,
      () => 1,
    );
    const outcome = await Promise.race([giveUp, left, late]);
    const exitCode = outcome ?? (await Promise.race([giveUp, late]));
    timer.abort();
    return exitCode;
  }

  async #reloadConfig(): Promise<void> {
    this.#world.writeOut("==> Reloading configuration...\n");
    const config = this.#reload(this.#log.level);
    if (config === undefined) {
      this.#world.writeOut("==> Failed to reload configs\n");
      return;
    }
    const level = config.logLevel.toUpperCase();
    if (isLogLevel(level)) this.#log.setLevel(level);
    const known = new Set(this.#agent.config.retryJoin);
    const fresh = config.retryJoin.filter((address) => !known.has(address));
    try {
      await this.#agent.reload(config);
    } catch (error) {
      this.#world.writeOut(`==> Failed to update tags: ${(error as Error).message}\n`);
    }
    this.#retryJoin({ ...config, retryJoin: fresh });
  }

  async #end(exitCode: number): Promise<number> {
    this.#stopRetrying.abort();
    await this.#agent.close();
    return exitCode;
  }
}

/** Putting the first log lines together takes time that whoever waits for the RPC port may have. */
const gateDelayMs = 30;

/** Beyond the two broadcasts a leave waits for: propagation pause and some air. */
const leaveMarginMs = 3_000;

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

function signalText(signal: NodeJS.Signals): string {
  const words: Partial<Record<NodeJS.Signals, string>> = {
    SIGINT: "interrupt",
    SIGTERM: "terminated",
    SIGHUP: "hangup",
  };
  return words[signal] ?? signal;
}

function startText(error: AgentError): string {
  if (error.code === "setup-failed") return `Failed to setup the Serf agent: ${error.message}`;
  if (error.code !== "start-failed") return error.message;
  return `Failed to start the Serf agent: Error creating Serf: ${error.message}`;
}
