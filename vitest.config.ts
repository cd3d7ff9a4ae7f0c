import { defineConfig } from "vitest/config";
import { ALONE, REPLACING, testsIn } from "./test/support/alone.js";
import { built } from "./test/support/built.js";
import { LongestFirst } from "./test/support/sequencer.js";

const common = {
	setupFiles: ["test/support/cpu-time.ts", "test/support/node-crypto.ts", "test/support/equal-bytes.ts"],
	// Most of what a test makes is garbage at once, so give it room; and few functions run so often as to be optimised.
	execArgv: ["--max-semi-space-size=64", "--always-sparkplug"],
	// Built and plain JavaScript: Node imports it faster than vite, and calls between its modules are direct.
	// GitHub's parser imports JSON as bundlers allow it, and Node does not.
	server: {
		deps: { external: [/^(?!.*\/node_modules\/).*\/dist\//], inline: [/node_modules\/@actions\//] },
	},
	// Only what hangs comes to its end by these: builds and browsers take a minute where a machine has other work.
	testTimeout: 180_000,
	hookTimeout: 300_000,
	// vitest waits a second.
	expect: { poll: { timeout: 60_000 } },
};

export default defineConfig({
	test: {
		globalSetup: ["test/support/global.ts"],
		reporters: ["default", "./test/support/count-reporter.ts"],
		// One more than the two cores of CI: while one waits, as many tests do for a time or another process, two work.
		maxWorkers: 3,
		sequence: { sequencer: LongestFirst },
		projects: [
			{ test: { ...common, name: "replacing", include: REPLACING } },
			{ plugins: [built], test: { ...common, name: "alone", include: ALONE.map(testsIn) } },
			{
				plugins: [built],
				test: {
					...common,
					name: "shared",
					include: ["test/**/*.test.ts"],
					exclude: [...ALONE, ...REPLACING].map(testsIn),
					isolate: false,
				},
			},
		],
	},
});
