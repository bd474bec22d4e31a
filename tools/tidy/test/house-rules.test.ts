import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const packages = readdirSync(join(root, "packages")).sort();

/** Every file git knows or would add, as paths from the root. */
function files(...patterns: readonly string[]): string[] {
  const words = ["ls-files", "--cached", "--others", "--exclude-standard", "--", ...patterns];
  return execFileSync("git", words, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 })
    .split("\n")
    .filter((path) => path !== "" && existsSync(join(root, path)));
}

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The TypeScript blocks of a README. */
function codeBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
}

/** White space and leading comments are not what makes a program. */
function bare(code: string): string {
  return code.replaceAll(/\s+/g, " ").trim();
}

describe("READMEs", () => {
  it.each(packages)(
    "of %s exists, is short, and shows a program that is one of its examples",
    (name) => {
      const readme = read(`packages/${name}/README.md`);
      const [first = ""] = codeBlocks(readme);

      expect(readme.split("\n").length).toBeLessThanOrEqual(200);
      if (first === "") {
        expect(["cli"]).toContain(name);
        return;
      }
      const examples = readdirSync(join(root, "packages", name, "examples")).map((file) =>
        bare(read(`packages/${name}/examples/${file}`)),
      );
      expect(examples.some((example) => example.includes(bare(first)))).toBe(true);
    },
  );
});

describe("manifests", () => {
  it.each(packages)("of %s keeps the order and the fields of the house", (name) => {
    const manifest = JSON.parse(read(`packages/${name}/package.json`)) as Record<string, unknown>;
    const order = [
      "name",
      "version",
      "description",
      "keywords",
      "license",
      "repository",
      "type",
      "sideEffects",
      "exports",
      "files",
      "scripts",
      "dependencies",
      "devDependencies",
      "engines",
    ];
    const keys = Object.keys(manifest);

    expect(keys).toEqual(order.filter((key) => keys.includes(key)));
    expect(manifest["name"]).toBe(`@x/${name}`);
    expect(manifest["engines"]).toEqual({ node: ">=20.19" });
  });
});

describe("the workspace", () => {
  it("has no two packages of one name", () => {
    const names = files("packages/*/package.json", "apps/*/package.json", "tools/*/package.json")
      .map((path) => (JSON.parse(read(path)) as { readonly name: string }).name)
      .sort();

    expect(names).toEqual([...new Set(names)]);
    expect(names.length).toBeGreaterThan(8);
  });
});

describe("sources", () => {
  const sources = files("packages/*/src/**/*.ts", "packages/*/src/*.ts", "apps/*/src/*.ts");

  it("are files of one idea: at most 400 lines", () => {
    const long = sources.filter((path) => read(path).split("\n").length > 400);

    expect(long).toEqual([]);
  });

  it("have no grab-bag names", () => {
    const names = /(^|\/)(utils?|helpers?|common|misc|lib|types|constants|base)(\.ts$|\/)/;

    expect(files().filter((path) => names.test(path) && !path.includes("vectors"))).toEqual([]);
  });

  it("leave nothing for later without an issue", () => {
    const marks = /\b(TODO|FIXME|XXX)\b(?!\(#\d+\))/;

    expect(sources.filter((path) => marks.test(read(path)))).toEqual([]);
  });

  it("hold no type holes", () => {
    const holes = /^(?!\s*\*).*(?:\bas any\b|: any\b|@ts-ignore|@ts-expect-error|@ts-nocheck)/m;

    expect(sources.filter((path) => holes.test(read(path)))).toEqual([]);
  });

  it("import downwards only", () => {
    const allowed: Readonly<Record<string, readonly string[]>> = {
      vivaldi: [],
      "gossip-broadcast": [],
      swim: ["gossip-broadcast"],
      serf: ["swim", "gossip-broadcast", "vivaldi"],
      agent: ["serf", "swim", "vivaldi"],
      cli: ["agent", "vivaldi"],
    };
    const wrong: string[] = [];
    for (const path of files("packages/*/src/**/*.ts", "packages/*/src/*.ts")) {
      const own = path.split("/")[1] ?? "";
      for (const [, target = ""] of read(path).matchAll(/from "@x\/([\w-]+)/g)) {
        if (!(allowed[own] ?? []).includes(target)) wrong.push(`${path} → @x/${target}`);
      }
    }

    expect(wrong).toEqual([]);
  });
});

describe("changesets", () => {
  it("name only packages and apps that exist", () => {
    const published = files("packages/*/package.json", "apps/*/package.json").map(
      (path) => (JSON.parse(read(path)) as { name: string }).name,
    );
    for (const path of files(".changeset/*.md")) {
      for (const [, name = ""] of read(path).matchAll(/^"(@x\/[\w-]+)":/gm)) {
        expect([path, name, published.includes(name)]).toEqual([path, name, true]);
      }
    }
  });
});
