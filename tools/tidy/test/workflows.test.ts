import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const folder = join(root, ".github/workflows");
const names = readdirSync(folder).sort();
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** Prettier, which checks the format, parses them: here is what only we know. */
describe("workflows", () => {
  it("are those of a change, of the night, and of a release", () => {
    expect(names).toEqual(["ci.yml", "nightly.yml", "release.yml"]);
  });

  it.each(names)("%s is granted no more than it names, and runs what exists", (name) => {
    const text = readFileSync(join(folder, name), "utf8");
    const actions = [...text.matchAll(/uses: (\S+)/g)].map((match) => match[1] ?? "");
    const called = [...text.matchAll(/\b(?:npm run|pnpm) (?:--silent )?([\w:]+)/g)]
      .map((match) => match[1] ?? "")
      .filter((word) => !["install", "changeset"].includes(word));
    const paths = [...text.matchAll(/(?:tools|packages)\/[\w./-]+/g)].map(([path]) => path);

    expect(text).toMatch(/^permissions:/m);
    expect(text).toMatch(/timeout-minutes:/);
    for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@v\d+$/);
    expect(called.filter((word) => !(word in scripts))).toEqual([]);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it("of a change tests the versions of Node the packages promise", () => {
    const text = readFileSync(join(folder, "ci.yml"), "utf8");
    const { engines } = JSON.parse(
      readFileSync(join(root, "packages/swim/package.json"), "utf8"),
    ) as { readonly engines: { readonly node: string } };

    expect(text).toContain('node: ["20.19", "22", "24"]');
    expect(engines.node).toBe(">=20.19");
  });
});
