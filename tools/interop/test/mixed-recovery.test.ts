/**
 * What happens to members of a mixed cluster that are killed, forced out, replaced by the other
 * program, or named twice; each story once from either side.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { AgentGroup, type AgentProcess, patienceMs, until } from "../src/agent-process.ts";
import { allList } from "../src/member-list.ts";
import { ourProgram, type Program, referenceProgram } from "../src/programs.ts";

const ours = ourProgram();
const reference = referenceProgram();
const folder = mkdtempSync(join(tmpdir(), "mixed-recovery-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const config = join(folder, "agent.json");
// A member that is back is found soon.
writeFileSync(config, JSON.stringify({ reconnect_interval: "1s" }));
const flags = ["-profile=local", "-log-level=debug", `-config-file=${config}`];

interface Sides {
  readonly side: string;
  readonly actor: Program;
  readonly other: Program;
}

const sides: readonly Sides[] =
  reference === undefined
    ? []
    : [
        { side: "our side", actor: ours, other: reference },
        { side: "the reference's side", actor: reference, other: ours },
      ];

async function inGroup(tell: (group: AgentGroup) => Promise<void>): Promise<void> {
  const group = new AgentGroup();
  try {
    await tell(group);
  } finally {
    await group.close();
  }
}

/** Sends an event, and waits until it is in the listener's file. */
async function tell(agent: AgentProcess, payload: string, file: string): Promise<void> {
  const { exitCode } = await agent.command(agent.program, [
    "event",
    "-coalesce=false",
    "tell",
    payload,
  ]);
  expect(exitCode).toBe(0);
  // What gossip misses, the next exchange of states brings.
  await until(
    `${payload} is heard`,
    () => existsSync(file) && readFileSync(file, "utf8").endsWith(`${payload}\n`),
  );
}

describe.skipIf(reference === undefined).concurrent("in a mixed cluster", () => {
  describe("a killed member", () => {
    it.each(sides)(
      "is forced out, and pruned, from $side",
      ({ actor, other }) =>
        inGroup(async (group) => {
          // Not the profile `local`: of the few tellings of its rumours the dead would get half.
          const flags = ["-log-level=debug", `-config-file=${config}`];
          const boss = await group.start(actor, { node: "boss", flags });
          const joining = [...flags, `-join=${boss.bind}`];
          const witness = await group.start(other, { node: "witness", flags: joining });
          const mine = await group.start(actor, { node: "mine", flags: joining });
          const yours = await group.start(other, { node: "yours", flags: joining });
          const two = [boss, witness];
          const alive = { boss: "alive", witness: "alive" };
          await allList(two, { ...alive, mine: "alive", yours: "alive" });

          await Promise.all([mine.kill(), yours.kill()]);
          await allList(two, { ...alive, mine: "failed", yours: "failed" });
          const forced = await boss.command(actor, ["force-leave", "yours"]);
          const pruned = await boss.command(actor, ["force-leave", "-prune", "mine"]);

          expect(forced).toEqual({ exitCode: 0, stdout: "", stderr: "" });
          expect(pruned).toEqual({ exitCode: 0, stdout: "", stderr: "" });
          await allList(two, { ...alive, yours: "left" });
          expect((await boss.command(actor, ["force-leave", "-prune", "yours"])).exitCode).toBe(0);
          await allList(two, alive);
        }),
      2 * patienceMs,
    );
  });

  describe("a snapshot", () => {
    it.each(sides)(
      "of the other program brings a member back and repeats no event ($side takes over)",
      ({ side, actor, other }) =>
        inGroup(async (group) => {
          const mate = await group.start(actor, { node: "mate", flags });
          const joined = [...flags, `-join=${mate.bind}`];
          const peer = await group.start(other, { node: "peer", flags: joined });
          const file = join(folder, `${side.replaceAll(/\W/g, "")}.snapshot`);
          const heard = (part: number): string => `${file}.heard-${part}`;
          const own = (part: number): string[] => [
            ...flags,
            `-snapshot=${file}`,
            `-event-handler=user=cat >> ${heard(part)}`,
          ];
          const all = { mate: "alive", peer: "alive", walker: "alive" };
          const three = await group.start(other, {
            node: "walker",
            flags: [...own(1), `-join=${peer.bind}`],
          });
          await allList([mate, peer, three], all);
          await tell(mate, "first", heard(1));
          await tell(peer, "second", heard(1));

          // Not killed: the reference writes a line when the next one comes, or when it ends.
          three.signal("SIGTERM");
          expect(await three.ends()).toBe(1);
          await allList([mate, peer], { ...all, walker: "failed" });
          const ports = { bindPort: three.bindPort, rpcPort: three.rpcPort };
          const back = await group.start(actor, { node: "walker", flags: own(2), ...ports });

          await allList([mate, peer, back], all);
          await tell(peer, "third", heard(2));
          await tell(mate, "fourth", heard(2));
          expect(readFileSync(heard(1), "utf8")).toBe("first\nsecond\n");
          expect(readFileSync(heard(2), "utf8")).toBe("third\nfourth\n");
        }),
      2 * patienceMs,
    );
  });

  describe("a name taken twice", () => {
    it.each(sides)(
      "ends with the latecomer gone, which is of $side",
      ({ actor, other }) =>
        inGroup(async (group) => {
          const first = await group.start(other, { node: "first", flags });
          const joining = [...flags, `-join=${first.bind}`];
          const second = await group.start(actor, { node: "second", flags: joining });
          const twice = await group.start(other, { node: "twice", flags: joining });
          const all = { first: "alive", second: "alive", twice: "alive" };
          await allList([first, second, twice], all);

          const late = await group.launch(actor, { node: "twice", flags: joining });

          expect(await late.ends()).toBe(0);
          expect(late.output).toMatch(/minority in name conflict resolution, quitt?ing \[0 \/ 2\]/);
          expect(twice.exitCode).toBeUndefined();
          await allList([first, second, twice], all);
          for (const agent of [first, second, twice]) {
            const { stdout } = await agent.command(agent.program, ["members", "-name=twice"]);
            expect(stdout).toContain(twice.bind);
          }
        }),
      2 * patienceMs,
    );
  });
});
