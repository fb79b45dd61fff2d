import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/.tocsin/**"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // Many tests wait for programs that they start; of two processors the default leaves one idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
