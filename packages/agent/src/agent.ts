/**
 * A long-running member: a live Serf with scripts, discovery and a door for RPC clients.
 *
 * Here the parts are opened in order, connected, and closed in reverse; what each does stands in
 * its own file. The program around it (words, signals, exit codes) is not this package's matter.
 *
 * Source: agent specification §3 (sequence).
 */
import { hostname } from "node:os";
import type { SerfEvent, SerfReport, Tags } from "@x/serf";
import { type RunningSerf, startSerf, type StartSerfOptions } from "@x/serf/node";
import type { SwimReport } from "@x/swim";
import { prepareAead } from "@x/swim/node";
import { AgentBackend } from "./agent-backend.ts";
import { AgentError } from "./agent-error.ts";
import type { AgentNetwork } from "./agent-network.ts";
import { setUpAgent, type AgentSetup } from "./agent-setup.ts";
import type { AgentConfig } from "./config/agent-config.ts";
import { errnoText } from "./config/config-file.ts";
import { joinHostPort, parsePort, splitHostPort } from "./config/host-port.ts";
import type { MdnsDiscovery } from "./discovery/mdns.ts";
import { EventFanout } from "./event-fanout.ts";
import { HandlerRunner } from "./handler/handler-runner.ts";
import { parseHandlerSpec } from "./handler/handler-spec.ts";
import type { AgentLog } from "./log/agent-log.ts";
import { ReportLog } from "./log/report-log.ts";
import { ReportMetrics } from "./telemetry/report-metrics.ts";
import { type RpcServer, startRpcServer } from "./rpc/server/rpc-server.ts";
import { writeTagsFile } from "./state/tags-file.ts";
import { startFault } from "./start-fault.ts";
import type { Metrics } from "./telemetry/metrics.ts";

/** Both kinds of events wait at most 3 s, or until 1 s of silence. Source: agent specification §5. */
const coalesce = { coalescePeriodMs: 3_000, quiescentPeriodMs: 1_000 } as const;

/** What an agent is made of. Log and metrics are the caller's, who closes them after the agent. */
export interface AgentParts {
  readonly config: AgentConfig;
  readonly network: AgentNetwork;
  readonly log: AgentLog;
  readonly metrics: Metrics;
  /** An RPC client asked the agent to stop. */
  readonly onShutdownRequest: () => void;
}

/** A started agent. */
export class Agent {
  readonly backend: AgentBackend;
  readonly #parts: AgentParts;
  readonly #serf: RunningSerf;
  readonly #handlers: HandlerRunner;
  readonly #events: EventFanout;
  #config: AgentConfig;
  #rpc: RpcServer | undefined;
  #mdns: MdnsDiscovery | undefined;
  #leaving: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(parts: AgentParts, serf: RunningSerf, events: EventFanout) {
    this.#parts = parts;
    this.#config = parts.config;
    this.#serf = serf;
    this.#events = events;
    const { config, log, metrics } = parts;
    this.#handlers = new HandlerRunner(config.eventHandlers.flatMap(parseHandlerSpec), {
      self: () => serf.localMember,
      log: (level, text) => log.log(level, "agent", text),
      timeoutMs: config.handlerTimeoutMs,
      onRun: (script, durationMs) => metrics.sample(["agent", "invoke", script], durationMs),
      nowMs: () => performance.now(),
    });
    events.subscribe((event) => this.#handlers.handle(event));
    this.backend = new AgentBackend({
      serf,
      log,
      metrics,
      events,
      handlers: () => this.#handlers.handlers,
      persistTags: (tags) => this.#persistTags(tags),
      leave: () => this.leave(),
      shutdown: parts.onShutdownRequest,
    });
  }

  /**
   * Reads the agent's files and starts its member of the cluster; discovery and RPC come after.
   *
   * @throws {AgentError} `setup-failed` or `start-failed`, with the operator's text.
   */
  static async start(parts: AgentParts): Promise<Agent> {
    const { config, network, log } = parts;
    const setup = setUpAgent(config, (level, text) => log.log(level, "agent", text));
    log.log("INFO", "agent", "Serf agent starting");
    const events = new EventFanout((level, text) => log.log(level, "agent", text));
    // Events may come before the constructor of the agent has run: they wait for its listeners.
    const early: SerfEvent[] = [];
    let deliver = (event: SerfEvent): void => void early.push(event);
    let serf: RunningSerf;
    try {
      serf = await startSerf({
        ...serfOptions(parts, setup),
        onEvent: (event) => deliver(event),
      });
    } catch (error) {
      const context = { bind: network.bind, snapshotPath: config.snapshotPath };
      throw new AgentError("start-failed", startFault(error, context), { cause: error });
    }
    const agent = new Agent(parts, serf, events);
    deliver = (event) => events.handle(event);
    for (const event of early.splice(0)) deliver(event);
    return agent;
  }

  /** What the agent runs with now. */
  get config(): AgentConfig {
    return this.#config;
  }

  get network(): AgentNetwork {
    return this.#parts.network;
  }

  get serf(): RunningSerf {
    return this.#serf;
  }

  /** @throws {AgentError} `listener-failed`, with the operator's text. */
  async startDiscovery(): Promise<void> {
    const { config, log } = this.#parts;
    if (config.discover === "") return;
    const interfaceName = config.mdnsInterface || config.interfaceName;
    if (config.mdnsInterface !== "") {
      log.log("INFO", "agent", `Starting mDNS listener on interface ${config.mdnsInterface}`);
    }
    try {
      const mdns = await import("./discovery/mdns.ts");
      this.#mdns = await mdns.MdnsDiscovery.start({
        cluster: config.discover,
        memberName: config.nodeName,
        hostName: hostname(),
        advertised: this.#serf.localMember.endpoint,
        ...(interfaceName === "" ? {} : { interfaceName }),
        disableIpv4: config.mdnsDisableIpv4,
        disableIpv6: config.mdnsDisableIpv6,
        join: (addresses) =>
          this.backend.join(addresses, { ignoreOldEvents: !config.replayOnJoin }),
        log: (level, text) => log.log(level, "agent.mdns", text),
      });
    } catch (error) {
      const text = `Error starting mDNS listener: ${(error as Error).message}`;
      throw new AgentError("listener-failed", text, { cause: error });
    }
  }

  /**
   * @param authKey - what clients must present; empty = nothing.
   * @throws {AgentError} `listener-failed`, with the operator's text.
   */
  async startRpc(authKey: string): Promise<void> {
    const { config } = this.#parts;
    if (config.disableRpc) return;
    try {
      const { host, port } = splitHostPort(config.rpcAddress);
      this.#rpc = await startRpcServer({
        host,
        port: parsePort(port),
        backend: this.backend,
        authKey,
      });
    } catch (error) {
      const text = `Error starting RPC listener: ${listenFault(config.rpcAddress, error)}`;
      throw new AgentError("listener-failed", text, { cause: error });
    }
  }

  /** Loads what an encrypted cluster needs, so that the first join need not wait for it. */
  prepareEncryption(): void {
    if (this.#serf.isEncrypted) prepareAead();
  }

  /** The port RPC clients find it at, once started. */
  get rpcPort(): number | undefined {
    return this.#rpc?.address.port;
  }

  /** The whole graceful leave; asked again meanwhile, it is the same one. */
  leave(): Promise<void> {
    this.#parts.log.log("INFO", "agent", "requesting graceful leave from Serf");
    this.#leaving ??= this.#serf.leave().catch((error: unknown) => {
      // What failed may be asked for again.
      this.#leaving = undefined;
      throw error;
    });
    return this.#leaving;
  }

  /**
   * What a reload may change: handlers, tags, and what the program around decides by. The rest
   * needs a restart and stays as it was.
   *
   * @throws with the operator's text when the tags could not be told.
   */
  async reload(config: AgentConfig): Promise<void> {
    const { logLevel, eventHandlers, tags, leaveOnTerminate, skipLeaveOnInterrupt } = config;
    this.#config = {
      ...this.#config,
      logLevel,
      eventHandlers,
      tags,
      leaveOnTerminate,
      skipLeaveOnInterrupt,
      retryJoin: config.retryJoin,
    };
    this.#handlers.setHandlers(eventHandlers.flatMap(parseHandlerSpec));
    // With a tags file the file is the truth, not the configuration. Deviation: the reference
    // empties the file here (agent specification §7).
    if (this.#config.tagsFile === "") await this.backend.setTags(tags);
  }

  /** Closes RPC connections first, then stops the member. Asked again, it is the same closing. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const { log } = this.#parts;
    this.#mdns?.close();
    await this.#rpc?.close();
    log.log("INFO", "agent", "requesting serf shutdown");
    this.#handlers.close();
    this.#events.close();
    await this.#serf.close();
    log.log("INFO", "agent", "shutdown complete");
  }

  #persistTags(tags: Tags): void {
    const { tagsFile } = this.#parts.config;
    if (tagsFile !== "") writeTagsFile(tagsFile, tags);
  }
}

/** `listen tcp 127.0.0.1:7373: bind: address already in use`. */
function listenFault(address: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return `listen tcp: ${message}`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return `listen tcp: lookup ${splitHostPort(address).host}: no such host`;
  }
  return `listen tcp ${address}: bind: ${errnoText(error)}`;
}

function serfOptions(parts: AgentParts, setup: AgentSetup): StartSerfOptions {
  const { config, network, log, metrics } = parts;
  const reports = new ReportLog((level, component, text) => log.log(level, component, text));
  const counts = new ReportMetrics(metrics);
  return {
    name: config.nodeName,
    bind: joinHostPort(network.bind.address, network.bind.port),
    ...(network.advertise === undefined
      ? {}
      : { advertise: joinHostPort(network.advertise.address, network.advertise.port) }),
    profile: config.profile as "lan" | "wan" | "local",
    tags: setup.tags,
    protocolVersion: config.protocol,
    ...(config.encryptKey === "" ? {} : { encryptKey: config.encryptKey }),
    ...(setup.keyring === undefined
      ? {}
      : { keyring: setup.keyring, keyringPath: config.keyringFile }),
    ...(config.snapshotPath === "" ? {} : { snapshotPath: config.snapshotPath }),
    rejoinAfterLeave: config.rejoinAfterLeave,
    memberCoalesce: coalesce,
    userCoalesce: coalesce,
    broadcastTimeoutMs: config.broadcastTimeoutMs,
    reconnectIntervalMs: config.reconnectIntervalMs,
    reconnectTimeoutMs: config.reconnectTimeoutMs,
    tombstoneTimeoutMs: config.tombstoneTimeoutMs,
    queryResponseSizeLimit: config.queryResponseSizeLimit,
    querySizeLimit: config.querySizeLimit,
    userEventSizeLimit: config.userEventSizeLimit,
    resolveNameConflicts: !config.disableNameResolution,
    disableCoordinates: config.disableCoordinates,
    ...(config.disableFlapDamping && { flapFailureLimit: 0 }),
    validateNames: config.validateNodeNames,
    swim: { compress: config.enableCompression },
    onReport: (report: SerfReport | SwimReport) => {
      reports.handle(report, performance.now());
      counts.handle(report);
    },
    onSnapshotReport: (report) => {
      const isFailure = report.kind.endsWith("failed");
      const level = isFailure ? "ERR" : report.kind === "delivered-unwritten" ? "WARN" : "INFO";
      log.log(level, "serf", report.message);
    },
    onTransportReport: (report) => {
      const text =
        report.kind === "stream-refused"
          ? `Refused a stream from=${joinHostPort(report.remote.address, report.remote.port)} (${report.reason})`
          : report.message;
      log.log("WARN", "memberlist", text);
    },
  };
}
