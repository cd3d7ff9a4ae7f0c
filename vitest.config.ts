import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["test/**/*.test.ts"],
		globalSetup: ["test/support/global.ts"],
		reporters: ["default", "./test/support/count-reporter.ts"],
		// Two cores: each file of end-to-end tests runs a network, a canister and a client of its own.
		maxWorkers: 2,
		testTimeout: 60_000,
		hookTimeout: 120_000,
	},
});
