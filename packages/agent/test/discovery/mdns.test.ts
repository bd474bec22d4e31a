import { createSocket } from "node:dgram";
import { once } from "node:events";
import { decode, encode, type Packet, type Question } from "dns-packet";
import { afterEach, describe, expect, it } from "vitest";
import type { ResponsePacket } from "multicast-dns";
import {
  announcedHost,
  answersTo,
  discoveredHostLimit,
  MdnsDiscovery,
  type MdnsOptions,
} from "../../src/discovery/mdns.ts";
import { until } from "../support/until.ts";

const me = {
  cluster: "clus",
  memberName: "foo",
  hostName: "host",
  advertised: { address: "10.9.9.9", port: 21000 },
};

describe("answersTo (agent specification §10)", () => {
  it("answers the service question with PTR, SRV, A and TXT", () => {
    const answers = answersTo({ name: "_serf_clus._tcp.local", type: "PTR" }, me);

    expect(answers).toEqual([
      { name: "_serf_clus._tcp.local", type: "PTR", ttl: 120, data: "foo._serf_clus._tcp.local" },
      {
        name: "foo._serf_clus._tcp.local",
        type: "SRV",
        ttl: 120,
        data: { priority: 10, weight: 1, port: 21000, target: "host" },
      },
      { name: "host", type: "A", ttl: 120, data: "10.9.9.9" },
      { name: "foo._serf_clus._tcp.local", type: "TXT", ttl: 120, data: ["Serf 'clus' cluster"] },
    ]);
  });

  it("names the service to a browser, says AAAA for IPv6, and is silent about others", () => {
    const browse = answersTo({ name: "_services._dns-sd._udp.local", type: "PTR" }, me);
    const v6 = { ...me, advertised: { address: "fd00::1", port: 1 } };

    expect(browse.map((answer) => answer.type)).toEqual(["PTR"]);
    expect(answersTo({ name: "_serf_clus._tcp.local.", type: "ANY" }, v6)[2]?.type).toBe("AAAA");
    expect(answersTo({ name: "_serf_other._tcp.local", type: "PTR" }, me)).toEqual([]);
    expect(answersTo({ name: "_serf_clus._tcp.local", type: "A" }, me)).toEqual([]);
  });
});

describe("announcedHost", () => {
  it("reads what answersTo says, and nothing from a strange or broken response", () => {
    const answers = answersTo({ name: "_serf_clus._tcp.local", type: "PTR" }, me);
    const packet = { type: "response", answers, additionals: [] } as unknown as ResponsePacket;

    expect(announcedHost(packet, "clus")).toBe("10.9.9.9:21000");
    expect(announcedHost(packet, "other")).toBeUndefined();
    expect(announcedHost({ type: "response" } as ResponsePacket, "clus")).toBeUndefined();
  });
});

/** A free UDP port, so that neither a daemon of the machine nor another test is heard. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

/** Sends one packet of questions, and waits for the answer. */
async function ask(port: number, questions: readonly Question[]): Promise<Packet> {
  const socket = createSocket("udp4");
  try {
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const answered = once(socket, "message") as Promise<[Buffer]>;
    const packet = encode({ type: "query", id: 0, questions: [...questions] });
    socket.send(packet, port, "127.0.0.1");
    const [bytes] = await answered;
    return decode(bytes);
  } finally {
    socket.close();
  }
}

const flockSize = 50;

/** Answers with this many different hosts, some at each question, so that no socket overflows. */
async function floodOf(
  port: number,
  hostCount: number,
): Promise<{ askedCount: () => number; close: () => void }> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  let askedCount = 0;
  await new Promise<void>((resolve) => socket.bind(port, "0.0.0.0", resolve));
  socket.addMembership("224.0.0.251", "127.0.0.1");
  socket.on("message", (bytes, source) => {
    if (decode(bytes).type !== "query") return;
    const first = (askedCount * flockSize) % hostCount;
    askedCount += 1;
    for (let index = first; index < Math.min(first + flockSize, hostCount); index += 1) {
      const advertised = { address: `10.1.${index >> 8}.${index & 255}`, port: 7946 };
      const answers = answersTo(
        { name: "_serf_clus._tcp.local", type: "PTR" },
        { ...me, memberName: `m${index}`, advertised },
      );
      socket.send(encode({ type: "response", id: 0, answers }), source.port, source.address);
    }
  });
  return { askedCount: () => askedCount, close: () => socket.close() };
}

describe("MdnsDiscovery", () => {
  const running: MdnsDiscovery[] = [];
  afterEach(() => {
    for (const discovery of running.splice(0)) discovery.close();
  });

  async function start(options: Partial<MdnsOptions>): Promise<void> {
    const discovery = await MdnsDiscovery.start({
      ...me,
      interfaceName: "lo",
      disableIpv4: false,
      disableIpv6: true,
      join: () => Promise.resolve(1),
      log: () => {},
      pollIntervalMs: 200,
      ...options,
    });
    running.push(discovery);
  }

  it("finds another member and joins it once, but never itself, and tries a failed host again", async () => {
    const port = await freePort();
    const joins: string[][] = [];
    const lines: string[] = [];
    await start({ port, memberName: "bar", advertised: { address: "10.9.9.8", port: 21001 } });
    await start({
      port,
      join: (addresses) => {
        joins.push([...addresses]);
        return joins.length === 1 ? Promise.reject(new Error("no route")) : Promise.resolve(1);
      },
      log: (level, text) => lines.push(`[${level}] ${text}`),
    });

    await until("a second try", () => lines.includes("[INFO] Joined 1 hosts"));

    expect(joins).toEqual([["10.9.9.8:21001"], ["10.9.9.8:21001"]]);
    expect(lines).toContain("[ERR] Failed to join: no route");
  });

  it("remembers no more hosts than its limit, itself included", async () => {
    const port = await freePort();
    const joined = new Set<string>();
    const answerer = await floodOf(port, discoveredHostLimit + 50);
    try {
      await start({
        port,
        pollIntervalMs: 50,
        quietMs: 10,
        join: (addresses) => {
          for (const address of addresses) joined.add(address);
          return Promise.resolve(addresses.length);
        },
      });

      await until("as many hosts as it remembers", () => joined.size >= discoveredHostLimit - 1);
      const asked = answerer.askedCount();
      await until("all hosts once more", () => answerer.askedCount() >= asked + 23);

      expect(joined.size).toBe(discoveredHostLimit - 1);
    } finally {
      answerer.close();
    }
  });

  it("answers a question once, however often a packet asks it", async () => {
    const port = await freePort();
    await start({ port });
    const question = { name: "_serf_clus._tcp.local", type: "PTR" } as const;

    const answer = await ask(
      port,
      Array.from({ length: 200 }, () => question),
    );

    expect(answer.answers?.map(({ type }) => type)).toEqual(["PTR", "SRV", "A", "TXT"]);
  });

  it("goes on with one family when the other cannot be used, and refuses when neither can", async () => {
    const port = await freePort();

    await start({ port, disableIpv6: false });

    expect(running).toHaveLength(1);
    await expect(start({ port, disableIpv4: true })).rejects.toThrow(
      "No multicast listeners could be started",
    );
    await expect(start({ port, interfaceName: "nosuch0" })).rejects.toThrow(
      "No multicast listeners could be started",
    );
  });
});
