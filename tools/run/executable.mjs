/**
 * `pnpm build:executable [FILE]`: the whole `serf` program as one file that needs no Node.
 *
 * Bun's compiler joins the bundles, their bytecode and its own runtime. It is fetched when it is
 * asked for, since its package is 100 MB and only this needs it; `BUN` names one that is there.
 *
 * Why: docs/decisions/0003-one-file.md.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { codeOrders } from "./order-code.mjs";
import { fail, prepare, root, run } from "./prepare.mjs";

const bunPackage = "bun@1.4.5";
const isWindows = process.platform === "win32";

await prepare();
// Only now: the bundler may have been installed a moment ago.
const { makeOneFileBundles } = await import("./bundle.mjs");
await makeOneFileBundles();
const [, , wanted = join(root, "dist", isWindows ? "serf.exe" : "serf")] = process.argv;
const file = resolve(wanted);
mkdirSync(dirname(file), { recursive: true });
const [bun, ...first] = process.env.BUN
  ? [process.env.BUN]
  : [isWindows ? "npx.cmd" : "npx", "--yes", "--package", bunPackage, "--", "bun"];

/** @param orders - files with the order in which the code is laid out; none are needed. */
function compile(target, orders) {
  const status = run(
    bun,
    [
      ...first,
      "build",
      join(root, "tools", "run", "one-file.cjs"),
      "--compile",
      `--outfile=${target}`,
      // Half the start is compiling otherwise; only this format can be compiled ahead.
      "--bytecode",
      "--format=cjs",
      ...(orders.length === 0 ? [] : [`--bytecode-order=${orders.join(",")}`]),
      // As on Node (apps/agent/src/engine.ts): an idle agent is never compiled, a busy one within a second.
      "--compile-jit-policy=20",
      // Settings come from flags and files the operator names, never from where the program was started.
      "--no-compile-autoload-dotenv",
      "--no-compile-autoload-bunfig",
    ],
    { stdio: ["ignore", 2, 2], shell: isWindows },
  );
  if (status !== 0) fail(`Compiling failed: see the lines above (${bun}).`);
}

const folder = mkdtempSync(join(tmpdir(), "serf-one-file-"));
try {
  const unordered = join(folder, isWindows ? "serf.exe" : "serf");
  compile(unordered, []);
  compile(file, await codeOrders(unordered, folder));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${file}: ${Math.round(statSync(file).size / 2 ** 20)} MiB`);
