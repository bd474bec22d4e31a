import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../../src/main.ts";
import { FakeAgent, member, until } from "../support/fake-agent.ts";

let agent: FakeAgent;
beforeEach(async () => {
  agent = await FakeAgent.start();
});
afterEach(() => agent.close());

const foo = member("foo");
const bar = member("bar", { endpoint: { address: "127.0.0.1", port: 21001 } });
const baz = member("baz", {
  endpoint: { address: "127.0.0.1", port: 21002 },
  tags: { role: "web", dc: "east" },
});

describe("serf members (CLI specification §5.1)", () => {
  it("aligns name, address, status and tags, sorted by name", async () => {
    agent.memberList = [foo, bar, baz];

    expect(await agent.serf(["members"])).toEqual({
      exitCode: 0,
      stdout:
        "bar  127.0.0.1:21001  alive  \n" +
        "baz  127.0.0.1:21002  alive  dc=east,role=web\n" +
        "foo  127.0.0.1:21000  alive\n",
      stderr: "",
    });
  });

  it("widens the status column, and shows an inner row's empty tags as blanks", async () => {
    agent.memberList = [
      member("a"),
      { ...bar, status: "failed" },
      { ...baz, name: "c", status: "left" },
    ];

    expect((await agent.serf(["members"])).stdout).toBe(
      "a    127.0.0.1:21000  alive   \n" +
        "bar  127.0.0.1:21001  failed  \n" +
        "c    127.0.0.1:21002  left    dc=east,role=web\n",
    );
  });

  it("counts code points, not bytes, and adds the versions with -detailed", async () => {
    agent.memberList = [
      member("ñodé", { tags: { x: "日本" } }),
      member("bar-long-name", { endpoint: { address: "127.0.0.1", port: 21001 } }),
    ];

    expect((await agent.serf(["members", "-detailed"])).stdout).toBe(
      "bar-long-name  127.0.0.1:21001  alive        Protocol Version: 5  Available Protocol Range: [2, 5]\n" +
        "ñodé           127.0.0.1:21000  alive  x=日本  Protocol Version: 5  Available Protocol Range: [2, 5]\n",
    );
  });

  it("keeps an empty tag column in detailed rows", async () => {
    agent.memberList = [foo, bar];

    expect((await agent.serf(["members", "-detailed"])).stdout).toBe(
      "bar  127.0.0.1:21001  alive    Protocol Version: 5  Available Protocol Range: [2, 5]\n" +
        "foo  127.0.0.1:21000  alive    Protocol Version: 5  Available Protocol Range: [2, 5]\n",
    );
  });

  it("prints JSON with escaped tags, and null for nobody", async () => {
    agent.memberList = [member("foo", { tags: { pipe: "x|y", html: "<&>", a: " x " } })];

    const { stdout } = await agent.serf(["members", "-format=json"]);
    agent.memberList = [];
    const empty = await agent.serf(["members", "-format", "json"]);

    expect(stdout).toBe(`{
  "members": [
    {
      "name": "foo",
      "addr": "127.0.0.1:21000",
      "port": 21000,
      "tags": {
        "a": " x ",
        "html": "\\u003c\\u0026\\u003e",
        "pipe": "x|y"
      },
      "status": "alive",
      "protocol": {
        "max": 5,
        "min": 2,
        "version": 5
      }
    }
  ]
}
`);
    expect(empty).toEqual({ exitCode: 0, stdout: '{\n  "members": null\n}\n', stderr: "" });
  });

  it("shows IPv6 in brackets and a mapped address as the IPv4 address it is", async () => {
    const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1);
    const v6 = Uint8Array.of(0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    agent.memberList = [
      member("a", { addressBytes: v6, endpoint: { address: "fd00::1", port: 7946 } }),
      member("b", { addressBytes: mapped, endpoint: { address: "10.0.0.1", port: 7946 } }),
    ];

    expect((await agent.serf(["members"])).stdout).toBe(
      "a  [fd00::1]:7946  alive  \nb  10.0.0.1:7946   alive\n",
    );
  });

  it.each([
    [["-status=alive"], ["bar", "foo"]],
    [["-status=(failed|left)"], ["baz"]],
    [["-name=ba."], ["bar", "baz"]],
    [["-tag=dc=east"], ["baz"]],
    [["-tag=dc=west"], []],
    [["-tag=dc=east", "-tag=role=web"], ["baz"]],
    [["-tag=dc=west", "-tag=dc=east"], ["baz"]],
    [
      ["extra", "words"],
      ["bar", "baz", "foo"],
    ],
  ])("filters with %j", async (words, names) => {
    agent.memberList = [foo, bar, { ...baz, status: "failed" }];

    const { exitCode, stdout } = await agent.serf(["members", ...words]);

    expect(exitCode).toBe(0);
    expect(stdout.split("\n").map((line) => line.split(" ")[0])).toEqual(
      names.length === 0 ? ["", ""] : [...names, ""],
    );
  });

  it("takes -role as a tag and warns, in JSON too", async () => {
    agent.memberList = [foo, baz];

    const { stdout } = await agent.serf(["members", "-role=web", "-format=json"]);

    expect(stdout).toMatch(
      /^Deprecation warning: 'Role' has been replaced with 'Tags'\n\{\n {2}"members"/,
    );
    expect(stdout).toContain('"baz"');
    expect(stdout).not.toContain('"foo"');
  });

  it("refuses a bad tag before it connects, and a bad format after", async () => {
    const bad = await agent.serf(["members", "-tag", "bad", "-rpc-addr=127.0.0.1:1"]);
    const format = await agent.serf(["members", "-format=xml"]);
    const pattern = await agent.serf(["members", "-name=("]);

    expect(bad).toEqual({ exitCode: 1, stdout: "Error: Invalid tag: 'bad'\n", stderr: "" });
    expect(format).toEqual({
      exitCode: 1,
      stdout: 'Encoding error: Invalid output format "xml"\n',
      stderr: "",
    });
    expect(pattern.exitCode).toBe(1);
    expect(pattern.stdout).toMatch(/^Error retrieving members: .*\(/);
  });
});

describe("serf members -watch", () => {
  it("refuses without a terminal, and with a format for programs", async () => {
    const plain = await agent.serf(["members", "-watch"]);
    const json = await agent.serf(["members", "-watch", "-format=json"], { isInteractive: true });

    expect(plain).toEqual({
      exitCode: 1,
      stdout: "-watch needs a terminal: leave it out in scripts\n",
      stderr: "",
    });
    expect(json.stdout).toContain("leave out -format");
    expect(json.exitCode).toBe(1);
  });

  it("paints the list again after an event, and ends with 0 on Ctrl-C", async () => {
    agent.memberList = [foo];
    const terminal = agent.terminal({ isInteractive: true });
    const running = runCli(["members", "-watch"], terminal);
    await until("the first picture", () => agent.commandCount === 3);
    const first = terminal.stdout;

    agent.memberList = [foo, { ...bar, status: "failed" }];
    agent.emit({ kind: "member-join", members: [bar] });
    await until("the second picture", () => terminal.stdout.includes("1 of 2 alive"));
    terminal.pressInterrupt();

    expect(await running).toBe(0);
    expect(first).toBe(
      "\u001b[32mfoo  127.0.0.1:21000  alive\u001b[0m\n\u001b[2m1 of 1 alive. Ctrl-C ends.\u001b[0m\n",
    );
    expect(terminal.stdout.slice(first.length)).toBe(
      "\u001b[2A\r\u001b[J" +
        "\u001b[31mbar  127.0.0.1:21001  failed  \u001b[0m\n" +
        "\u001b[32mfoo  127.0.0.1:21000  alive\u001b[0m\n" +
        "\u001b[2m1 of 2 alive. Ctrl-C ends.\u001b[0m\n",
    );
  });

  it("keeps the terminal plain with NO_COLOR, and ends with 1 when the agent goes", async () => {
    agent.memberList = [foo];
    const terminal = agent.terminal({ isInteractive: true, environment: { NO_COLOR: "1" } });
    const running = runCli(["members", "-watch"], terminal);
    await until("the first picture", () => agent.commandCount === 3);

    await agent.close();

    expect(await running).toBe(1);
    expect(terminal.stdout).toMatch(
      /^foo {2}127\.0\.0\.1:21000 {2}alive\n1 of 1 alive\. Ctrl-C ends\.\n/,
    );
    // oxlint-disable-next-line no-control-regex -- that there is no colour is the claim
    expect(terminal.stdout).not.toMatch(/\u001b\[\d+m/);
  });
});
