import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { describe, expect, it } from "vitest";
import { TcpListener } from "../../src/node/tcp-listener.ts";
import { until } from "./support/until.ts";

describe("TcpListener", () => {
  it("backs off when accepting fails, doubles the wait, and listens again (§15)", async () => {
    const servers: Server[] = [];
    const retriesMs: number[] = [];
    let connectionCount = 0;
    const listener = await TcpListener.bind({
      bindAddress: "127.0.0.1",
      bindPort: 0,
      createServer: ((options: object) => {
        const server = createServer(options);
        servers.push(server);
        return server;
      }) as typeof createServer,
    });
    listener.start({
      handleConnection: (socket) => {
        connectionCount += 1;
        socket.destroy();
      },
      handleAcceptFailure: (_error, retryMs) => retriesMs.push(retryMs),
    });
    const { port } = listener;

    for (let failure = 1; failure <= 3; failure += 1) {
      servers.at(-1)?.emit("error", Object.assign(new Error("accept"), { code: "EMFILE" }));
      await until(() => servers.length === failure + 1 && servers.at(-1)?.listening === true);
    }
    const client = connect({ port, host: "127.0.0.1" });
    await once(client, "close");
    await until(() => connectionCount === 1);
    servers.at(-1)?.emit("error", new Error("accept"));
    await until(() => servers.length === 5);
    listener.close();

    expect(retriesMs).toEqual([5, 10, 20, 5]);
    expect(listener.port).toBe(port);
  });

  it("does not listen again once it is closed", async () => {
    const servers: Server[] = [];
    const listener = await TcpListener.bind({
      bindAddress: "127.0.0.1",
      bindPort: 0,
      createServer: ((options: object) => {
        const server = createServer(options);
        servers.push(server);
        return server;
      }) as typeof createServer,
    });

    servers[0]?.emit("error", new Error("accept"));
    listener.close();
    listener.close();

    expect(servers.length).toBe(1);
    expect(servers[0]?.listening).toBe(false);
  });
});
