/**
 * Makes a fresh checkout ready to run: installs the dependencies and builds every package.
 *
 * Needs only Node and npm: pnpm is run through npx at the version package.json pins. It says what
 * it does while it does it, and does nothing that is already done, so a second start takes seconds.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const stampFile = join(root, "node_modules", ".prepared");
const oldestNode = [20, 19];

/** Ends the process with a sentence a person can act on. */
export function fail(message, exitCode = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
}

/**
 * Runs a command in the root of the project; its output goes where ours goes.
 * @returns its exit code.
 */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (result.error) fail(`could not run ${command}: ${result.error.message}`);
  return result.status ?? 1;
}

/**
 * Runs a tool of the project with this very Node, so that neither a shell nor PATH matters.
 * @returns its exit code.
 */
export function runTool(packageName, binary, args, options = {}) {
  const folder = join(root, "node_modules", packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const script = join(folder, typeof bin === "string" ? bin : bin[binary]);
  return run(process.execPath, [script, ...args], options);
}

/** Everything an install depends on: the lock file and every manifest. */
function manifestDigest() {
  const hash = createHash("sha256");
  const files = ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml"];
  for (const group of ["packages", "apps", "tools"]) {
    for (const name of readdirSync(join(root, group)).sort()) {
      files.push(join(group, name, "package.json"));
    }
  }
  for (const file of files) {
    const path = join(root, file);
    if (existsSync(path)) hash.update(file).update(readFileSync(path));
  }
  return hash.digest("hex");
}

function install(log) {
  const digest = manifestDigest();
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === digest) return;
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  log(`Installing dependencies (${packageManager}, the first time takes a minute) ...`);
  const npx = process.platform === "win32" ? "npx.cmd" : "npx";
  const options = { stdio: ["ignore", 2, 2], shell: process.platform === "win32" };
  const status = run(
    npx,
    ["--yes", packageManager, "install", "--frozen-lockfile", "--reporter=append-only"],
    options,
  );
  if (status !== 0) fail("Installing failed: see the lines above, then run the command again.");
  writeFileSync(stampFile, digest);
}

async function build(log) {
  const isFirst = !existsSync(join(root, "apps", "cli", "dist", "bundle"));
  log(isFirst ? "Building all packages ..." : "Checking that the build is current ...");
  const status = runTool("typescript", "tsc", ["-b"], { stdio: ["ignore", 2, 2] });
  if (status !== 0) fail("Building failed: see the lines above.");
  // Only now: the bundler may have been installed a moment ago.
  const { makeBundles } = await import("./bundle.mjs");
  if (await makeBundles()) log("Bundled the serf program into apps/cli/dist/bundle.");
}

/** Installs and builds what is missing. @param log - where progress goes; stderr by default. */
export async function prepare(log = (line) => process.stderr.write(`${line}\n`)) {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    fail(`Node ${process.versions.node} is too old: install Node 20.19 or newer.`);
  }
  install(log);
  await build(log);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await prepare();
