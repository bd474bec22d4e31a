/**
 * Each package as a stranger gets it: packed, installed into an empty folder, its README's program
 * run.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "packages-alone-"));
const tarballs = new Map<string, string>();

interface Manifest {
  name: string;
  version: string;
  devDependencies?: unknown;
  dependencies?: Record<string, string>;
}

/** What publishing would upload: workspace ranges become versions. */
function pack(name: string): void {
  const source = join(root, "packages", name);
  const staged = join(folder, "staged", name);
  mkdirSync(staged, { recursive: true });
  execFileSync("cp", ["-r", "dist", "src", "README.md", "package.json", staged], { cwd: source });
  const manifest = JSON.parse(readFileSync(join(staged, "package.json"), "utf8")) as Manifest;
  delete manifest.devDependencies;
  for (const [dependency, range] of Object.entries(manifest.dependencies ?? {})) {
    if (range.startsWith("workspace:") && manifest.dependencies !== undefined) {
      manifest.dependencies[dependency] = `^${manifest.version}`;
    }
  }
  writeFileSync(join(staged, "package.json"), JSON.stringify(manifest));
  const output = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: staged,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ filename }] = JSON.parse(output) as [{ filename: string }];
  tarballs.set(name, join(folder, filename));
}

/** Installs the tarballs into an empty folder, runs the README's first program, and returns what it says. */
function runReadme(name: string, needs: readonly string[]): string {
  const place = join(folder, `alone-${name}`);
  mkdirSync(place);
  writeFileSync(join(place, "package.json"), '{"private": true, "type": "module"}');
  const files = [name, ...needs].map((needed) => tarballs.get(needed) ?? "");
  const words = ["install", "--no-audit", "--no-fund", "--prefer-offline", ...files];
  execFileSync("npm", words, { cwd: place, stdio: "ignore" });
  const readme = readFileSync(join(root, "packages", name, "README.md"), "utf8");
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  // `await using` and types are TypeScript's to remove, as every stranger's build does.
  writeFileSync(join(place, "program.ts"), code);
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const options = ["--module", "nodenext", "--target", "es2022", "--skipLibCheck", "--strict"];
  const types = ["--types", "node", "--typeRoots", join(root, "node_modules", "@types")];
  execFileSync(process.execPath, [tsc, ...options, ...types, "program.ts"], { cwd: place });
  return execFileSync(process.execPath, ["program.js"], {
    cwd: place,
    encoding: "utf8",
    timeout: 60_000,
  });
}

describe("packages installed from their tarballs into an empty folder", () => {
  beforeAll(() => {
    for (const name of ["vivaldi", "gossip-broadcast", "swim", "serf"]) pack(name);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("@x/vivaldi alone runs its README's program", () => {
    expect(runReadme("vivaldi", [])).toMatch(/london \d+ ms, tokyo \d+ ms/);
  }, 120_000);

  it("@x/swim with its one leaf runs its README's program", () => {
    const output = runReadme("swim", ["gossip-broadcast"]);
    expect(output).toContain("eve is dead");
    expect(output).toContain("ben is left");
    expect(output).toContain("still here: ann");
  }, 120_000);

  it("@x/serf runs its README's program", () => {
    const output = runReadme("serf", ["swim", "gossip-broadcast", "vivaldi"]);
    expect(output).toContain("deploy v1.2.3");
  }, 120_000);
});
