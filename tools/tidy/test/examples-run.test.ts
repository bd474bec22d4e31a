/**
 * Every example of every package runs to its end, as its README says it does.
 */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const tsx = join(root, "node_modules", "tsx", "dist", "cli.mjs");

/** Examples that watch a running agent until they are stopped: the tests of @x/agent run those. */
const endless = new Set(["agent/watch-cluster.ts", "agent/watch-events.ts"]);

const examples = readdirSync(join(root, "packages"))
  .filter((name) => existsSync(join(root, "packages", name, "examples")))
  .flatMap((name) =>
    readdirSync(join(root, "packages", name, "examples")).map((file) => `${name}/${file}`),
  );

function run(example: string): Promise<string> {
  const [name = "", file = ""] = example.split("/");
  const words = [tsx, "--conditions=@x/source", join(root, "packages", name, "examples", file)];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, words, { timeout: 90_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${example}: ${error.message}\n${stdout}${stderr}`));
      else resolve(stdout);
    });
  });
}

describe("examples", () => {
  const programs = examples.filter(
    (example) =>
      !endless.has(example) &&
      // A part of another example, not a program.
      !readFileSync(join(root, "packages", example.replace("/", "/examples/")), "utf8").includes(
        "export ",
      ),
  );

  it.concurrent.each(programs)(
    "%s runs and says something",
    async (example) => {
      expect((await run(example)).trim()).not.toBe("");
    },
    100_000,
  );
});
