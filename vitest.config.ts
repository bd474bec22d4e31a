import { defineConfig } from "vitest/config";

/** Tests run from the sources (`@x/source`), so they need no build. */
export default defineConfig({
  resolve: { conditions: ["@x/source"] },
  ssr: { resolve: { conditions: ["@x/source"], externalConditions: ["@x/source"] } },
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "apps/*/test/**/*.test.ts",
      "tools/*/test/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/dist/**", "**/*.types.test.ts"],
    benchmark: { include: ["packages/*/bench/**/*.bench.ts", "tools/*/bench/**/*.bench.ts"] },
    setupFiles: ["tools/run/property-seed.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
