/**
 * `npm run test:executable [FILE]`: makes the program as one file, unless FILE is one already,
 * compares its sockets with those of Bun, and runs against it every test that starts the `serf`
 * program.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fail, root, runTool, run } from "./prepare.mjs";

const isWindows = process.platform === "win32";
const [, , given] = process.argv;
const file = resolve(given ?? join(root, "dist", isWindows ? "serf.exe" : "serf"));
if (given === undefined) {
  const status = run(process.execPath, [join(root, "tools", "run", "executable.mjs"), file]);
  if (status !== 0) process.exit(status);
} else if (!existsSync(file)) {
  fail(`There is no ${file}.`);
}
const sockets = run(file, ["run", join(root, "tools", "run", "compare-sockets.mjs")], {
  env: { ...process.env, BUN_BE_BUN: "1" },
});
if (sockets !== 0) fail("The sockets of the program as one file differ from Bun's node:net.");
const env = { ...process.env, SERF_OURS: file };
process.exit(
  runTool("vitest", "vitest", ["run", "tools/interop", "apps/cli", "packages/cli"], { env }),
);
