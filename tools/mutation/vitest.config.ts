import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const fewerCases = fileURLToPath(new URL("./src/fewer-cases.ts", import.meta.url));
/** Set by `pnpm mutate`; paths are from the root of the checkout, or of Stryker's copy of it. */
const tests = JSON.parse(process.env["MUTATION_TESTS"] ?? "{}") as {
  readonly include?: string[];
  readonly exclude?: string[];
};

/** The unit tests of one package, quick enough to be run once for each mutant. */
export default defineConfig({
  plugins: [
    {
      name: "fewer-cases",
      enforce: "pre",
      resolveId: (source, importer) =>
        source === "fast-check" && importer !== fewerCases ? fewerCases : undefined,
    },
  ],
  resolve: { conditions: ["@x/source"] },
  ssr: { resolve: { conditions: ["@x/source"], externalConditions: ["@x/source"] } },
  test: {
    include: tests.include ?? [],
    exclude: ["**/node_modules/**", "**/*.types.test.ts", ...(tests.exclude ?? [])],
    setupFiles: ["tools/run/property-seed.ts"],
    // Test files share no state (a house rule), so one worker serves them all: a third of the cost.
    isolate: false,
    testTimeout: 60_000,
  },
});
