/**
 * The life of a cluster in real processes: join, leave, crash and return, in every mixture of our
 * program and the reference's, with and without encryption.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { AgentGroup, type AgentProcess, until } from "../src/agent-process.ts";
import { ourProgram, type Program, referenceProgram } from "../src/programs.ts";

const ours = ourProgram();
const reference = referenceProgram();
const key = "6TT/jqsMbQKNl8nFsBPLfA==";
const folder = mkdtempSync(joinPath(tmpdir(), "cluster-life-"));
const configFile = joinPath(folder, "agent.json");
// Failed members are tried often, so that the story does not take minutes.
writeFileSync(configFile, JSON.stringify({ reconnect_interval: "2s" }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Mixture {
  readonly title: string;
  readonly first: Program;
  readonly second: Program;
  readonly third: Program;
  /** Whose command line talks to whom: crossed over where there are two. */
  readonly cli: Program;
  readonly isEncrypted: boolean;
}

/** Each program once as the one that stays, and once as joiner, leaver and victim. */
function mixtures(): Mixture[] {
  const list: Mixture[] = [];
  for (const isEncrypted of [false, true]) {
    const suffix = isEncrypted ? ", encrypted" : "";
    list.push({
      title: `ours alone${suffix}`,
      first: ours,
      second: ours,
      third: ours,
      cli: ours,
      isEncrypted,
    });
    if (reference === undefined) continue;
    list.push(
      {
        title: `our agents with the reference as the third, its CLI${suffix}`,
        first: ours,
        second: ours,
        third: reference,
        cli: reference,
        isEncrypted,
      },
      {
        title: `the reference's agents with ours as the third, our CLI${suffix}`,
        first: reference,
        second: reference,
        third: ours,
        cli: ours,
        isEncrypted,
      },
    );
  }
  return list;
}

describe("a cluster", () => {
  it.concurrent.each(mixtures())(
    "of $title joins, admits a third, and sees it leave, crash and return",
    async (mixture) => {
      const group = new AgentGroup();
      try {
        await tellTheStory(group, mixture);
      } finally {
        await group.close();
      }
    },
    240_000,
  );
});

async function tellTheStory(group: AgentGroup, mixture: Mixture): Promise<void> {
  const { cli } = mixture;
  const flags = [
    "-profile=local",
    `-config-file=${configFile}`,
    ...(mixture.isEncrypted ? [`-encrypt=${key}`] : []),
  ];
  const foo = await group.start(mixture.first, { node: "foo", flags });
  const bar = await group.start(mixture.second, { node: "bar", flags });
  const pair = [foo, bar];
  await foo.lists({ foo: "alive" }, cli);
  await bar.lists({ bar: "alive" }, cli);

  const join = await foo.command(cli, ["join", bar.bind]);

  expect(join).toEqual({
    exitCode: 0,
    stdout: "Successfully joined cluster by contacting 1 nodes.\n",
    stderr: "",
  });
  for (const agent of pair) await agent.lists({ foo: "alive", bar: "alive" }, cli);
  await foo.sees("EventMemberJoin: bar 127.0.0.1");
  await bar.sees("EventMemberJoin: foo 127.0.0.1");

  const third = { node: "baz", flags: [...flags, `-join=${foo.bind}`] };
  const baz = await group.start(mixture.third, third);
  expect(baz.output).toContain("Joining cluster...(replay: false)");
  expect(baz.output).toContain("Join completed. Synced with 1 initial agents");
  await allList([...pair, baz], "alive", cli);

  await leaveByInterrupt(baz, pair, cli);

  const ports = { bindPort: baz.bindPort, rpcPort: baz.rpcPort };
  const again = await group.start(mixture.third, { ...third, ...ports });
  await allList(pair, "alive", cli);
  await crash(again, pair, cli);
  await group.start(mixture.third, { node: "baz", flags, ...ports });
  await allList(pair, "alive", cli);
}

/** Every agent lists foo and bar alive, and baz as said. */
async function allList(
  agents: readonly AgentProcess[],
  baz: "alive" | "left" | "failed",
  cli: Program,
): Promise<void> {
  for (const agent of agents) await agent.lists({ foo: "alive", bar: "alive", baz }, cli);
}

async function leaveByInterrupt(
  baz: AgentProcess,
  others: readonly AgentProcess[],
  cli: Program,
): Promise<void> {
  baz.signal("SIGINT");

  expect(await baz.ends()).toBe(0);
  expect(baz.output).toContain("==> Caught signal: interrupt");
  expect(baz.output).toContain("==> Gracefully shutting down agent...");
  for (const agent of others) await agent.sees("EventMemberLeave: baz 127.0.0.1");
  await allList(others, "left", cli);
}

async function crash(
  baz: AgentProcess,
  others: readonly AgentProcess[],
  cli: Program,
): Promise<void> {
  baz.signal("SIGKILL");
  await baz.ends();

  for (const agent of others) await agent.sees("EventMemberFailed: baz 127.0.0.1");
  await allList(others, "failed", cli);
  const output = (): string => others.map((agent) => agent.output).join("");
  expect(output()).toContain("Suspect baz has failed, no acks received");
  expect(output()).toMatch(/Marking baz as failed, suspect timeout reached/);
  // Each member tries at random: one of them is enough.
  await until("a reconnect is tried", () =>
    /attempting reconnect to baz 127\.0\.0\.1/.test(output()),
  );
}
