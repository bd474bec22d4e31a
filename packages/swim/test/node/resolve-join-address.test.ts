import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SwimError } from "../../src/errors.ts";
import { resolveJoinAddress, type ResolveOptions } from "../../src/node/resolve-join-address.ts";
import { firstNameServer } from "../../src/node/resolver-file.ts";
import type { JoinTarget } from "../../src/join.ts";
import { A, AAAA, CNAME, FakeDnsServer, type Answer } from "./support/dns-server.ts";
import { until } from "./support/until.ts";

const FD00_1 = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

describe("resolveJoinAddress", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "swim-dns-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  const systemKnows =
    (...addresses: string[]): ((hostName: string) => Promise<string[]>) =>
    () =>
      Promise.resolve(addresses);
  const systemKnowsNothing = (): Promise<string[]> =>
    Promise.reject(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }));

  /** Resolves with a DNS server that answers so. */
  const resolveWith = async (
    answer: Answer,
    text: string,
    options: Partial<ResolveOptions> = {},
  ): Promise<{ targets: JoinTarget[]; server: FakeDnsServer }> => {
    await using server = await FakeDnsServer.start(answer);
    const dnsConfigPath = join(folder, `resolv-${server.endpoint.port}`);
    await writeFile(dnsConfigPath, `# test\nnameserver 127.0.0.1:${server.endpoint.port}\n`);
    const targets = await resolveJoinAddress(text, {
      defaultPort: 7_946,
      dnsConfigPath,
      systemLookup: systemKnowsNothing,
      ...options,
    });
    return { targets, server };
  };
  const addressesOf = (targets: readonly JoinTarget[]): string[] =>
    targets.map(({ endpoint }) => endpoint.address);

  it.each([
    ["10.0.0.1", { endpoint: { address: "10.0.0.1", port: 7_946 } }],
    ["10.0.0.1:80", { endpoint: { address: "10.0.0.1", port: 80 } }],
    ["blue/10.0.0.1:80", { name: "blue", endpoint: { address: "10.0.0.1", port: 80 } }],
    ["[fd00::1]:80", { endpoint: { address: "fd00::1", port: 80 } }],
    ["[fd00::1]", { endpoint: { address: "fd00::1", port: 7_946 } }],
    ["fd00::1", { endpoint: { address: "fd00::1", port: 7_946 } }],
    ["blue/[fe80::1%eth0]:80", { name: "blue", endpoint: { address: "fe80::1%eth0", port: 80 } }],
  ])("asks nobody about the IP address %j (§9 rule 4)", async (text, expected) => {
    const systemLookup = (): never => {
      throw new Error("asked");
    };

    expect(await resolveJoinAddress(text, { defaultPort: 7_946, systemLookup })).toEqual([
      { ...expected, text },
    ]);
  });

  it("asks the first server one absolute ANY question over TCP, and takes A and AAAA (§9 rule 4)", async () => {
    const { targets, server } = await resolveWith(
      { records: [CNAME(0xc0, 12), A(10, 0, 0, 1), AAAA(...FD00_1), A(10, 0, 0, 2)] },
      "blue/seeds.example.test:99",
    );

    expect(server.questions).toEqual([
      { name: "seeds.example.test.", type: 255, recursionDesired: true },
    ]);
    expect(targets).toEqual(
      ["10.0.0.1", "fd00::1", "10.0.0.2"].map((address) => ({
        name: "blue",
        endpoint: { address, port: 99 },
        text: "blue/seeds.example.test:99",
      })),
    );
  });

  it("does not add a second final dot", async () => {
    const { server } = await resolveWith({ records: [A(10, 0, 0, 1)] }, "seeds.example.test.");

    expect(server.questions[0]?.name).toBe("seeds.example.test.");
  });

  it("reads an answer that arrives byte by byte", async () => {
    const { targets } = await resolveWith({ records: [A(10, 0, 0, 1)], drip: true }, "a.test");

    expect(addressesOf(targets)).toEqual(["10.0.0.1"]);
  });

  it("takes many addresses, more than a UDP answer could hold", async () => {
    const records = Array.from({ length: 200 }, (_, index) => A(10, 0, 0, index));
    const { targets } = await resolveWith({ records }, "many.test");

    expect(targets.length).toBe(200);
    expect(targets[199]?.endpoint.address).toBe("10.0.0.199");
  });

  it.each<[string, Answer]>([
    ["has no address", { records: [CNAME(0xc0, 12)] }],
    ["does not know the name", { rcode: 3 }],
    ["refuses", { rcode: 5 }],
    ["sends nonsense", { raw: Uint8Array.of(1, 2, 3) }],
    ["answers another question", { id: 0x1_0000 - 1, records: [], rcode: 2 }],
    ["closes", { behaviour: "close" }],
    ["is silent", { behaviour: "silent" }],
  ])("asks the system when the server %s", async (_title, answer) => {
    const { targets, server } = await resolveWith(answer, "a.test", {
      systemLookup: systemKnows("10.9.9.9", "fd00::9"),
      dnsTimeoutMs: answer.behaviour === "silent" ? 30 : 10_000,
    });

    expect(server.questions.length).toBe(1);
    expect(addressesOf(targets)).toEqual(["10.9.9.9", "fd00::9"]);
  });

  it("asks only the system about a name without a dot", async () => {
    const { targets, server } = await resolveWith({ records: [A(10, 0, 0, 1)] }, "seed", {
      systemLookup: systemKnows("10.9.9.9"),
    });

    expect(server.questions).toEqual([]);
    expect(addressesOf(targets)).toEqual(["10.9.9.9"]);
  });

  it("asks the system when the resolver file is missing", async () => {
    const targets = await resolveJoinAddress("a.test", {
      defaultPort: 1,
      dnsConfigPath: join(folder, "missing"),
      systemLookup: systemKnows("10.9.9.9"),
    });

    expect(addressesOf(targets)).toEqual(["10.9.9.9"]);
  });

  it("resolves localhost with the system's own resolver", async () => {
    const targets = await resolveJoinAddress("localhost:5", { defaultPort: 1 });

    expect(addressesOf(targets).some((address) => ["127.0.0.1", "::1"].includes(address))).toBe(
      true,
    );
    expect(targets[0]?.endpoint.port).toBe(5);
  });

  it("tells what each resolver said when none knows the name", async () => {
    const error: unknown = await resolveWith({ rcode: 2 }, "nope.test").catch(
      (reason: unknown) => reason,
    );

    expect(error).toBeInstanceOf(SwimError);
    expect(error).toMatchObject({
      code: "unresolved-address",
      message: expect.stringMatching(/^lookup nope\.test on 127\.0\.0\.1:\d+: no such host$/),
      cause: { errors: [{ message: "server failure" }, { code: "ENOTFOUND" }] },
    });
  });

  it.each(["/10.0.0.1:1", "host:port", "host:65536", ":1", ""])(
    "refuses %j as no address",
    async (text) => {
      await expect(resolveJoinAddress(text, { defaultPort: 1 })).rejects.toMatchObject({
        code: "invalid-address",
      });
    },
  );

  it("rejects with the signal's reason while a server is silent", async () => {
    await using server = await FakeDnsServer.start({ behaviour: "silent" });
    const dnsConfigPath = join(folder, "silent");
    await writeFile(dnsConfigPath, `nameserver 127.0.0.1:${server.endpoint.port}`);
    const controller = new AbortController();
    const { signal } = controller;
    const reason = resolveJoinAddress("a.test", { defaultPort: 1, dnsConfigPath, signal }).catch(
      (error: unknown) => error,
    );

    await until(() => server.questions.length === 1);
    controller.abort("enough");

    expect(await reason).toBe("enough");
  });

  it("rejects with the signal's reason while the system thinks", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const systemLookup = (): Promise<string[]> => new Promise(() => controller.abort("enough"));

    await expect(resolveJoinAddress("seed", { defaultPort: 1, systemLookup, signal })).rejects.toBe(
      "enough",
    );
  });
});

describe("firstNameServer", () => {
  it.each([
    ["nameserver 10.0.0.1\nnameserver 10.0.0.2\n", { address: "10.0.0.1", port: 53 }],
    ["# none\nsearch test\n  nameserver\tfd00::1  \n", { address: "fd00::1", port: 53 }],
    ["nameserver 127.0.0.1:8600", { address: "127.0.0.1", port: 8_600 }],
    ["nameserver [fd00::1]:8600", { address: "fd00::1", port: 8_600 }],
    ["nameserver nonsense\nnameserver 10.0.0.2", undefined],
    ["nameserver 127.0.0.1:99999", undefined],
    ["search test", undefined],
  ])("finds in %j", (text, expected) => {
    expect(firstNameServer(text)).toEqual(expected);
  });
});
