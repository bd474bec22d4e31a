/**
 * `npm test`: installs, builds, checks types, style and format, and runs every test.
 * The last line is `N passed, N failed`; the exit code is 0 only if nothing failed.
 */
import { mkdtempSync, readdirSync, existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepare, root, runTool } from "./prepare.mjs";

const isCi = Boolean(process.env.CI);

await prepare((line) => console.log(line));

let failedChecks = 0;
check("types of the tests", () => {
  let worst = 0;
  for (const project of testProjects()) {
    worst = Math.max(worst, runTool("typescript", "tsc", ["-p", project]));
  }
  return worst;
});
check("lint", () => runTool("oxlint", "oxlint", ["--type-aware", "--deny-warnings"]));
check("format", () => runTool("prettier", "prettier", ["--check", ".", "--log-level", "warn"]));

console.log("Running the tests ...");
const folder = mkdtempSync(join(tmpdir(), "serf-test-"));
const report = join(folder, "report.json");
const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const status = runTool("vitest", "vitest", [...args, ...process.argv.slice(2)]);
const totals = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined;
rmSync(folder, { recursive: true, force: true });

const passed = totals?.numPassedTests ?? 0;
let failed = (totals?.numFailedTests ?? 0) + failedChecks;
const skipped = (totals?.numPendingTests ?? 0) + (totals?.numTodoTests ?? 0);
if (status !== 0 && failed === 0) failed = 1;
if (skipped > 0) {
  console.log(
    `${skipped} tests were SKIPPED: install the reference peer (Debian: serf) to run all.`,
  );
  if (isCi) failed += skipped;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

/** Runs one check and counts it as failed unless it ends with 0. */
function check(name, body) {
  console.log(`Checking ${name} ...`);
  if (body() !== 0) {
    failedChecks += 1;
    console.log(`FAILED: ${name}`);
  }
}

/** Every test folder that has a project file. */
function testProjects() {
  const projects = [];
  for (const group of ["packages", "apps", "tools"]) {
    for (const name of readdirSync(join(root, group)).sort()) {
      const project = join(root, group, name, "test", "tsconfig.json");
      if (existsSync(project)) projects.push(project);
    }
  }
  return projects;
}
