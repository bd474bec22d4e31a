import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSyslog, syslogPendingLimit } from "../../src/log/syslog.ts";
import { until } from "../support/until.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "syslog-"));
});
let server: Server | undefined;
afterEach(() => {
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("openSyslog", () => {
  it("writes to a stream socket and refuses a machine without syslog", async () => {
    const path = join(folder, "log");
    let received = "";
    server = createServer((socket) => socket.on("data", (bytes) => (received += bytes.toString())));
    await new Promise<void>((resolve) => server?.listen(path, resolve));

    const sink = await openSyslog("LOCAL0", [join(folder, "missing"), path]);
    sink.write({ time: new Date(), level: "INFO", component: "agent", text: "hello" });

    await until("the line arrives", () => received.includes("agent: hello\n"));
    sink.close();
    await expect(openSyslog("LOCAL0", [join(folder, "missing")])).rejects.toThrow(
      "Unix syslog delivery error",
    );
    await expect(openSyslog("FOO", [path])).rejects.toThrow("invalid syslog facility: FOO");
  });

  it("drops lines a slow daemon does not take, beyond its limit", async () => {
    const path = join(folder, "slow");
    let receivedBytes = 0;
    let resume: (() => void) | undefined;
    server = createServer((socket) => {
      resume = () => socket.on("data", (bytes) => (receivedBytes += bytes.length));
    });
    await new Promise<void>((resolve) => server?.listen(path, resolve));
    const sink = await openSyslog("LOCAL0", [path]);
    const text = "x".repeat(16 * 1024);

    for (let count = 0; count < 1024; count += 1) {
      sink.write({ time: new Date(), level: "INFO", component: "agent", text });
    }
    await until("the connection", () => resume !== undefined);
    resume?.();
    await until("what was kept", () => receivedBytes >= syslogPendingLimit);
    sink.close();
    const ended = new Promise<void>((resolve) => server?.close(() => resolve()));
    await ended;

    // One line may go beyond, and the system's own buffer comes on top.
    expect(receivedBytes).toBeLessThan(2 * syslogPendingLimit);
  });
});
