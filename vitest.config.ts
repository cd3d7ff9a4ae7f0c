import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/sequencer.js";

/**
 * Files that need a process of their own: they replace what a whole process has (time, fetch, modules), measure the
 * process itself, or may not find what another file left in a library.
 */
const ALONE = [
	"test/browser/**",
	"test/build/**",
	"test/examples/**",
	"test/faults/**",
	"test/readme/**",
	"test/client/bls-in-worker.test.ts",
	"test/client/ports-web.test.ts",
	"test/e2e/large-file.test.ts",
	"test/e2e/memory.test.ts",
	"test/localnet/test-signatures.test.ts",
];

const common = {
	setupFiles: ["test/support/cpu-time.ts"],
	testTimeout: 60_000,
	hookTimeout: 120_000,
};

export default defineConfig({
	test: {
		globalSetup: ["test/support/global.ts"],
		reporters: ["default", "./test/support/count-reporter.ts"],
		// Two cores: each file of end-to-end tests runs a network, a canister and a client of its own.
		maxWorkers: 2,
		sequence: { sequencer: LongestFirst },
		projects: [
			{ test: { ...common, name: "alone", include: ALONE.map(testsIn) } },
			{
				test: {
					...common,
					name: "shared",
					include: ["test/**/*.test.ts"],
					exclude: ALONE.map(testsIn),
					isolate: false,
				},
			},
		],
	},
});

function testsIn(pattern: string): string {
	return pattern.endsWith("**") ? `${pattern}/*.test.ts` : pattern;
}
