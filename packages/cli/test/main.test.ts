import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { commandTable, type CommandEntry } from "../src/command-table.ts";
import { runCli } from "../src/main.ts";
import { usage } from "../src/usage.ts";
import { FakeTerminal } from "./support/fake-terminal.ts";

function golden(name: string): string {
  return readFileSync(new URL(`golden/${name}.txt`, import.meta.url), "utf8");
}

const agentEntry: CommandEntry = {
  name: "agent",
  synopsis: "Runs a Serf agent",
  load: () =>
    Promise.resolve({
      name: "agent",
      usageWords: "[options]",
      description: "Runs.",
      flags: [],
      takesRawWords: true,
      run: ({ words, terminal }) => {
        terminal.writeOut(words.join("|"));
        return Promise.resolve(7);
      },
    }),
};

async function serf(...words: string[]) {
  const terminal = new FakeTerminal();
  const exitCode = await runCli(words, terminal, { moreCommands: [agentEntry] });
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr };
}

const nothing = { stdout: "", stderr: "" };

describe("the program level (CLI specification §1)", () => {
  it.each([[[]], [[""]], [["nope"]], [["-foo"]], [["-version"]], [["", "members"]], [["Members"]]])(
    "shows the overview and returns 127 for %j",
    async (words) => {
      expect(await serf(...words)).toEqual({
        exitCode: 127,
        stdout: "",
        stderr: golden("overview"),
      });
    },
  );

  it.each(["-h", "-help", "--help"])("shows the overview and returns 0 for %s", async (word) => {
    expect(await serf(word)).toEqual({ exitCode: 0, stdout: "", stderr: golden("overview") });
  });

  it.each([
    [["-h", "members"]],
    [["members", "x", "-h"]],
    [["members", "--help"]],
    [["members", "-name", "-help"]],
  ])("shows the help of the command and returns 0 for %j", async (words) => {
    expect(await serf(...words)).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: golden("usage-members"),
    });
  });

  it("takes a help word after -- as an argument", async () => {
    const result = await serf("event", "--", "-h", "b", "c");

    expect(result).toMatchObject({ exitCode: 1, stderr: "" });
    expect(result.stdout).toMatch(/^Too many command line arguments\./);
  });

  it("answers help for version with one empty line", async () => {
    expect(await serf("version", "-h")).toEqual({ ...nothing, exitCode: 0, stderr: "\n" });
  });

  it.each([[["-v"]], [["--version"]], [["event", "foo", "-v"]], [["event", "--", "-v"]]])(
    "prints the version wherever the word for it stands: %j",
    async (words) => {
      expect(await serf(...words)).toEqual({
        ...nothing,
        exitCode: 0,
        stdout: golden("version"),
      });
    },
  );

  it("refuses flags before the command, with its help", async () => {
    expect(await serf("-foo", "members")).toEqual({
      exitCode: 1,
      stdout: "",
      stderr:
        "Invalid flags before the subcommand. If these flags are for\n" +
        "the subcommand, please put them after the subcommand.\n\n" +
        golden("usage-members"),
    });
  });

  it("tells a bad flag on standard error and the usage on standard output", async () => {
    expect(await serf("members", "-bogus")).toEqual({
      exitCode: 1,
      stdout: golden("usage-members"),
      stderr: "flag provided but not defined: -bogus\n",
    });
  });

  it("hands a command of raw words its words and returns its code", async () => {
    expect(await serf("agent", "-x", "--", "y")).toEqual({
      exitCode: 7,
      stdout: "-x|--|y",
      stderr: "",
    });
  });
});

describe("usage texts (CLI specification §2)", () => {
  it.each(commandTable.map((entry) => [entry.name, entry] as const))(
    "of %s stands as written down, and lists every flag with its default",
    async (name, entry) => {
      const command = await entry.load();
      const text = usage(command);

      expect(`${text}\n`).toBe(golden(`usage-${name}`));
      expect(command.name).toBe(name);
      for (const flag of command.flags) expect(text).toContain(`  -${flag.name}`);
    },
  );
});

describe("programVersion", () => {
  it("is the version of the package", async () => {
    const manifest = JSON.parse(
      readFileSync(new URL("../package.json", import.meta.url), "utf8"),
    ) as { version: string };

    expect(golden("version")).toBe(
      `${manifest.version}\nAgent Protocol: 5 (Understands back to: 2)\n`,
    );
    expect((await serf("version", "-x", "y")).stdout).toBe(golden("version"));
  });
});
