import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The source a package name stands for. */
function sourceOf(name: string): string {
  const [, folder = "", ...entry] = name.split("/");
  const manifest = JSON.parse(
    readFileSync(join(root, "packages", folder, "package.json"), "utf8"),
  ) as {
    exports: Record<string, { "@x/source": string }>;
  };
  const key = entry.length === 0 ? "." : `./${entry.join("/")}`;
  return join(root, "packages", folder, manifest.exports[key]?.["@x/source"] ?? "");
}

/** Every file that is loaded with these, types and what is loaded on demand left out. */
function loadedWith(...starts: readonly string[]): string[] {
  const loaded = new Set<string>();
  const waiting = starts.map((path) => join(root, path));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (loaded.has(path)) continue;
    loaded.add(path);
    const code = readFileSync(path, "utf8");
    for (const match of code.matchAll(/^(?:import|export)\s([^;]*?)\sfrom "([^"]+)";/gm)) {
      const [, names = "", target = ""] = match;
      if (/^type\s/.test(names)) continue;
      if (target.startsWith(".")) waiting.push(resolve(dirname(path), target));
      else if (target.startsWith("@x/")) waiting.push(sourceOf(target));
      else expect([path, target.startsWith("node:")]).toEqual([path, true]);
    }
  }
  return [...loaded].map((path) => path.slice(root.length)).sort();
}

describe("serf members", () => {
  const loaded = loadedWith("apps/cli/src/main.ts", "packages/cli/src/commands/members.ts");

  it("loads nothing of the protocol, of the agent itself, or of the registry", () => {
    const rooms = new Set(loaded.map((path) => path.split("/").slice(0, 4).join("/")));

    expect([...rooms].filter((room) => /packages\/(serf|swim|vivaldi)/.test(room))).toEqual([]);
    expect(loaded.filter((path) => /packages\/agent\/src\/(?!config\/|rpc\/)/.test(path))).toEqual(
      [],
    );
    expect(loaded).not.toContain("packages/agent/src/config/load-config.ts");
    expect(loaded.filter((path) => path.includes("rpc/server"))).toEqual([]);
  });

  it("loads its own command and no other", () => {
    expect(loaded.filter((path) => path.startsWith("packages/cli/src/commands/"))).toEqual([
      "packages/cli/src/commands/members.ts",
      "packages/cli/src/commands/version.ts",
    ]);
    expect(loaded.length).toBeLessThan(48);
  });
});
