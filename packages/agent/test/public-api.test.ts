/** Widening or narrowing what the package exports is a decision, so it is written down here. */
import * as agent from "@x/agent";
import * as flags from "@x/agent/flags";
import { describe, expect, it } from "vitest";

describe("@x/agent", () => {
  it("exports the agent and its parts", () => {
    expect(Object.keys(agent).sort()).toEqual([
      "Agent",
      "AgentBackend",
      "AgentError",
      "AgentLog",
      "ConfigError",
      "EventFanout",
      "Metrics",
      "NetworkError",
      "agentFlags",
      "defaultAgentConfig",
      "defaultRpcAddress",
      "errnoText",
      "isLogLevel",
      "joinHostPort",
      "loadConfig",
      "logLevels",
      "openStatsd",
      "openStatsite",
      "openSyslog",
      "resolveNetwork",
      "retryJoin",
      "startRpcServer",
    ]);
  });

  it("exports the syntax of flags", () => {
    expect(Object.keys(flags).sort()).toEqual([
      "DurationError",
      "FlagError",
      "TagError",
      "agentFlags",
      "flagHelp",
      "goQuote",
      "parseBooleanText",
      "parseDuration",
      "parseFlags",
      "parseIntegerText",
      "parseTag",
      "wrapText",
    ]);
  });
});
