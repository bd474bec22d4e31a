import { describe, expect, it } from "vitest";
import { agentStats } from "../src/agent-stats.ts";
import { parseHandlerSpec } from "../src/handler/handler-spec.ts";
import { FakeSerf } from "./support/fake-serf.ts";

describe("agentStats (CLI specification §5.10)", () => {
  it("has the groups and keys operators read, all values texts", () => {
    const stats = agentStats(new FakeSerf(), [
      ...parseHandlerSpec("user:d=echo one"),
      ...parseHandlerSpec("echo all"),
    ]);

    expect(Object.keys(stats)).toEqual(["agent", "runtime", "serf", "tags", "event_handlers"]);
    expect(stats["agent"]).toEqual({ name: "foo" });
    expect(Object.keys(stats["runtime"] ?? {}).sort()).toEqual([
      "arch",
      "cpu_count",
      "goroutines",
      "max_procs",
      "os",
      "version",
    ]);
    expect(stats["serf"]).toEqual({ members: "1" });
    expect(stats["tags"]).toEqual({ a: "1" });
    expect(stats["event_handlers"]).toEqual({ "user:d": "echo one", "*:": "echo all" });
    for (const group of Object.values(stats)) {
      for (const value of Object.values(group)) expect(typeof value).toBe("string");
    }
  });
});
