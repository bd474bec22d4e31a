import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AgentConfig } from "../../src/config/agent-config.ts";
import { configKeys } from "../../src/config/config-keys.ts";
import { ConfigError, loadConfig } from "../../src/config/load-config.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent-config-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

function load(...words: string[]): AgentConfig {
  return loadConfig(words, () => "this-host").config;
}

function faultsOf(...words: string[]): readonly string[] {
  try {
    loadConfig(words, () => "this-host");
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).faults;
  }
  throw new Error("no fault");
}

describe("loadConfig (agent specification §1, §2)", () => {
  it("falls back to the host name and the documented defaults", () => {
    const config = load();

    expect(config).toMatchObject({
      nodeName: "this-host",
      bind: "0.0.0.0",
      rpcAddress: "127.0.0.1:7373",
      logLevel: "INFO",
      protocol: 5,
      retryIntervalMs: 30_000,
      broadcastTimeoutMs: 5_000,
      tombstoneTimeoutMs: 86_400_000,
      enableCompression: true,
    });
  });

  it("decodes every key of a file to its field", () => {
    for (const entry of configKeys) {
      if (entry.kind === "ignored-claim") continue;
      const samples = {
        text: ["x.example", "x.example"],
        claim: [true, true],
        switch: [false, false],
        count: [7, 7],
        duration: ["1m", 60_000],
        list: [["a"], ["a"]],
        tags: [{ a: "b" }, { a: "b" }],
      } as const;
      let [written, read]: readonly [unknown, unknown] = samples[entry.kind];
      const fixed: Record<string, string> = {
        logLevel: "DEBUG",
        logFormat: "json",
        profile: "wan",
        encryptKey: "AAAA",
        syslogFacility: "USER",
      };
      const allowed = fixed[entry.field];
      if (allowed !== undefined) [written, read] = [allowed, allowed];
      const [group = "", key] = entry.key.split(".");
      const content = key === undefined ? { [group]: written } : { [group]: { [key]: written } };
      const path = file("one.json", { discover: "clus", ...content });

      const config = load(`-config-file=${path}`);

      expect([entry.key, config[entry.field]]).toEqual([entry.key, read]);
    }
  });

  it("lays files in order over the defaults and flags over files", () => {
    const first = file("1.json", {
      node_name: "one",
      tags: { a: "1", b: "1" },
      start_join: ["x"],
      leave_on_terminate: true,
      protocol: 4,
    });
    const second = file("2.json", {
      node_name: "two",
      tags: { b: "2" },
      start_join: ["y"],
      leave_on_terminate: false,
      protocol: -1,
    });

    const config = load(
      `-config-file=${first}`,
      `-config-file=${second}`,
      "-join=z",
      "-tag=c=3",
      "-node=",
    );

    expect(config).toMatchObject({
      nodeName: "two",
      tags: { a: "1", b: "2", c: "3" },
      startJoin: ["x", "y", "z"],
      leaveOnTerminate: true,
      protocol: 4,
    });
  });

  it("reads a directory one level deep, only *.json, in byte order", () => {
    const directory = join(folder, "conf");
    mkdirSync(directory);
    mkdirSync(join(directory, "sub.json"));
    writeFileSync(join(directory, "b.json"), '{"node_name": "b"}');
    writeFileSync(join(directory, "a.json"), '{"node_name": "a"}');
    writeFileSync(join(directory, "c"), '{"node_name": "c"}');

    expect(load(`-config-dir=${directory}`).nodeName).toBe("b");
  });

  it("ignores the case of keys and everything after the first value", () => {
    const path = file("a.json", '{"NODE_Name": "x", "bind": null} trailing {');

    expect(load(`-config-file=${path}`)).toMatchObject({ nodeName: "x", bind: "0.0.0.0" });
  });

  it("asks for the name of the machine only when none is given", () => {
    let askedCount = 0;
    const hostName = (): string => `asked ${(askedCount += 1)}`;

    const named = loadConfig(["-node=given"], hostName).config.nodeName;
    const unnamed = loadConfig([], hostName).config.nodeName;

    expect([named, unnamed, askedCount]).toEqual(["given", "asked 1", 1]);
  });

  it("turns the old role into a tag and says so", () => {
    const { config, notices } = loadConfig(["-role=web", "-tag=role=db", "-rejoin"], () => "h");

    expect(config.tags).toEqual({ role: "web" });
    expect(notices).toEqual([
      "Deprecation warning: 'Role' has been replaced with 'Tags'",
      "Warning: 'RejoinAfterLeave' enabled without snapshot file",
    ]);
  });

  it("raises intervals that are too short", () => {
    const loaded = loadConfig(["-retry-interval=1ms", "-broadcast-timeout=10ms"], () => "h");

    expect(loaded.config).toMatchObject({ retryIntervalMs: 1000, broadcastTimeoutMs: 1000 });
    expect(loaded.notices).toHaveLength(2);
  });

  it.each([
    [["-tag=foo"], "Error: Invalid tag: 'foo'"],
    [["-tag==x"], "Error: Invalid tag: '=x'"],
    [["-retry-interval=foo"], 'Error: time: invalid duration "foo"'],
    [["-retry-interval=5"], 'Error: time: missing unit in duration "5"'],
    [["-event-handler=foo=bar"], "Invalid event script: Event 'foo' invoking 'bar'"],
    [["-event-handler=User:x=bar"], "Invalid event script: Event 'User:x' invoking 'bar'"],
    [
      ["-log-level=BOGUS"],
      "Invalid log level: BOGUS. Valid log levels are: [TRACE DEBUG INFO WARN ERR]",
    ],
    [["-bind=127.0.0.1:foo"], "Invalid bind address: lookup tcp/foo: unknown port"],
    [["-bind=127.0.0.1:99999"], "Invalid bind address: address 99999: invalid port"],
    [["-bind=[::1"], "Invalid bind address: address [::1: missing ']' in address"],
    [["-bind=::1"], "Invalid bind address: address ::1: too many colons in address"],
    [["-encrypt=*"], "Invalid encryption key: illegal base64 data at input byte 0"],
    [["-profile=bogus"], "Unknown profile: bogus"],
  ])("refuses %j in the reference's words", (words, fault) => {
    expect(faultsOf(...words)).toEqual([fault]);
  });

  it.each([
    [
      '{"bogus": 1, "node_name": 5}',
      "2 error(s) decoding:\n\n* '' has invalid keys: bogus\n* 'node_name' expected type 'string', got unconvertible type 'float64', value: '5'",
    ],
    ["[]", "'' expected a map, got 'slice'"],
    ['{"a": ', "unexpected EOF"],
    ["", "EOF"],
    ['{"retry_interval": "foo"}', "time: invalid duration \"foo\" (key 'retry_interval')"],
    ['{"tags": []}', "1 error(s) decoding:\n\n* 'tags' expected a map, got 'slice'"],
    [
      '{"event_handlers": "x"}',
      "1 error(s) decoding:\n\n* 'event_handlers': source data must be an array or slice, got string",
    ],
    [
      '{"tags": {"a": 1}}',
      "1 error(s) decoding:\n\n* 'tags[a]' expected type 'string', got unconvertible type 'float64', value: '1'",
    ],
    [
      '{"event_handlers": [], "EVENT_HANDLERS": []}',
      "1 error(s) decoding:\n\n* '' has invalid keys: EVENT_HANDLERS",
    ],
    ['{"a" 1}', "invalid character '1' after object key (line 1, column 6)"],
  ])("says what is wrong with the file %s", (content, why) => {
    const path = file("a.json", content);

    expect(faultsOf(`-config-file=${path}`)).toEqual([`Error decoding '${path}': ${why}`]);
  });

  it("truncates a fraction where a whole number is wanted", () => {
    expect(load(`-config-file=${file("a.json", '{"protocol": 4.5}')}`).protocol).toBe(4);
  });

  it("names every fault of every file and flag at once, with file and key", () => {
    const bad = file(
      "bad.json",
      '{"bogus": true, "retry_interval": "x", "reconnect_timeout": "5"}',
    );
    const good = file(
      "good.json",
      '{"log_level": "LOUD", "bind": "::1", "event_handlers": ["a=b"]}',
    );
    const missing = join(folder, "missing.json");

    const faults = faultsOf(
      `-config-file=${bad}`,
      `-config-file=${missing}`,
      `-config-file=${good}`,
      "-profile=x",
      "-tag=y",
      "-tag=z",
      "-retry-interval=w",
    );

    expect(faults).toEqual([
      "Error: Invalid tag: 'y'",
      "Error: Invalid tag: 'z'",
      'Error: time: invalid duration "w"',
      `Error decoding '${bad}': 1 error(s) decoding:\n\n* '' has invalid keys: bogus`,
      `Error decoding '${bad}': time: invalid duration "x" (key 'retry_interval')`,
      `Error decoding '${bad}': time: missing unit in duration "5" (key 'reconnect_timeout')`,
      `Error reading '${missing}': open ${missing}: no such file or directory`,
      `Invalid event script: Event 'a' invoking 'b' (key 'event_handlers' in '${good}')`,
      `Invalid log level: LOUD. Valid log levels are: [TRACE DEBUG INFO WARN ERR] (key 'log_level' in '${good}')`,
      `Invalid bind address: address ::1: too many colons in address (key 'bind' in '${good}')`,
      "Unknown profile: x",
    ]);
  });

  it("keeps the level of a running agent where the configured one is none (§7)", () => {
    const words = ["-log-level=LOUD", "-event-handler=x.sh"];

    const { config, notices } = loadConfig(words, () => "h", { keepLevel: "WARN" });

    expect(config).toMatchObject({ logLevel: "WARN", eventHandlers: ["x.sh"] });
    expect(notices).toEqual([
      "Invalid log level: LOUD. Valid log levels are: [TRACE DEBUG INFO WARN ERR]",
    ]);
  });
});
