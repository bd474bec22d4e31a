import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { usage } from "../../src/usage.ts";
import { eventCommand } from "../../src/commands/event.ts";
import { forceLeaveCommand } from "../../src/commands/force-leave.ts";
import { joinCommand } from "../../src/commands/join.ts";
import { rttCommand } from "../../src/commands/rtt.ts";
import { tagsCommand } from "../../src/commands/tags.ts";
import { runCli } from "../../src/main.ts";
import { FakeAgent } from "../support/fake-agent.ts";
import { FakeTerminal } from "../support/fake-terminal.ts";

let agent: FakeAgent;
beforeEach(async () => {
  agent = await FakeAgent.start();
});
afterEach(() => agent.close());

function said(stdout: string, exitCode = 0) {
  return { exitCode, stdout, stderr: "" };
}

describe("serf join (CLI specification §5.2)", () => {
  it("counts the addresses contacted, always as nodes", async () => {
    expect(await agent.serf(["join", "127.0.0.1:21001"])).toEqual(
      said("Successfully joined cluster by contacting 1 nodes.\n"),
    );
    await agent.serf(["join", "-replay", "a", "b"]);

    expect(agent.asked).toEqual([
      ["join", ["127.0.0.1:21001"], { ignoreOldEvents: true }],
      ["join", ["a", "b"], { ignoreOldEvents: false }],
    ]);
  });

  it("passes the agent's list of errors on, with its two newlines", async () => {
    agent.failure = new Error(
      "1 error occurred:\n\t* Failed to join 127.0.0.1:21999: dial tcp 127.0.0.1:21999: connect: connection refused\n\n",
    );

    expect(await agent.serf(["join", "127.0.0.1:21999"])).toEqual(
      said(
        "Error joining the cluster: 1 error occurred:\n" +
          "\t* Failed to join 127.0.0.1:21999: dial tcp 127.0.0.1:21999: connect: connection refused\n\n\n",
        1,
      ),
    );
  });

  it("wants an address", async () => {
    expect(await agent.serf(["join"])).toEqual(
      said(`At least one address to join must be specified.\n\n${usage(joinCommand)}\n`, 1),
    );
  });
});

describe("serf leave (CLI specification §5.3)", () => {
  it("says that it is done, whatever words follow", async () => {
    expect(await agent.serf(["leave", "now"])).toEqual(said("Graceful leave complete\n"));
  });

  it("says why not", async () => {
    agent.failure = new Error("leave timed out");

    expect(await agent.serf(["leave"])).toEqual(said("Error leaving: leave timed out\n", 1));
  });
});

describe("serf force-leave (CLI specification §5.4)", () => {
  it("is silent on success, for unknown members too", async () => {
    expect(await agent.serf(["force-leave", "nosuch"])).toEqual(said(""));
    expect(await agent.serf(["force-leave", "-prune", "bar"])).toEqual(said(""));

    expect(agent.asked).toEqual([
      ["forceLeave", "nosuch", { prune: false }],
      ["forceLeave", "bar", { prune: true }],
    ]);
  });

  it.each([[[]], [["a", "b"]]])("wants exactly one name, not %j", async (words) => {
    expect(await agent.serf(["force-leave", ...words])).toEqual(
      said(`A node name must be specified to force leave.\n\n${usage(forceLeaveCommand)}\n`, 1),
    );
  });

  it("says why not", async () => {
    agent.failure = new Error("timed out broadcasting node removal");

    expect((await agent.serf(["force-leave", "bar"])).stdout).toBe(
      "Error force leaving: timed out broadcasting node removal\n",
    );
  });
});

describe("serf event (CLI specification §5.5)", () => {
  it("sends name and payload, coalescing unless told otherwise", async () => {
    expect(await agent.serf(["event", "deploy", "abc"])).toEqual(
      said("Event 'deploy' dispatched! Coalescing enabled: true\n"),
    );
    expect((await agent.serf(["event", "-coalesce=false", "", ""])).stdout).toBe(
      "Event '' dispatched! Coalescing enabled: false\n",
    );
    await agent.serf(["event", "foo", "-coalesce=false"]);
    await agent.serf(["event", "-coalesce", "false"]);

    expect(agent.asked).toEqual([
      ["userEvent", "deploy", [...Buffer.from("abc")], { coalesce: true }],
      ["userEvent", "", [], { coalesce: false }],
      ["userEvent", "foo", [...Buffer.from("-coalesce=false")], { coalesce: true }],
      ["userEvent", "false", [], { coalesce: true }],
    ]);
  });

  it("checks its words before it connects", async () => {
    const none = await agent.serf(["event", "-rpc-addr=127.0.0.1:1"]);
    const many = await agent.serf(["event", "-rpc-addr=127.0.0.1:1", "a", "b", "c"]);

    expect(none).toEqual(said(`An event name must be specified.\n\n${usage(eventCommand)}\n`, 1));
    expect(many).toEqual(
      said(
        `Too many command line arguments. Only a name and payload must be specified.\n\n${usage(eventCommand)}\n`,
        1,
      ),
    );
  });

  it("says why not", async () => {
    agent.failure = new Error("user event exceeds configured limit of 512 bytes before encoding");

    expect(await agent.serf(["event", "x"])).toEqual(
      said(
        "Error sending event: user event exceeds configured limit of 512 bytes before encoding\n",
        1,
      ),
    );
  });
});

describe("serf rtt (CLI specification §5.8)", () => {
  const at = (...vector: number[]) => ({ vector, error: 0.5, adjustment: 0, height: 0.00001 });

  it("estimates between two members, and between one and the agent's own", async () => {
    agent.statsGroups = { agent: { name: "foo" } };
    agent.coordinates.set("foo", at(0, 0, 0, 0, 0, 0, 0, 0));
    agent.coordinates.set("baz", at(0.000641, 0, 0, 0, 0, 0, 0, 0));

    expect(await agent.serf(["rtt", "baz"])).toEqual(said("Estimated baz <-> foo rtt: 0.661 ms\n"));
    expect((await agent.serf(["rtt", "foo", "foo"])).stdout).toBe(
      "Estimated foo <-> foo rtt: 0.020 ms\n",
    );
  });

  it("quotes an unknown member, and wants one or two names", async () => {
    expect(await agent.serf(["rtt", 'no"pe', "x"])).toEqual(
      said('Could not find a coordinate for node "no\\"pe"\n', 1),
    );
    for (const words of [[], ["a", "b", "c"]]) {
      expect(await agent.serf(["rtt", ...words])).toEqual(
        said(`One or two node names must be specified\n\n${usage(rttCommand)}\n`, 1),
      );
    }
  });

  it("says that the agent could not be asked", async () => {
    agent.failure = new Error("no");

    expect((await agent.serf(["rtt", "a"])).stdout).toMatch(/^Error querying agent: /);
  });
});

describe("serf tags (CLI specification §5.9)", () => {
  it("sets and deletes; values may be empty or hold =", async () => {
    expect(
      await agent.serf(["tags", "-set", "b=3", "-set=c=", "-set=d=x=y", "-delete", "a"]),
    ).toEqual(said("Successfully updated agent tags\n"));

    expect(agent.asked).toEqual([
      ["updateTags", { set: { b: "3", c: "", d: "x=y" }, deleted: ["a"] }],
    ]);
  });

  it("shows its usage for nothing, names a bad pair, and says why not", async () => {
    expect(await agent.serf(["tags"])).toEqual(said(`${usage(tagsCommand)}\n`, 1));
    expect(await agent.serf(["tags", "-set=bad"])).toEqual(said("Error: Invalid tag: 'bad'\n", 1));
    agent.failure = new Error("Encoded length of tags exceeds limit of 512 bytes");
    expect(await agent.serf(["tags", "-set=a=b"])).toEqual(
      said("Error setting tags: Encoded length of tags exceeds limit of 512 bytes\n", 1),
    );
  });
});

describe("serf info (CLI specification §5.10)", () => {
  it("sorts groups and keys, as text and as JSON", async () => {
    agent.statsGroups = {
      tags: {},
      serf: { members: "2", event_time: "1" },
      agent: { name: "<foo>" },
    };

    const text = await agent.serf(["info"]);
    const json = await agent.serf(["info", "-format=json"]);

    expect(text).toEqual(
      said("agent:\n\tname = <foo>\nserf:\n\tevent_time = 1\n\tmembers = 2\ntags:\n"),
    );
    expect(json).toEqual(
      said(`{
  "agent": {
    "name": "\\u003cfoo\\u003e"
  },
  "serf": {
    "event_time": "1",
    "members": "2"
  },
  "tags": {}
}
`),
    );
  });

  it("refuses another format", async () => {
    expect(await agent.serf(["info", "-format=xml"])).toEqual(
      said('Encoding error: Invalid output format "xml"\n', 1),
    );
  });
});

describe("serf keygen (CLI specification §5.12)", () => {
  it("prints 32 bytes in base64, and ignores words and flags", async () => {
    const terminal = new FakeTerminal();

    expect(await runCli(["keygen", "-x", "y"], terminal)).toBe(0);

    expect(terminal.stdout).toBe("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
  });

  it("says that the system has no random bytes", async () => {
    const terminal = new FakeTerminal();
    terminal.randomFailure = new Error("none left");

    expect(await runCli(["keygen"], terminal)).toBe(1);

    expect(terminal.stdout).toBe("Error reading random data: none left\n");
  });
});
