import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { MemoryTransport, type MemoryNetwork } from "../../examples/memory-transport.ts";
import { SwimError } from "../../src/errors.ts";
import { Keyring } from "../../src/keyring.ts";
import { endpointText } from "../../src/node/stream-failure.ts";
import type { RunningSwim } from "../../src/node/running-swim.ts";
import { startSwim, type StartSwimOptions } from "../../src/node/start-swim.ts";
import type { SwimEvent } from "../../src/swim-event.ts";
import type { Overflow } from "../../src/node/event-buffer.ts";
import { until } from "./support/until.ts";

/** The local profile, ten times as fast: a crash is known within a second. */
const QUICK: StartSwimOptions = {
  profile: "local",
  bind: "127.0.0.1:0",
  probeIntervalMs: 100,
  probeTimeoutMs: 50,
  gossipIntervalMs: 20,
  suspicionMultiplier: 5,
  suspicionMaxTimeoutMultiplier: 2,
};

describe("RunningSwim", () => {
  const started: RunningSwim[] = [];
  const start = async (name: string, options: StartSwimOptions = {}): Promise<RunningSwim> => {
    const swim = await startSwim({ ...QUICK, name, ...options });
    started.push(swim);
    return swim;
  };
  const cluster = async (
    names: readonly string[],
    options: StartSwimOptions = {},
  ): Promise<RunningSwim[]> => {
    const members = await Promise.all(names.map((name) => start(name, options)));
    for (const member of members.slice(1)) await member.join([addressOf(members[0])]);
    await until(() => members.every((member) => member.members.length === names.length));
    return members;
  };
  afterEach(async () => {
    await Promise.all(started.splice(0).map((swim) => swim.close()));
  });

  it("is alone at first, at the port the system chose", async () => {
    const swim = await start("alone");

    expect(swim.members.map(({ name, state }) => [name, state])).toEqual([["alone", "alive"]]);
    expect(swim.localMember.endpoint).toEqual(swim.localEndpoint);
    expect(swim.localEndpoint.port).toBeGreaterThan(0);
    expect(swim.localMember.addressBytes).toEqual(Uint8Array.of(127, 0, 0, 1));
    expect(swim.healthScore).toBe(0);
  });

  it("joins, and everybody sees everybody", async () => {
    const members = await cluster(["a", "b", "c"]);

    for (const member of members) expect(namesOf(member)).toEqual(["a", "b", "c"]);
  });

  it("tells a departure from a crash", async () => {
    const [a, b, c] = await cluster(["a", "b", "c"]);
    const events = collect(a);

    await b?.leave();
    await b?.close();
    await until(() => a?.member("b")?.state === "left");
    await c?.close();
    await until(() => a?.member("c")?.state === "dead");
    await a?.close();

    const leaves = (await events).filter(({ kind }) => kind === "member-left");
    expect(leaves).toMatchObject([
      { member: { name: "b", state: "left" } },
      { member: { name: "c", state: "dead" } },
    ]);
  });

  it("tells joins and updates as events, in order", async () => {
    const [a, b] = [await start("a"), await start("b")];
    const events = collect(a);

    await b.join([addressOf(a)]);
    await until(() => a.members.length === 2);
    await b.updateMeta(new TextEncoder().encode("new"));
    await until(() => String.fromCharCode(...(a.member("b")?.meta ?? [])) === "new");
    await a.close();

    const told = (await events).filter(({ kind }) => kind.startsWith("member-"));
    // On a busy machine a suspicion, soon refuted, may stand between the two.
    expect(told.map(({ kind }) => kind).filter((kind) => kind !== "member-suspected")).toEqual([
      "member-joined",
      "member-updated",
    ]);
  });

  it("carries user messages both ways of sending", async () => {
    const [a, b] = await cluster(["a", "b"]);
    const events = collect(b);
    const received: Uint8Array[] = [];
    const watch = (async () => {
      for await (const event of b?.events() ?? []) {
        if (event.kind === "user-message") received.push(event.payload);
      }
    })();

    a?.send("b", Uint8Array.of(1));
    await until(() => received.length === 1);
    await a?.sendReliable("b", new Uint8Array(100_000).fill(2));
    await until(() => received.length === 2);
    await a?.sendReliable({ endpoint: b?.localEndpoint ?? NOWHERE }, Uint8Array.of(3));
    await until(() => received.length === 3);
    await b?.close();
    await watch;

    expect(received.map((payload) => [payload[0], payload.length])).toEqual([
      [1, 1],
      [2, 100_000],
      [3, 1],
    ]);
    expect((await events).filter(({ kind }) => kind === "user-message").length).toBe(3);
  });

  it("pings a member, and times out for a name that does not answer", async () => {
    const [a, b] = await cluster(["a", "b"]);

    const rttMs = await a?.ping("b");
    const wrong = a?.ping({ name: "nobody", endpoint: b?.localEndpoint ?? NOWHERE });

    expect(rttMs).toBeGreaterThan(0);
    await expect(wrong).rejects.toMatchObject({ code: "timed-out" });
  });

  it.each([
    ["only if it is reached elsewhere than where it is bound", "127.0.0.1:7", true],
    ["not where answers find it anyway", undefined, false],
  ])("says in its pings where it is, %s", async (_, advertise, isNamed) => {
    const receiver = createSocket("udp4").bind(0, "127.0.0.1");
    await once(receiver, "listening");
    const swim = await start("a", {
      probeTimeoutMs: 1,
      compress: false,
      ...(advertise === undefined ? {} : { advertise }),
    });

    const endpoint = { address: "127.0.0.1", port: receiver.address().port };
    const [[bytes]] = await Promise.all([
      once(receiver, "message") as Promise<[Buffer]>,
      swim.ping({ name: "x", endpoint }).catch(() => undefined),
    ]);
    receiver.close();

    expect(bytes.includes("SourceAddr")).toBe(isNamed);
    expect(bytes.includes("SourcePort")).toBe(isNamed);
    expect(bytes.includes("SourceNode")).toBe(true);
  });

  it("refuses names it does not know", async () => {
    const a = await start("a");

    await expect(a.ping("ghost")).rejects.toMatchObject({ code: "unknown-member" });
    await expect(a.sendReliable("ghost", Uint8Array.of(1))).rejects.toMatchObject({
      code: "unknown-member",
    });
    expect(() => a.send("ghost", Uint8Array.of(1))).toThrow(SwimError);
  });

  it("rejects a join nobody answered, with every reason in the order given", async () => {
    const [a, gone] = [await start("a"), await start("gone")];
    const address = addressOf(gone);
    await gone.close();

    const error: unknown = await a.join([address, "host:port"]).catch((reason: unknown) => reason);

    expect(error).toMatchObject({
      code: "no-seed-answered",
      message: "no seed answered (2 tried): check the addresses or the keyring",
      failures: [
        {
          kind: "unanswered",
          text: address,
          endpoint: gone.localEndpoint,
          message: expect.stringContaining("connection refused"),
        },
        { kind: "unresolved", text: "host:port" },
      ],
    });
  });

  it("joins when one of several addresses answers", async () => {
    const [a, b, gone] = [await start("a"), await start("b"), await start("gone")];
    await gone.close();

    expect(await b.join([addressOf(gone), addressOf(a)])).toBe(1);
    expect(await b.join([])).toBe(0);
  });

  it("stops waiting when told to", async () => {
    const a = await start("a");
    const signal = AbortSignal.abort("enough");

    await expect(a.join(["127.0.0.1:1"], { signal })).rejects.toBe("enough");
    await expect(a.leave({ signal })).rejects.toBe("enough");
    await expect(a.updateMeta(new Uint8Array(1), { signal })).rejects.toBe("enough");
    await expect(startSwim({ ...QUICK, name: "b", signal })).rejects.toBe("enough");
  });

  it("frees its port and ends what waits when it closes", async () => {
    const [a, b] = [await start("a"), await start("b")];
    const { port } = a.localEndpoint;
    const iteration = a.events().next();
    const ping = a.ping({ name: "nobody", endpoint: b.localEndpoint }).catch((e: unknown) => e);

    await a.close();
    await a.close();
    const again = await start("a", { bind: `127.0.0.1:${port}` });

    expect(await iteration).toEqual({ done: true, value: undefined });
    expect(await ping).toMatchObject({ code: "shut-down" });
    await expect(a.join([addressOf(b)])).rejects.toMatchObject({ code: "shut-down" });
    await expect(a.leave()).rejects.toMatchObject({ code: "shut-down" });
    expect(() => a.send({ endpoint: b.localEndpoint }, Uint8Array.of(1))).toThrow("closed");
    expect(again.localEndpoint.port).toBe(port);
  });

  it("leaves no socket behind", async () => {
    // Sockets of tests before may still be going.
    const before = socketCount();
    const [a, b] = await cluster(["a", "b"]);
    await a?.sendReliable("b", Uint8Array.of(1));
    const during = socketCount();

    await Promise.all([a?.close(), b?.close()]);
    await until(() => socketCount() <= before);

    expect(during).toBeGreaterThanOrEqual(4);
  });

  it("is closed at the end of its scope", async () => {
    const kept: RunningSwim[] = [];
    {
      await using swim = await startSwim({ ...QUICK, name: "scoped" });
      kept.push(swim);
    }

    expect(kept[0]?.isClosed).toBe(true);
  });

  it("counts for a slow reader what it missed", async () => {
    const [a, b] = await cluster(["a", "b"], { eventBufferLimit: 2 });
    const slow = b?.events();
    const fast = b?.events({ bufferLimit: 100 });

    for (let index = 0; index < 6; index += 1) a?.send("b", Uint8Array.of(index));
    for (let index = 0; index < 6; index += 1) await fast?.next();
    await b?.close();

    const items: (SwimEvent | Overflow)[] = [];
    for await (const item of slow ?? []) items.push(item);
    const overflow = items.find((item) => item.kind === "overflow");
    expect(items.map(({ kind }) => kind)).toEqual(["user-message", "user-message", "overflow"]);
    expect(overflow).toMatchObject({ kind: "overflow", droppedCount: 4 });
  });

  it("hides its traffic behind keys and a label, and keeps strangers out", async () => {
    const key = new Uint8Array(32).fill(7);
    const secret = (): StartSwimOptions => ({ keyring: Keyring.create([], key), label: "blue" });
    const [a, b] = [await start("a", secret()), await start("b", secret())];
    const stranger = await start("stranger", { label: "blue" });
    const unlabelled = await start("unlabelled", { keyring: Keyring.create([], key) });

    await b.join([addressOf(a)]);
    await until(() => a.members.length === 2);

    await expect(stranger.join([addressOf(a)])).rejects.toMatchObject({ code: "no-seed-answered" });
    await expect(unlabelled.join([addressOf(a)])).rejects.toMatchObject({
      code: "no-seed-answered",
    });
    expect(namesOf(a)).toEqual(["a", "b"]);
    expect(a.keyring?.primary).toEqual(key);
  });

  it("rolls a new key through a running cluster", async () => {
    const [oldKey, newKey] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
    const a = await start("a", { keyring: Keyring.create([], oldKey) });
    const b = await start("b", { keyring: Keyring.create([], oldKey) });
    await b.join([addressOf(a)]);
    await until(() => a.members.length === 2);

    for (const step of ["add", "use", "remove"] as const) {
      for (const member of [a, b]) member.keyring?.[step](step === "remove" ? oldKey : newKey);
    }

    expect(await a.ping("b")).toBeGreaterThan(0);
    await expect(a.sendReliable("b", Uint8Array.of(1))).resolves.toBeUndefined();
  });

  it.runIf(hasIpv6Loopback())("lives on IPv6", async () => {
    const [a, b] = await cluster(["a", "b"], { bind: "[::1]:0" });

    expect(a?.member("b")?.endpoint).toEqual(b?.localEndpoint);
    expect(a?.localMember.addressBytes.length).toBe(16);
    await b?.close();
    await until(() => a?.member("b")?.state === "dead");
  });

  it("lives on a transport of one's own", async () => {
    const network: MemoryNetwork = new Map();
    const at = (port: number): StartSwimOptions => ({
      transport: new MemoryTransport(network, { address: "10.0.0.1", port }),
    });
    const [a, b] = [await start("a", at(1)), await start("b", at(2))];

    await b.join(["10.0.0.1:1"]);
    await until(() => namesOf(a).length === 2);
    await b.close();

    await until(() => a.member("b")?.state === "dead");
  });

  it("reports facts to whoever listens", async () => {
    const kinds = new Set<string>();
    const a = await start("a", { onReport: ({ kind }) => kinds.add(kind) });
    const b = await start("b");

    await b.join([addressOf(a)]);
    await until(() => kinds.has("push-pull-merged"));

    expect(kinds).toContain("stream-accepted");
  });

  it("names the option that is wrong, and frees the port", async () => {
    const port = (await freePort()).toString();

    await expect(
      startSwim({ ...QUICK, name: "x", bind: `127.0.0.1:${port}`, probeIntervalMs: -1 }),
    ).rejects.toThrow("probeIntervalMs is -1");
    const next = await start("y", { bind: `127.0.0.1:${port}` });

    expect(next.localEndpoint.port).toBe(Number(port));
  });
});

/** Sockets this process holds. */
function socketCount(): number {
  const kinds = new Set(["UDPWrap", "TCPServerWrap", "TCPSocketWrap"]);
  return process.getActiveResourcesInfo().filter((kind) => kinds.has(kind)).length;
}

const NOWHERE = { address: "127.0.0.1", port: 1 };

async function freePort(): Promise<number> {
  const swim = await startSwim({ ...QUICK, name: "port" });
  await swim.close();
  return swim.localEndpoint.port;
}

function addressOf(swim: RunningSwim | undefined): string {
  return endpointText(swim?.localEndpoint ?? NOWHERE);
}

function namesOf(swim: RunningSwim): string[] {
  return swim.members.map(({ name }) => name).sort();
}

async function collect(swim: RunningSwim | undefined): Promise<(SwimEvent | Overflow)[]> {
  const events: (SwimEvent | Overflow)[] = [];
  for await (const event of swim?.events() ?? []) events.push(event);
  return events;
}

function hasIpv6Loopback(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === "::1"),
  );
}
