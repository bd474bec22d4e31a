/**
 * Event handlers in real agents: a script of every kind of event is given the same input and
 * environment by our agent as by the reference's, however strange the names, tags and payloads.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RpcClient } from "@x/agent/rpc-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AgentGroup, patienceMs, until } from "../src/agent-process.ts";
import { EventRecorder } from "../src/event-recorder.ts";
import { allList } from "../src/member-list.ts";
import { ourProgram, type Program, referenceProgram } from "../src/programs.ts";

const ours = ourProgram();
const reference = referenceProgram();
const folder = mkdtempSync(join(tmpdir(), "handlers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const selfName = `o'wn\t"name" 🦊=,\\`;
const strangeName = `st"r'a\nn\tge 🐛=,\\t`;
/** As a script reads it: tabs and newlines escaped, nothing else. */
const strangeField = `st"r'a\\nn\\tge 🐛=,\\t`;
const strangeTags = {
  role: "we\tb\n🌍",
  "my-tag.x": `v "1" 'q' \\n`,
  "1num": "2",
  empty: "",
  "k,=": "a=b,c",
};

/** One run of the script. */
interface Run {
  readonly kind: string;
  /** `SERF_…` variables, but for Lamport times and the two that are ours alone. */
  readonly variables: Readonly<Record<string, string>>;
  readonly input: string;
}

function recordingScript(file: string): string {
  // In one write at the end, so that a reader sees whole runs only.
  return `{ env -0; printf '<in>\\0'; cat; printf '\\0<end>\\0'; } > ${file}.run; cat ${file}.run >> ${file}`;
}

function readRuns(file: string): Run[] {
  if (!existsSync(file)) return [];
  const texts = readFileSync(file, "utf8").split("\0<end>\0").slice(0, -1);
  return texts.map((text) => {
    const [environment = "", input = ""] = text.split("<in>\0");
    const pairs = environment
      .split("\0")
      .filter((pair) => /^SERF_(EVENT|SELF|TAG|USER|QUERY)[_=]/.test(pair))
      .map((pair): [string, string] => {
        const equals = pair.indexOf("=");
        return [pair.slice(0, equals), pair.slice(equals + 1)];
      });
    const all = Object.fromEntries(pairs);
    const kind = all["SERF_EVENT"] ?? "";
    expect(all[`SERF_${kind.toUpperCase()}_LTIME`] ?? "1").toMatch(/^[1-9]\d*$/);
    const variables = Object.fromEntries(
      pairs.filter(([name]) => !/_LTIME$|^SERF_SELF_(IP|PORT)$|^SERF_EVENT$/.test(name)).sort(),
    );
    return { kind, variables, input };
  });
}

/**
 * Lines of all runs of a kind, tags in one order. Members that happen together share a run or not,
 * and the reference repeats an update with the next one.
 */
function linesOf(runs: readonly Run[], kind: string): string[] {
  const inputs = runs.filter((run) => run.kind === kind).map(({ input }) => input);
  const lines = inputs.join("").split("\n").slice(0, -1);
  const sorted = lines.map((line) => {
    const cells = line.split("\t");
    const tags = cells[3]?.split(",").sort().join(",") ?? "";
    return [...cells.slice(0, 3), tags].join("\t");
  });
  return [...new Set(sorted)].sort();
}

function payloadRun(runs: readonly Run[], variable: string, name: string): Run | undefined {
  return runs.find((run) => run.variables[variable] === name);
}

const userName = `de"p'loy\t\n 🚀`;
const payloads = [Buffer.from(`no "newline"\t'here' 🚀`), Buffer.from("a\nb\n\n"), Buffer.alloc(0)];

/** Lets everything happen that a script can be told, and returns what it was told. */
async function tellTheStory(program: Program): Promise<Run[]> {
  const group = new AgentGroup();
  const file = join(folder, `runs-${program.name}`);
  const told = async (what: string, holds: (runs: readonly Run[]) => boolean): Promise<void> =>
    until(`${program.name} is told of ${what}`, () => holds(readRuns(file))).catch(
      (error: unknown) => {
        const runs = JSON.stringify(readRuns(file));
        throw new Error(`${(error as Error).message}; so far: ${runs}`, { cause: error });
      },
    );
  const tags = Object.entries(strangeTags).map(([name, value]) => `${name}=${value}`);
  try {
    const self = await group.start(program, {
      node: selfName,
      flags: [
        "-tag=role=li\tst\nener",
        "-tag=my-own.tag=x 'y' \"z\" 🦊",
        `-event-handler=${recordingScript(file)}`,
      ],
    });
    const strangerFlags = ["-profile=local", `-join=${self.bind}`];
    const config = join(folder, "tags.json");
    writeFileSync(config, JSON.stringify({ tags: strangeTags }));
    expect(tags).toHaveLength(5);
    const stranger = await group.start(reference ?? ours, {
      node: strangeName,
      flags: [...strangerFlags, `-config-file=${config}`],
    });
    const guest = await group.start(ours, { node: `guest "2"`, flags: strangerFlags });
    await allList([self], { [selfName]: "alive", [strangeName]: "alive", [`guest "2"`]: "alive" });
    await told("all joins", (runs) => linesOf(runs, "member-join").length === 3);

    await using local = await EventRecorder.listen(self);
    await using remote = await EventRecorder.listen(stranger);
    await remote.client.updateTags({ set: { new: "t\ta\ng" }, deleted: ["1num"] });
    await told("the update", (runs) => linesOf(runs, "member-update").length === 1);
    await local.client.updateTags({ set: { late: "tag" } });
    await told("its own update", (runs) => linesOf(runs, "member-update").length === 2);
    await sendPayloads(local.client, told);

    guest.signal("SIGINT");
    await guest.ends();
    await told("the leave", (runs) => linesOf(runs, "member-leave").length === 1);
    await stranger.kill();
    await told("the failure", (runs) => linesOf(runs, "member-failed").length === 1);
    await local.client.forceLeave(strangeName, { prune: true });
    await told("the reap", (runs) => linesOf(runs, "member-reap").length > 0);
    return readRuns(file);
  } finally {
    await group.close();
  }
}

async function sendPayloads(
  client: RpcClient,
  told: (what: string, holds: (runs: readonly Run[]) => boolean) => Promise<void>,
): Promise<void> {
  for (const [index, payload] of payloads.entries()) {
    const name = `${userName}${index}`;
    await client.userEvent(name, payload);
    await told("an event", (runs) => payloadRun(runs, "SERF_USER_EVENT", name) !== undefined);
    const answers = client.query({ name, payload, timeoutMs: 1_000 });
    await told("a query", (runs) => payloadRun(runs, "SERF_QUERY_NAME", name) !== undefined);
    answers.close();
  }
}

describe("a script of every kind", () => {
  let ourRuns: Run[] = [];
  let referenceRuns: Run[] | undefined;
  beforeAll(async () => {
    [ourRuns, referenceRuns] = await Promise.all([
      tellTheStory(ours),
      reference === undefined ? undefined : tellTheStory(reference),
    ]);
  }, 2 * patienceMs);

  const own = {
    SERF_SELF_NAME: selfName,
    SERF_SELF_ROLE: "li\tst\nener",
    SERF_TAG_ROLE: "li\tst\nener",
    SERF_TAG_MY_OWN_TAG: "x 'y' \"z\" 🦊",
  };

  it("is given members as lines of escaped fields (agent specification §6)", () => {
    const tags = [`my-tag.x=v "1" 'q' \\n`, "1num=2", "empty=", "k,==a=b,c", "role=we\\tb\\n🌍"];
    const cells = tags.join(",").split(",").sort().join(",");

    const joins = linesOf(ourRuns, "member-join");
    const updates = linesOf(ourRuns, "member-update");

    expect(joins).toContain(`${strangeField}\t127.0.0.1\twe\\tb\\n🌍\t${cells}`);
    expect(joins).toContain(`guest "2"\t127.0.0.1\t\t`);
    expect(updates.join("\n")).toContain("new=t\\ta\\ng");
    expect(updates.join("\n")).not.toContain("1num");
    expect(linesOf(ourRuns, "member-leave")).toEqual([`guest "2"\t127.0.0.1\t\t`]);
    expect(linesOf(ourRuns, "member-failed")[0]).toContain(`${strangeField}\t127.0.0.1\t`);
    expect(linesOf(ourRuns, "member-reap")[0]).toContain(`${strangeField}\t127.0.0.1\t`);
  });

  it("finds its own member in the environment, tags raw and as they are now", () => {
    const join = ourRuns.find((run) => run.kind === "member-join");
    const event = payloadRun(ourRuns, "SERF_USER_EVENT", `${userName}0`);

    expect(join?.variables).toEqual(own);
    expect(event?.variables).toEqual({
      ...own,
      SERF_TAG_LATE: "tag",
      SERF_USER_EVENT: `${userName}0`,
    });
  });

  it.each([
    ["user", "SERF_USER_EVENT"],
    ["query", "SERF_QUERY_NAME"],
  ])("is given the payload of a %s with a newline where there is none", (kind, variable) => {
    const inputs = payloads.map((_, index) => {
      const run = payloadRun(ourRuns, variable, `${userName}${index}`);
      expect(run?.kind).toBe(kind);
      return run?.input;
    });

    expect(inputs).toEqual([`no "newline"\t'here' 🚀\n`, "a\nb\n\n", ""]);
  });

  it.skipIf(reference === undefined)("is told the same by the reference's agent", () => {
    const form = (runs: readonly Run[]) => ({
      // Each line once: the reference tells an update again with every later batch.
      lines: Object.fromEntries(
        ["join", "update", "leave", "failed", "reap"].map((kind) => [
          kind,
          [...new Set(linesOf(runs, `member-${kind}`))].sort(),
        ]),
      ),
      payloads: runs.filter(({ kind }) => kind === "user" || kind === "query"),
      joinVariables: runs.find(({ kind }) => kind === "member-join")?.variables,
    });

    expect(form(ourRuns)).toEqual(form(referenceRuns ?? []));
  });
});

describe("answers and accidents", () => {
  const programs = reference === undefined ? [ours] : [ours, reference];

  it.concurrent.each(programs)("make the responses of $name's scripts", async (program) => {
    const group = new AgentGroup();
    try {
      const agent = await group.start(program, {
        node: "foo",
        flags: [
          "-event-handler=query:both=echo out; echo err >&2",
          "-event-handler=query:fail=echo text; exit 3",
          "-event-handler=query:silent=true",
          "-event-handler=query:two=echo first,query:two=echo second",
          "-event-handler=query:two=echo second",
          `-event-handler=query:tail=i=0; while [ $i -lt 2000 ]; do echo 12345678; i=$((i+1)); done`,
          "-event-handler=query:deaf=exec echo heard nothing",
        ],
      });
      await using recorder = await EventRecorder.listen(agent);
      const ask = async (name: string): Promise<string[]> => {
        const texts: string[] = [];
        const query = { name, payload: Buffer.alloc(700, "x"), timeoutMs: 1_500 };
        for await (const answer of recorder.client.query(query)) {
          if (answer.kind === "response") texts.push(Buffer.from(answer.payload).toString());
        }
        return texts;
      };
      const names = ["both", "fail", "silent", "tail", "deaf"];

      const answers = await Promise.all(names.map(ask));

      // What is too long, 8 KiB here, is not sent at all.
      expect(answers).toEqual([["out\nerr\n"], [], [], [], ["heard nothing\n"]]);
      await agent.sees("response exceeds limit of 1024 bytes");
      await agent.sees("exit status 3");
      expect(agent.exitCode).toBeUndefined();
    } finally {
      await group.close();
    }
  });

  it.concurrent(
    "stop neither our agent nor its other scripts, though one hangs and one is killed",
    async () => {
      const group = new AgentGroup();
      const stop = join(folder, "stop");
      const heard = join(folder, "heard");
      try {
        const agent = await group.start(ours, {
          node: "foo",
          flags: [
            `-event-handler=user=while [ ! -e ${stop} ]; do sleep 0.2; done`,
            "-event-handler=user=kill -9 $$",
            "-event-handler=user=exec <&-; exit 1",
            `-event-handler=user=cat >> ${heard}`,
          ],
        });
        await using recorder = await EventRecorder.listen(agent);
        for (const payload of ["1", "2", "3"]) {
          await recorder.client.userEvent("go", Buffer.from(payload));
        }

        await until("the last script has run three times", () => {
          return existsSync(heard) && readFileSync(heard, "utf8") === "1\n2\n3\n";
        });

        await agent.sees("slow, execution exceeding 1s");
        await agent.sees("signal: killed");
        expect((await recorder.client.members()).length).toBe(1);
      } finally {
        writeFileSync(stop, "");
        await group.close();
      }
    },
  );
});
