import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../src/main.ts";
import { FakeTerminal } from "./support/fake-terminal.ts";

async function script(shell: string): Promise<string> {
  const terminal = new FakeTerminal();
  expect(await runCli(["completion", shell], terminal)).toBe(0);
  return terminal.stdout;
}

function has(program: string): boolean {
  return spawnSync(program, ["--version"]).error === undefined;
}

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "completion-"));
  for (const shell of ["bash", "zsh", "fish"]) {
    writeFileSync(join(folder, shell), await script(shell));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!has("bash"))("serf completion bash", () => {
  /** What bash offers for the words typed so far; the last one is being completed. */
  function offers(...words: string[]): string[] {
    const program = [
      `source '${join(folder, "bash")}'`,
      // Outside of a completion this builtin only complains.
      "compopt() { :; }",
      `COMP_WORDS=(serf "$@")`,
      `COMP_CWORD=$#`,
      "_serf",
      `printf '%s\\n' "\${COMPREPLY[@]}"`,
    ].join("\n");
    return execFileSync("bash", ["-c", program, "bash", ...words], {
      cwd: folder,
      encoding: "utf8",
    })
      .split("\n")
      .filter((line) => line !== "");
  }

  it("completes the names of commands", () => {
    expect(offers("re")).toEqual(["reachability"]);
    expect(offers("k")).toEqual(["keygen", "keys"]);
    expect(offers("")).toHaveLength(14);
  });

  it("completes the flags of a command", () => {
    expect(offers("members", "-st")).toEqual(["-status="]);
    expect(offers("query", "-no")).toEqual(["-node=", "-no-ack"]);
  });

  it("completes the values of a flag, which bash splits at the equals sign", () => {
    expect(offers("members", "-status", "=", "le")).toEqual(["leaving", "left"]);
    expect(offers("members", "-format", "=")).toEqual(["text", "json"]);
  });

  it("completes files elsewhere, also with blanks in their names", () => {
    writeFileSync(join(folder, "to ken"), "");

    expect(offers("members", "-rpc-auth-file", "=", "to")).toEqual(["to ken"]);
  });
});

describe.skipIf(!has("zsh"))("serf completion zsh", () => {
  it("is a program zsh understands", () => {
    expect(spawnSync("zsh", ["-n", join(folder, "zsh")], { encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    });
  });
});

describe.skipIf(!has("fish"))("serf completion fish", () => {
  it("is a program fish understands", () => {
    expect(
      spawnSync("fish", ["--no-execute", join(folder, "fish")], { encoding: "utf8" }),
    ).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("serf completion", () => {
  it("says the same things to all three shells", async () => {
    const zsh = await script("zsh");
    const fish = await script("fish");

    expect(zsh).toContain(
      "'-status=-[Only statuses that match.]:regexp:(alive leaving left failed)'",
    );
    expect(zsh).toContain(
      "'force-leave:Forces a member of the cluster to enter the \"left\" state'",
    );
    expect(fish).toContain(
      "complete -c serf -n '__fish_seen_subcommand_from members' -o status -r -a 'alive leaving left failed' -d 'Only statuses that match.'",
    );
  });

  it("wants a shell it knows", async () => {
    const terminal = new FakeTerminal();

    expect(await runCli(["completion", "csh"], terminal)).toBe(1);

    expect(terminal.stdout).toBe("Name a shell: bash, zsh or fish\n");
  });
});
