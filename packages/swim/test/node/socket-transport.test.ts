import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { SocketTransport, type SocketTransportOptions } from "../../src/node/socket-transport.ts";
import { record, type Recorded } from "./support/recorder.ts";
import { turns, until } from "./support/until.ts";

describe("SocketTransport", () => {
  const opened: SocketTransport[] = [];
  const sockets: Socket[] = [];
  const bind = async (options: Partial<SocketTransportOptions> = {}): Promise<SocketTransport> => {
    const transport = await SocketTransport.bind({
      bindAddress: "127.0.0.1",
      bindPort: 0,
      ...options,
    });
    opened.push(transport);
    return transport;
  };
  const recorded = async (
    options: Partial<SocketTransportOptions> = {},
  ): Promise<Recorded & { transport: SocketTransport }> => {
    const transport = await bind(options);
    return { ...record(transport), transport };
  };
  /** A plain connection from outside, which may misbehave. */
  const dial = async (port: number, host = "127.0.0.1"): Promise<Socket> => {
    const socket = connect({ port, host, allowHalfOpen: true });
    socket.on("error", () => undefined);
    sockets.push(socket);
    await once(socket, "connect");
    return socket;
  };
  /** A connection the other side will refuse, before or after it stands. */
  const dialInVain = async (port: number): Promise<void> => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("error", () => undefined);
    await new Promise((resolve) => socket.once("close", resolve));
  };
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await Promise.all(opened.splice(0).map((transport) => transport.close()));
  });

  it("gives datagrams and streams the same port when the system chooses it", async () => {
    const transport = await bind();
    const { port } = transport.localEndpoint;

    const probe = createSocket("udp4");
    probe.bind({ port, address: "127.0.0.1", exclusive: true });
    const [error] = await once(probe, "error");
    probe.close();

    expect(port).toBeGreaterThan(0);
    expect(error).toMatchObject({ code: "EADDRINUSE" });
    await expect(dial(port)).resolves.toBeDefined();
  });

  it("rejects with the system's error when the port is taken, and gives the other one back", async () => {
    const taken = createSocket("udp4");
    taken.bind({ port: 0, address: "127.0.0.1" });
    await once(taken, "listening");
    const { port } = taken.address();

    await expect(bind({ bindPort: port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    taken.close();
    const server = createServer();
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    server.close();
  });

  it("refuses to bind a name", async () => {
    await expect(bind({ bindAddress: "localhost" })).rejects.toThrow(
      'bindAddress is "localhost": give an IP address',
    );
  });

  it("rejects with the signal's reason, and binds nothing", async () => {
    await expect(bind({ signal: AbortSignal.abort("changed my mind") })).rejects.toBe(
      "changed my mind",
    );
  });

  it("gives a receive buffer the system accepts", async () => {
    const transport = await bind({ receiveBufferBytes: 64 * 1024 });

    expect(transport.receiveBufferBytes).toBeGreaterThanOrEqual(64 * 1024);
  });

  it("fails a datagram that exceeds the send queue, instead of letting it pile up", async () => {
    const { transport, heard } = await recorded({ sendQueueLimitBytes: 10 });

    transport.sendDatagram(transport.localEndpoint, new Uint8Array(10));
    transport.sendDatagram(transport.localEndpoint, new Uint8Array(11));
    await until(() => heard.datagrams.length === 1 && heard.datagramFailures.length === 1);

    expect(heard.datagrams[0]?.bytes.length).toBe(10);
    expect(heard.datagramFailures[0]).toMatchObject({
      target: transport.localEndpoint,
      message: expect.stringContaining("send queue is full (10 bytes)"),
    });
  });

  it("refuses connections beyond the limit from one address, and counts closed ones out", async () => {
    const { transport, heard } = await recorded({ limits: { inboundStreamPerSourceLimit: 2 } });
    const { port } = transport.localEndpoint;

    await dial(port);
    await dial(port);
    await heard.accepted(1);
    await dialInVain(port);
    await until(() => heard.reports.length === 1);
    expect(heard.reports).toEqual([
      {
        kind: "stream-refused",
        remote: { address: "127.0.0.1", port: expect.any(Number) },
        reason: "inbound-stream-per-source-limit",
      },
    ]);
    transport.resetStream(await heard.accepted(0));
    await dial(port);

    expect(await heard.accepted(2)).toBe(6);
    expect(transport.openStreamCount).toBe(2);
  });

  it("refuses connections beyond the limit of all addresses together", async () => {
    const { transport, heard } = await recorded({ limits: { inboundStreamLimit: 1 } });

    await dial(transport.localEndpoint.port);
    await heard.accepted();
    await dialInVain(transport.localEndpoint.port);
    await until(() => heard.reports.length === 1);

    expect(heard.reports).toMatchObject([{ reason: "inbound-stream-limit" }]);
    expect(transport.openStreamCount).toBe(1);
  });

  it("resets a stream whose reader lets more pile up than the limit", async () => {
    const { transport, heard } = await recorded({ limits: { streamWriteLimitBytes: 1_000_000 } });
    const stuck = await dial(transport.localEndpoint.port);
    stuck.pause();
    const streamId = await heard.accepted();

    // The kernel takes some megabytes before anything waits here.
    for (let piece = 0; piece < 200 && heard.kindsOf(streamId).at(-1) !== "failed"; piece += 1) {
      transport.writeStream(streamId, new Uint8Array(900_000));
      await turns(1);
    }
    const event = await heard.heard(streamId, "failed");

    expect(event).toMatchObject({ failure: { code: "aborted" } });
    expect(transport.openStreamCount).toBe(0);
  });

  it("bounds what waits on all streams together", async () => {
    const { transport, heard } = await recorded({ limits: { totalWriteLimitBytes: 1_500_000 } });
    for (let index = 0; index < 2; index += 1) (await dial(transport.localEndpoint.port)).pause();
    const ids = [await heard.accepted(0), await heard.accepted(1)];
    const failed = (): number => heard.streamEvents.filter(({ kind }) => kind === "failed").length;

    for (let piece = 0; piece < 200 && failed() === 0; piece += 1) {
      for (const streamId of ids) transport.writeStream(streamId, new Uint8Array(900_000));
      await turns(1);
    }

    expect(failed()).toBeGreaterThan(0);
  });

  it("says nothing of a failed write once the core has closed the stream", async () => {
    const { transport, heard } = await recorded({ limits: { streamWriteLimitBytes: 10 } });
    await dial(transport.localEndpoint.port);
    const streamId = await heard.accepted();

    transport.writeStream(streamId, new Uint8Array(11));
    transport.closeStream(streamId);
    await turns();

    expect(heard.kindsOf(streamId)).toEqual(["accepted"]);
  });

  it("lets go of a closed stream although the other side never closes", async () => {
    const { transport, heard } = await recorded({ limits: { lingerMs: 10 } });
    await dial(transport.localEndpoint.port);
    const streamId = await heard.accepted();

    transport.closeStream(streamId);
    await until(() => transport.openStreamCount === 0);

    expect(heard.kindsOf(streamId)).toEqual(["accepted"]);
  });

  it("lets go of a closed stream although the other side never reads", async () => {
    const { transport, heard } = await recorded({ limits: { flushTimeoutMs: 20 } });
    const stuck = await dial(transport.localEndpoint.port);
    stuck.pause();
    const streamId = await heard.accepted();

    transport.writeStream(streamId, new Uint8Array(30_000_000));
    transport.closeStream(streamId);

    await until(() => transport.openStreamCount === 0);
  });

  it("hears the other side finish, and can still answer", async () => {
    const { transport, heard } = await recorded();
    const socket = await dial(transport.localEndpoint.port);
    const streamId = await heard.accepted();

    socket.end("question");
    await heard.heard(streamId, "ended");
    const answer = once(socket, "data");
    transport.writeStream(streamId, Buffer.from("answer"));
    transport.closeStream(streamId);

    expect(String((await answer)[0])).toBe("answer");
    await until(() => transport.openStreamCount === 0);
  });

  it("fails a dial that takes too long", async () => {
    const { transport, heard } = await recorded();
    const acceptor = await recorded();

    // Timers come before sockets in the event loop, so after a stall the dial is too late for sure.
    transport.openStream(1, acceptor.transport.localEndpoint, 1);
    const stallUntilMs = performance.now() + 10;
    while (performance.now() < stallUntilMs);
    const event = await heard.heard(1, "failed");
    await turns();

    expect(event).toMatchObject({ failure: { code: "timed-out" } });
    expect(heard.kindsOf(1)).toEqual(["failed"]);
    expect(transport.openStreamCount).toBe(0);
  });

  it("says in the reference's words why a dial failed", async () => {
    const { transport, heard } = await recorded();
    const deserted = await bind();
    await deserted.close();
    const { port } = deserted.localEndpoint;

    transport.openStream(1, deserted.localEndpoint, 10_000);

    expect(await heard.heard(1, "failed")).toMatchObject({
      failure: {
        code: "refused",
        message: `dial tcp 127.0.0.1:${port}: connect: connection refused`,
      },
    });
  });

  it("fails what no socket can do: a name, port 0, another family", async () => {
    const { transport, heard } = await recorded();

    transport.openStream(1, { address: "example.invalid", port: 1 }, 10_000);
    transport.openStream(3, { address: "127.0.0.1", port: 0 }, 10_000);
    transport.sendDatagram({ address: "127.0.0.1", port: 0 }, Uint8Array.of(1));
    transport.sendDatagram({ address: "::1", port: 1 }, Uint8Array.of(1));
    transport.sendDatagram({ address: "127.0.0.1", port: 1 }, new Uint8Array(70_000));
    await until(() => heard.datagramFailures.length === 3);

    expect(await heard.heard(1, "failed")).toMatchObject({ failure: { code: "unreachable" } });
    expect(await heard.heard(3, "failed")).toMatchObject({ failure: { code: "unreachable" } });
    expect(heard.datagramFailures.map(({ message }) => message).sort()).toEqual([
      expect.stringContaining("127.0.0.1:0: port 0 cannot be sent to"),
      expect.stringContaining("EMSGSIZE"),
      expect.stringContaining("[::1]:1: no IPv4 path"),
    ]);
  });

  it("speaks IPv4 and IPv6 when bound to every address, and shows IPv4 plainly", async () => {
    const both = await SocketTransport.bind({ bindAddress: "::", bindPort: 0 }).catch(
      () => undefined,
    );
    if (both === undefined) return; // A machine without IPv6.
    opened.push(both);
    const { heard } = record(both);
    const other = await recorded();
    const { port } = both.localEndpoint;

    both.sendDatagram(other.transport.localEndpoint, Uint8Array.of(1));
    other.transport.sendDatagram({ address: "127.0.0.1", port }, Uint8Array.of(2));
    other.transport.openStream(1, { address: "127.0.0.1", port }, 10_000);
    await until(() => heard.datagrams.length === 1 && other.heard.datagrams.length === 1);
    const streamId = await heard.accepted();

    expect(heard.datagrams[0]?.source).toEqual(other.transport.localEndpoint);
    expect(other.heard.datagrams[0]?.source).toEqual({ address: "127.0.0.1", port });
    expect(heard.streamEvents.find((event) => event.streamId === streamId)).toMatchObject({
      remote: { address: "127.0.0.1" },
    });
  });

  it("reads a burst of datagrams without losing one the kernel has kept", async () => {
    const [sender, receiver] = [await recorded(), await recorded()];

    for (let index = 0; index < 200; index += 1) {
      sender.transport.sendDatagram(receiver.transport.localEndpoint, Uint8Array.of(index));
    }
    await until(() => receiver.heard.datagrams.length === 200);

    expect(receiver.heard.datagrams.map(({ bytes }) => bytes[0])).toEqual(
      Array.from({ length: 200 }, (_, index) => index),
    );
  });

  it("flushes what was written before it closes", async () => {
    const { transport, heard } = await recorded();
    const socket = await dial(transport.localEndpoint.port);
    const streamId = await heard.accepted();
    let receivedBytes = 0;
    socket.on("data", (chunk: Buffer) => (receivedBytes += chunk.length));
    socket.on("end", () => socket.end());

    transport.writeStream(streamId, new Uint8Array(5_000_000));
    transport.closeStream(streamId);
    await transport.close();

    await until(() => receivedBytes === 5_000_000);
  });
});
