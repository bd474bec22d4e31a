import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openSyslog } from "../../src/log/syslog.ts";
import { until } from "../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "syslog-"));
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
});
