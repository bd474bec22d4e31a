/**
 * Every command and flag, the same line of words in all four pairings of command line and agent:
 * what ours prints and returns must be what the reference's prints and returns.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AgentGroup, type AgentProcess, runCommand } from "../src/agent-process.ts";
import { type OutputForm, outputForm, sortLines } from "../src/output-form.ts";
import { ourProgram, type Program, referenceProgram } from "../src/programs.ts";

const ours = ourProgram();
const reference = referenceProgram();
const key = "T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s=";
const secondKey = "5K9OtfP7efFrNKe5WCQvXvnaXJ5cWP0SvXiwe0kkjM4=";

interface Line {
  readonly words: readonly string[];
  /** Which agent is talked to; `none` = the line needs none or fails before. */
  readonly to?: "plain" | "encrypted" | "none";
  /** Rows come in any order. */
  readonly anyOrder?: boolean;
  /** Where ours does better on purpose, what ours prints instead, with the reason beside it. */
  readonly oursPrints?: string | RegExp;
  readonly oursExits?: number;
  /** Keep only what matters when the rest is free. */
  readonly only?: (text: string) => string;
  /** Which agents the deviation shows with; default: our command line with either agent. */
  readonly deviates?: "cli" | "agent";
}

const lines: readonly Line[] = [
  // Program level.
  { words: [], to: "none" },
  { words: [""], to: "none" },
  { words: ["nope"], to: "none" },
  { words: ["-foo"], to: "none" },
  { words: ["--help"], to: "none" },
  { words: ["-foo", "members"], to: "none" },
  { words: ["members", "-h"], to: "none" },
  { words: ["version", "-h"], to: "none" },
  { words: ["members", "-bogus"], to: "none" },
  { words: ["members", "-name"], to: "none" },
  { words: ["members", "---name"], to: "none" },
  { words: ["query", "-timeout", "foo", "x"], to: "none" },
  { words: ["query", "-relay-factor", "99999999999999999999", "x"], to: "none" },
  { words: ["event", "-coalesce=maybe", "x"], to: "none" },
  { words: ["members", "-tag", "bad"], to: "none" },
  { words: ["join"], to: "none" },
  { words: ["force-leave"], to: "none" },
  { words: ["event"], to: "none" },
  { words: ["event", "a", "b", "c"], to: "none" },
  { words: ["query"], to: "none" },
  { words: ["query", "a", "b", "c"], to: "none" },
  { words: ["query", "-relay-factor=9999", "x"], to: "none" },
  { words: ["query", "-relay-factor=-1", "x"], to: "none" },
  { words: ["query", "-tag", "bad", "x"], to: "none" },
  { words: ["keys", "-install", "a", "-list"], to: "none" },
  { words: ["keys"], to: "none" },
  { words: ["tags"], to: "none" },
  { words: ["members", "-rpc-addr=127.0.0.1:1"], to: "none" },
  { words: ["members", "-rpc-addr=127.0.0.1"], to: "none" },
  { words: ["members", "-rpc-addr="], to: "none" },
  // Members.
  { words: ["members"], anyOrder: true },
  { words: ["members", "-detailed"], anyOrder: true },
  { words: ["members", "-format=json"], anyOrder: true },
  { words: ["members", "-format", "json", "-name", "foo"] },
  { words: ["members", "-format=xml"] },
  { words: ["members", "-name=fo|ba"], anyOrder: true },
  { words: ["members", "-name=^foo$"] },
  { words: ["members", "-name=nobody"] },
  { words: ["members", "-format=json", "-name=nobody"] },
  { words: ["members", "-status=(alive|left)"], anyOrder: true },
  { words: ["members", "-status=failed"] },
  { words: ["members", "-tag", "role=web"] },
  { words: ["members", "-tag", "role=w.*", "-tag", "dc=east"] },
  { words: ["members", "-tag", "missing=.*"], anyOrder: true },
  { words: ["members", "-role", "web"] },
  { words: ["members", "-name=(?i)FOO"] },
  { words: ["members", "extra", "words"], anyOrder: true },
  // A bad pattern: the reference's agent only drops the connection; ours says why.
  {
    words: ["members", "-name=["],
    deviates: "agent",
    oursPrints: /^Error retrieving members: Failed to compile regex: /,
  },
  // Join.
  { words: ["join", "127.0.0.1:1"] },
  { words: ["join", "127.0.0.1:1", "127.0.0.1:2"] },
  { words: ["join", "foo:bar"], only: (text) => text.split(":")[0] ?? "" },
  // Events.
  { words: ["event", "deploy"] },
  { words: ["event", "deploy", "abc"] },
  { words: ["event", "-coalesce=false", "deploy", "abc"] },
  { words: ["event", "deploy", "-coalesce=false"] },
  { words: ["event", ""] },
  { words: ["event", "big", "x".repeat(600)] },
  { words: ["event", "-coalesce", "false"] },
  // Queries.
  { words: ["query", "-timeout=2s", "load"], anyOrder: true },
  { words: ["query", "-timeout=2s", "-no-ack", "load", "payload"], anyOrder: true },
  { words: ["query", "-timeout=500ms", "-node", "nobody", "load"] },
  { words: ["query", "-timeout=2s", "-node", "foo", "-node=bar", "load"], anyOrder: true },
  { words: ["query", "-timeout=2s", "-tag", "role=^web$", "load"], anyOrder: true },
  { words: ["query", "-timeout=2s", "-relay-factor=2", "load"], anyOrder: true },
  { words: ["query", "-timeout=2s", "-format=json", "-node=foo", "load"] },
  { words: ["query", "-timeout=500ms", "-no-ack", "-format", "json", "nope"] },
  { words: ["query", "-format=xml", "load"] },
  { words: ["query", "_serf_foo"] },
  { words: ["query", "big", "x".repeat(1100)] },
  { words: ["reachability"], anyOrder: true },
  { words: ["reachability", "-verbose"], anyOrder: true },
  // Coordinates.
  { words: ["rtt", "bar"] },
  { words: ["rtt", "foo", "bar"] },
  { words: ["rtt", "nope"] },
  { words: ["rtt", "foo", 'no"pe'] },
  { words: ["rtt"] },
  { words: ["rtt", "a", "b", "c"] },
  // Tags.
  { words: ["tags", "-set", "b=3", "-delete", "role"] },
  { words: ["members", "-name=foo"] },
  { words: ["tags", "-set", "bad"] },
  { words: ["tags", "-set", `big=${"x".repeat(600)}`] },
  { words: ["tags", "-set", "html=<&>", "-set", "e=", "-set", "eq=a=b"] },
  { words: ["members", "-format=json", "-name=foo"] },
  // Info: the names of the figures.
  { words: ["info"], only: (text) => text.replaceAll(/ = .*/g, "") },
  { words: ["info", "-format=xml"] },
  {
    words: ["info", "-format=json"],
    only: (text) => text.replaceAll(/": "[^"]*"/g, '": ""'),
  },
  // Force-leave.
  { words: ["force-leave", "nosuch"] },
  { words: ["force-leave", "a", "b"] },
  { words: ["force-leave", "-prune", "baz"] },
  { words: ["members", "-name=baz"] },
  // Keys, without and with encryption.
  { words: ["keys", "-list"], anyOrder: true },
  { words: ["keys", "-install", key], anyOrder: true },
  { words: ["keys", "-install", "foo"] },
  { words: ["keys", "-list"], to: "encrypted", anyOrder: true },
  { words: ["keys", "-install", secondKey], to: "encrypted" },
  { words: ["keys", "-list"], to: "encrypted", anyOrder: true },
  { words: ["keys", "-use", secondKey], to: "encrypted" },
  { words: ["keys", "-remove", secondKey], to: "encrypted", anyOrder: true },
  { words: ["keys", "-use", "AAAAAAAAAAAAAAAAAAAAAA=="], to: "encrypted", anyOrder: true },
  { words: ["keys", "-install", "badkey"], to: "encrypted" },
  { words: ["keys", "-install", "YmFka2V5"], to: "encrypted", anyOrder: true },
  { words: ["keys", "-remove", key], to: "encrypted" },
  { words: ["keys", "-list"], to: "encrypted", anyOrder: true },
  // Monitor.
  { words: ["monitor", "-log-level=BOGUS"] },
  // Leave, last.
  { words: ["leave"] },
];

/** Two live members, one that left, and a pair with encryption. */
class Cluster {
  readonly #group = new AgentGroup();
  readonly #agents = new Map<string, AgentProcess>();

  async start(program: Program): Promise<void> {
    const flags = ["-profile=local"];
    const handler = ["-event-handler=query:load=cat; echo answer"];
    const foo = await this.#group.start(program, {
      node: "foo",
      flags: [...flags, ...handler, "-tag=role=web", "-tag=dc=east"],
    });
    const join = `-join=${foo.bind}`;
    await this.#group.start(program, { node: "bar", flags: [...flags, join, "-tag=role=db"] });
    const baz = await this.#group.start(program, { node: "baz", flags: [...flags, join] });
    baz.signal("SIGINT");
    await baz.ends();
    await foo.lists({ foo: "alive", bar: "alive", baz: "left" });
    // Each knows the other's coordinate once it has probed it.
    const encrypted = await this.#group.start(program, {
      node: "foo",
      flags: [...flags, `-encrypt=${key}`],
    });
    await this.#group.start(program, {
      node: "bar",
      flags: [...flags, `-encrypt=${key}`, `-join=${encrypted.bind}`],
    });
    await encrypted.lists({ foo: "alive", bar: "alive" });
    this.#agents.set("plain", foo);
    this.#agents.set("encrypted", encrypted);
    await waitForCoordinates(foo);
  }

  agent(which: "plain" | "encrypted"): AgentProcess {
    const agent = this.#agents.get(which);
    if (agent === undefined) throw new Error(`no agent ${which}`);
    return agent;
  }

  close(): Promise<void> {
    return this.#group.close();
  }
}

async function waitForCoordinates(foo: AgentProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { exitCode } = await foo.command(ours, ["rtt", "bar"]);
    if (exitCode === 0) return;
  }
  throw new Error("foo does not learn the coordinate of bar");
}

async function run(cli: Program, line: Line, cluster: Cluster): Promise<OutputForm> {
  const { to = "plain", words } = line;
  const result =
    to === "none" ? await runCommand(cli, words) : await cluster.agent(to).command(cli, words);
  const form = outputForm(result, []);
  const shape = (text: string): string => {
    const chosen = line.only === undefined ? text : line.only(text);
    return line.anyOrder === true ? sortLines(chosen) : chosen;
  };
  return { ...form, stdout: shape(form.stdout) };
}

async function runAll(cli: Program, agents: Program): Promise<OutputForm[]> {
  const cluster = new Cluster();
  try {
    await cluster.start(agents);
    const outputs: OutputForm[] = [];
    for (const line of lines) outputs.push(await run(cli, line, cluster));
    return outputs;
  } finally {
    await cluster.close();
  }
}

describe.skipIf(reference === undefined)("the command line, in all pairings", () => {
  const outputs = new Map<string, OutputForm[]>();

  beforeAll(async () => {
    if (reference === undefined) return;
    const pairings: [string, Program, Program][] = [
      ["reference CLI, reference agent", reference, reference],
      ["our CLI, our agent", ours, ours],
      ["our CLI, reference agent", ours, reference],
      ["reference CLI, our agent", reference, ours],
    ];
    await Promise.all(
      pairings.map(async ([name, cli, agents]) => {
        outputs.set(name, await runAll(cli, agents));
      }),
    );
  }, 300_000);

  afterAll(() => outputs.clear());

  const pairings = ["our CLI, our agent", "our CLI, reference agent", "reference CLI, our agent"];
  describe.each(pairings)("%s", (pairing) => {
    it.each(lines.map((line, index) => [line.words.join(" ").slice(0, 60), index] as const))(
      "serf %s (line %i)",
      (_, index) => {
        const line = lines[index];
        const expected = outputs.get("reference CLI, reference agent")?.[index];
        const actual = outputs.get(pairing)?.[index];
        const isDeviating =
          line?.oursPrints !== undefined &&
          (line.deviates === "agent" ? pairing.endsWith("our agent") : pairing.startsWith("our"));
        if (isDeviating) {
          expect(actual?.stdout).toMatch(line.oursPrints ?? "");
          expect(actual?.exitCode).toBe(line.oursExits ?? expected?.exitCode);
          return;
        }
        expect(actual).toEqual(expected);
      },
    );
  });
});
