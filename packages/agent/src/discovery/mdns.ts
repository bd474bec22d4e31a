/**
 * Finds the members of a cluster on the local network, and lets them find this one.
 *
 * Answers questions for `_serf_NAME._tcp.local.` and asks the same question every minute. The two
 * IP families stand alone: one that cannot be used is reported and the other goes on.
 *
 * Deviation: the own address is not joined, and hosts whose join failed are tried again at the
 * next round (agent specification §14).
 *
 * Source: agent specification §10.
 */
import { networkInterfaces } from "node:os";
import type { Answer } from "dns-packet";
import multicastDns, {
  type MulticastDNS,
  type QueryPacket,
  type RemoteInfoOutgoing,
  type ResponsePacket,
} from "multicast-dns";
import { joinHostPort } from "../config/host-port.ts";
import type { LogLevel } from "../log/log-level.ts";
import { plausibleSocket } from "./mdns-packet.ts";

const groups = { ipv4: "224.0.0.251", ipv6: "ff02::fb" } as const;
const multicastPort = 5353;
const timeToLiveSeconds = 120;
const servicePriority = 10;
const serviceWeight = 1;
/** Hosts remembered; a network that announces more than this is flooding. */
export const discoveredHostLimit = 1024;

/** Who this member is, and what to do with hosts that are found. */
export interface MdnsOptions {
  /** The cluster's name. */
  readonly cluster: string;
  readonly memberName: string;
  readonly hostName: string;
  /** What this member tells others. */
  readonly advertised: { readonly address: string; readonly port: number };
  /** Interface to use; absent = the system's choice. */
  readonly interfaceName?: string;
  readonly disableIpv4: boolean;
  readonly disableIpv6: boolean;
  /** @returns the number of hosts contacted. */
  readonly join: (addresses: readonly string[]) => Promise<number>;
  readonly log: (level: LogLevel, text: string) => void;
  /** Multicast port; others only in tests. */
  readonly port?: number;
  readonly pollIntervalMs?: number;
  readonly quietMs?: number;
}

/** `_serf_NAME._tcp.local` */
export function serviceName(cluster: string): string {
  return `_serf_${cluster}._tcp.local`;
}

/**
 * What this member answers to a question, or nothing: to a PTR question for the service PTR, SRV,
 * A or AAAA, and TXT, as the reference does.
 */
export function answersTo(
  question: { readonly name: string; readonly type?: string },
  options: Pick<MdnsOptions, "cluster" | "memberName" | "hostName" | "advertised">,
): Answer[] {
  const service = serviceName(options.cluster);
  const instance = `${options.memberName}.${service}`;
  const name = question.name.replace(/\.$/, "").toLowerCase();
  const isPointer = question.type === "PTR" || question.type === "ANY";
  if (name === "_services._dns-sd._udp.local" && isPointer) {
    return [{ name: question.name, type: "PTR", ttl: timeToLiveSeconds, data: service }];
  }
  const records: Answer[] = [
    {
      name: instance,
      type: "SRV",
      ttl: timeToLiveSeconds,
      data: {
        priority: servicePriority,
        weight: serviceWeight,
        port: options.advertised.port,
        target: options.hostName,
      },
    },
    {
      name: options.hostName,
      type: options.advertised.address.includes(":") ? "AAAA" : "A",
      ttl: timeToLiveSeconds,
      data: options.advertised.address,
    },
    {
      name: instance,
      type: "TXT",
      ttl: timeToLiveSeconds,
      data: [`Serf '${options.cluster}' cluster`],
    },
  ];
  if (name === service.toLowerCase() && isPointer) {
    return [{ name: service, type: "PTR", ttl: timeToLiveSeconds, data: instance }, ...records];
  }
  return name === instance.toLowerCase() ? records : [];
}

/**
 * What this member answers to all questions of a packet. Each question counts once: a packet full
 * of one question must not become a much larger answer.
 */
export function answersToQuery(
  packet: Pick<QueryPacket, "questions">,
  options: Parameters<typeof answersTo>[1],
): Answer[] {
  const questions = new Map(
    (packet.questions ?? []).map((question) => [
      `${question.name.toLowerCase()} ${question.type}`,
      question,
    ]),
  );
  return [...questions.values()].flatMap((question) => answersTo(question, options));
}

/** The `ip:port` a response announces for the cluster, if it is complete. */
export function announcedHost(packet: ResponsePacket, cluster: string): string | undefined {
  const service = serviceName(cluster).toLowerCase();
  const records = [...(packet.answers ?? []), ...(packet.additionals ?? [])];
  const isAbout = (name: string): boolean =>
    name.toLowerCase().replace(/\.$/, "").endsWith(service);
  let port: number | undefined;
  let address: string | undefined;
  for (const record of records) {
    if (record.type === "SRV" && isAbout(record.name)) port = record.data.port;
    else if ((record.type === "A" || record.type === "AAAA") && address === undefined) {
      address = record.data;
    }
  }
  if (port === undefined || port === 0 || address === undefined) return undefined;
  return joinHostPort(address, port);
}

/** A running responder and poller. */
export class MdnsDiscovery {
  readonly #options: MdnsOptions;
  readonly #listeners: MulticastDNS[];
  readonly #askers: { readonly socket: MulticastDNS; readonly group: string }[];
  readonly #known = new Set<string>();
  readonly #fresh = new Set<string>();
  readonly #poll: NodeJS.Timeout;
  #quiet: NodeJS.Timeout | undefined;

  private constructor(
    options: MdnsOptions,
    listeners: MulticastDNS[],
    askers: { socket: MulticastDNS; group: string }[],
  ) {
    this.#options = options;
    this.#listeners = listeners;
    this.#askers = askers;
    this.#known.add(joinHostPort(options.advertised.address, options.advertised.port));
    for (const listener of listeners) {
      listener.on("query", (packet, source) => this.#answer(listener, packet, source));
    }
    for (const { socket } of askers) socket.on("response", (packet) => this.#learn(packet));
    this.#ask();
    this.#poll = setInterval(() => this.#ask(), options.pollIntervalMs ?? 60_000);
    this.#poll.unref();
  }

  /** @throws {Error} `No multicast listeners could be started` when neither family can be used. */
  static async start(options: MdnsOptions): Promise<MdnsDiscovery> {
    const listeners: MulticastDNS[] = [];
    const askers: { socket: MulticastDNS; group: string }[] = [];
    const port = options.port ?? multicastPort;
    for (const family of ["ipv4", "ipv6"] as const) {
      if (family === "ipv4" ? options.disableIpv4 : options.disableIpv6) continue;
      const opened = await openFamily(family, port, options);
      if (opened === undefined) continue;
      listeners.push(opened.listener);
      askers.push({ socket: opened.asker, group: groups[family] });
    }
    if (listeners.length === 0) throw new Error("No multicast listeners could be started");
    return new MdnsDiscovery(options, listeners, askers);
  }

  close(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#quiet);
    for (const listener of this.#listeners) listener.destroy();
    for (const { socket } of this.#askers) socket.destroy();
  }

  #answer(
    listener: MulticastDNS,
    packet: QueryPacket,
    source: { readonly address: string; readonly port: number },
  ): void {
    const answers = answersToQuery(packet, this.#options);
    if (answers.length === 0) return;
    const target: RemoteInfoOutgoing = { address: source.address, port: source.port };
    listener.respond({ id: 0, answers } as Parameters<typeof listener.respond>[0], target);
  }

  #ask(): void {
    const question = { name: serviceName(this.#options.cluster), type: "PTR" } as const;
    const port = this.#options.port ?? multicastPort;
    for (const { socket, group } of this.#askers) {
      socket.query({ questions: [question] }, { address: group, port }, (error) => {
        if (error) this.#options.log("ERR", `Failed to poll for new hosts: ${error.message}`);
      });
    }
  }

  #learn(packet: ResponsePacket): void {
    const host = announcedHost(packet, this.#options.cluster);
    if (host === undefined || this.#known.has(host) || this.#known.size >= discoveredHostLimit) {
      return;
    }
    this.#known.add(host);
    this.#fresh.add(host);
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => void this.#join(), this.#options.quietMs ?? 100);
  }

  async #join(): Promise<void> {
    const hosts = [...this.#fresh];
    this.#fresh.clear();
    try {
      const count = await this.#options.join(hosts);
      this.#options.log("INFO", `Joined ${count} hosts`);
    } catch (error) {
      for (const host of hosts) this.#known.delete(host);
      this.#options.log("ERR", `Failed to join: ${(error as Error).message}`);
    }
  }
}

/** Opens the sockets of one IP family; tells and gives up when the system refuses. */
async function openFamily(
  family: "ipv4" | "ipv6",
  port: number,
  options: MdnsOptions,
): Promise<{ listener: MulticastDNS; asker: MulticastDNS } | undefined> {
  const shared = familyOptions(family, options.interfaceName);
  if (shared === undefined) return undefined;
  const opened: MulticastDNS[] = [];
  const type = family === "ipv4" ? "udp4" : "udp6";
  try {
    const listener = multicastDns({ ...shared, socket: plausibleSocket(type), port });
    opened.push(listener);
    await ready(listener);
    const asker = multicastDns({ ...shared, socket: plausibleSocket(type), port: 0 });
    opened.push(asker);
    for (const socket of opened) {
      // An interface that went away is the network's matter; what stands goes on.
      socket.on("warning", (error) =>
        options.log("DEBUG", `mDNS over ${family}: ${error.message}`),
      );
      socket.on("error", (error) => options.log("ERR", `mDNS over ${family}: ${error.message}`));
    }
    return { listener, asker };
  } catch (error) {
    for (const socket of opened) socket.destroy();
    options.log("WARN", `No mDNS over ${family}: ${(error as Error).message}`);
    return undefined;
  }
}

function familyOptions(
  family: "ipv4" | "ipv6",
  interfaceName: string | undefined,
): multicastDns.Options | undefined {
  const wanted = family === "ipv4" ? "IPv4" : "IPv6";
  if (family === "ipv4") {
    const address = (networkInterfaces()[interfaceName ?? ""] ?? []).find(
      (candidate) => candidate.family === wanted,
    )?.address;
    if (interfaceName !== undefined && address === undefined) return undefined;
    const one = address === undefined ? {} : { interface: address };
    return { type: "udp4", ip: groups.ipv4, bind: "0.0.0.0", ...one };
  }
  const name = interfaceName ?? firstIpv6Interface();
  return name === undefined
    ? undefined
    : { type: "udp6", ip: groups.ipv6, bind: "::", interface: `::%${name}` };
}

function firstIpv6Interface(): string | undefined {
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (addresses?.some((address) => address.family === "IPv6" && !address.internal)) return name;
  }
  return undefined;
}

function ready(socket: MulticastDNS): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("ready", resolve);
    socket.once("error", reject);
  });
}
