import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { runCli } from "../src/main.ts";
import { FakeAgent, member } from "./support/fake-agent.ts";
import { FakeTerminal } from "./support/fake-terminal.ts";

const agents: FakeAgent[] = [];
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
});

async function start(name: string, authKey = ""): Promise<FakeAgent> {
  const agent = await FakeAgent.start(authKey);
  agent.memberList = [member(name)];
  agents.push(agent);
  return agent;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

describe("the connection of a command (CLI specification §3)", () => {
  it("goes to the flag's address before the environment's; an empty variable is unset", async () => {
    const one = await start("one");
    const two = await start("two");

    const byEnvironment = await one.serf(["members"]);
    const byFlag = await one.serf(["members", "-rpc-addr", two.address]);
    const unset = await one.serf(["members", `-rpc-addr=${two.address}`], {
      environment: { SERF_RPC_ADDR: "" },
    });

    expect(byEnvironment.stdout).toMatch(/^one /);
    expect(byFlag.stdout).toMatch(/^two /);
    expect(unset.stdout).toMatch(/^two /);
  });

  it.each([
    ["", "dial tcp: missing address"],
    ["127.0.0.1", "dial tcp: address 127.0.0.1: missing port in address"],
  ])("says what is wrong with the address %j", async (address, why) => {
    const terminal = new FakeTerminal();

    const exitCode = await runCli(["members", `-rpc-addr=${address}`], terminal);

    expect([exitCode, terminal.stdout]).toEqual([1, `Error connecting to Serf agent: ${why}\n`]);
  });

  it("says that nobody listens", async () => {
    const port = await freePort();
    const terminal = new FakeTerminal();

    expect(await runCli(["info", `-rpc-addr=127.0.0.1:${port}`], terminal)).toBe(1);

    expect(terminal.stdout).toBe(
      `Error connecting to Serf agent: dial tcp 127.0.0.1:${port}: connect: connection refused\n`,
    );
    expect(terminal.stderr).toBe("");
  });

  it("says to a person, beside that, what to look for; of other faults it does not", async () => {
    const port = await freePort();
    const [refused, wrong] = [1, 2].map(() => new FakeTerminal({ isInteractive: true }));

    await runCli(["info", `-rpc-addr=127.0.0.1:${port}`], refused as FakeTerminal);
    await runCli(["info", "-rpc-addr=127.0.0.1"], wrong as FakeTerminal);

    expect(refused?.stdout).toMatch(/connect: connection refused\n$/);
    expect(refused?.stderr).toBe(
      "Is an agent running there? `serf agent` starts one; -rpc-addr or SERF_RPC_ADDR names another.\n",
    );
    expect(wrong?.stderr).toBe("");
  });

  it("shows the token by flag, file or environment, the flag first, and hides the flag", async () => {
    const agent = await start("one", "secret");
    const folder = mkdtempSync(join(tmpdir(), "cli-auth-"));
    const file = join(folder, "token");
    writeFileSync(file, "secret\n");
    try {
      const terminal = agent.terminal({ environment: { SERF_RPC_AUTH: "wrong" } });
      const byFlag = await runCli(["members", "-rpc-auth=secret"], terminal);
      const byFile = await agent.serf(["members", "-rpc-auth-file", file]);
      const byEnvironment = await agent.serf(["members"], {
        environment: { SERF_RPC_AUTH: "secret" },
      });

      expect([byFlag, terminal.hiddenCount]).toEqual([0, 1]);
      expect([byFile.exitCode, byEnvironment.exitCode]).toEqual([0, 0]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("tells a wrong token from a missing one, and names a token file that is not there", async () => {
    const agent = await start("one", "secret");

    const wrong = await agent.serf(["members", "-rpc-auth=x"]);
    const missing = await agent.serf(["members"]);
    const noFile = await agent.serf(["members", "-rpc-auth-file=/nonexistent/token"]);

    expect(wrong.stdout).toBe("Error connecting to Serf agent: Invalid authentication token\n");
    expect(missing.stdout).toBe("Error retrieving members: Authentication required\n");
    expect(noFile.stdout).toMatch(/^Error connecting to Serf agent: .*\/nonexistent\/token/);
  });

  it("sends errors to standard error with SERF_ERRORS=stderr, and results where they were", async () => {
    const agent = await start("one");
    const environment = { SERF_ERRORS: "stderr" };

    const failed = await agent.serf(["members", "-format=xml"], { environment });
    const fine = await agent.serf(["members"], { environment });

    expect(failed).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: 'Encoding error: Invalid output format "xml"\n',
    });
    expect(fine).toMatchObject({ exitCode: 0, stderr: "" });
    expect(fine.stdout).toMatch(/^one /);
  });
});
