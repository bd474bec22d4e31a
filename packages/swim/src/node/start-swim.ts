/**
 * One call from nothing to a live member.
 *
 * Read next: `running-swim.ts` (what it returns), `node-driver.ts` (what keeps it going).
 */
import { hostname } from "node:os";
import { Swim } from "../swim.ts";
import type { SwimDelegate } from "../swim-delegate.ts";
import type { SwimEvent } from "../swim-event.ts";
import { resolveSwimOptions, type SwimOptions, type SwimOptionsInput } from "../swim-options.ts";
import type { SwimReport } from "../swim-report.ts";
import { whereFound } from "./advertised-address.ts";
import { nodeAead } from "./aes-gcm.ts";
import { parseBindAddress } from "./bind-address.ts";
import { EventBuffer } from "./event-buffer.ts";
import { NodeDriver, type DriverListener } from "./node-driver.ts";
import { fillRandom } from "./random-pool.ts";
import { resolveJoinAddress } from "./resolve-join-address.ts";
import { RunningSwim } from "./running-swim.ts";
import { SocketTransport } from "./socket-transport.ts";
import type { Transport, TransportReport } from "./transport.ts";

/** Every option of the protocol, and where to listen. All of it is optional. */
export interface StartSwimOptions extends Omit<
  SwimOptionsInput,
  "name" | "advertiseEndpoint" | "bindPort"
> {
  /** Unique in the cluster. Default: the host name. */
  readonly name?: string;
  /** `address[:port]`, IPv6 in brackets; port 0 lets the system choose. Default `0.0.0.0:7946`. */
  readonly bind?: string;
  /** Where others reach this member, if not at `bind`: behind NAT, say. Default port: the bound one. */
  readonly advertise?: string;
  /** Carries the traffic instead of sockets on `bind`. `close` closes it. */
  readonly transport?: Transport;
  /** Hooks of the layer above. */
  readonly delegate?: SwimDelegate;
  /** Facts for the log; `swimReportLevel` tells how loud. Default: dropped. */
  readonly onReport?: (report: SwimReport) => void;
  /** Facts about the sockets for the log. Default: dropped. */
  readonly onTransportReport?: (report: TransportReport) => void;
  /** Events that may wait for each reader of `events()`. Default 1,024. */
  readonly eventBufferLimit?: number;
  /** Resolver file whose first server is asked over TCP by `join`. Default `/etc/resolv.conf`. */
  readonly dnsConfigPath?: string;
  /** Aborting while starting rejects with `signal.reason`; afterwards it has no effect. */
  readonly signal?: AbortSignal;
}

const DEFAULT_BIND = "0.0.0.0";

/**
 * Starts a member: binds UDP and TCP on one port, announces itself, and watches the others.
 *
 * @returns the member, alone until it joins somebody or is joined.
 * @throws {RangeError | TypeError} naming the option, its value and its bound.
 * @throws {SwimError} `no-private-address`; or the system's error if the address cannot be bound.
 *
 * @example
 * await using swim = await startSwim({ name: "blue", bind: "127.0.0.1:7946", profile: "lan" });
 * await swim.join(["127.0.0.1:7947"]);
 * for await (const event of swim.events()) console.log(event.kind);
 */
export async function startSwim(options: StartSwimOptions = {}): Promise<RunningSwim> {
  const events = new EventBuffer<SwimEvent>(
    options.eventBufferLimit === undefined ? {} : { bufferLimit: options.eventBufferLimit },
  );
  const transport = options.transport ?? (await bindSockets(options));
  let core: Swim;
  let driver: NodeDriver<SwimEvent, SwimReport> | undefined;
  try {
    options.signal?.throwIfAborted();
    const environment = { random: Math.random, fillRandom, aead: nodeAead };
    core = new Swim(completeOptions(options, transport), environment, options.delegate);
    driver = new NodeDriver(core, transport, listener(options, events));
    driver.call((nowMs) => core.start(nowMs));
  } catch (error) {
    await (driver ?? transport).close();
    throw error;
  }
  const { dnsConfigPath } = options;
  return new RunningSwim({
    core,
    driver,
    events,
    resolve: (text, signal) =>
      resolveJoinAddress(text, {
        defaultPort: transport.localEndpoint.port,
        ...(dnsConfigPath === undefined ? {} : { dnsConfigPath }),
        ...(signal === undefined ? {} : { signal }),
      }),
  });
}

async function bindSockets(options: StartSwimOptions): Promise<Transport> {
  const { address, port } = parseBindAddress(options.bind ?? DEFAULT_BIND);
  const { signal, inboundStreamLimit, inboundStreamPerSourceLimit } = options;
  return SocketTransport.bind({
    bindAddress: address,
    bindPort: port,
    ...(signal === undefined ? {} : { signal }),
    limits: {
      ...(inboundStreamLimit === undefined ? {} : { inboundStreamLimit }),
      ...(inboundStreamPerSourceLimit === undefined ? {} : { inboundStreamPerSourceLimit }),
    },
  });
}

function completeOptions(options: StartSwimOptions, transport: Transport): SwimOptions {
  const { bindPort, ...found } = whereFound({
    bound: transport.localEndpoint,
    advertise: options.advertise,
    isForeign: options.transport !== undefined,
  });
  return resolveSwimOptions({
    ...found,
    ...protocolOptions(options),
    name: options.name ?? hostname(),
    bindPort,
    advertiseEndpoint: found.advertiseEndpoint,
  });
}

/** What is left are options of the protocol, which checks them itself. */
function protocolOptions(
  options: StartSwimOptions,
): Omit<SwimOptionsInput, "name" | "advertiseEndpoint"> {
  const {
    name: _name,
    bind: _bind,
    advertise: _advertise,
    transport: _transport,
    delegate: _delegate,
    onReport: _onReport,
    onTransportReport: _onTransportReport,
    eventBufferLimit: _eventBufferLimit,
    dnsConfigPath: _dnsConfigPath,
    signal: _signal,
    ...protocol
  } = options;
  return protocol;
}

function listener(
  options: StartSwimOptions,
  events: EventBuffer<SwimEvent>,
): DriverListener<SwimEvent, SwimReport> {
  const { onReport, onTransportReport } = options;
  return {
    onEvent: (event) => events.push(event),
    ...(onReport === undefined ? {} : { onReport }),
    ...(onTransportReport === undefined ? {} : { onTransportReport }),
  };
}
