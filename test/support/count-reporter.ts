import type { Reporter, TestModule } from "vitest/node";

/** Ends the run with the one line that CI reads. */
export default class CountReporter implements Reporter {
	onTestRunEnd(modules: readonly TestModule[]): void {
		const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
		for (const module of modules) {
			for (const test of module.children.allTests()) count[test.result().state]++;
			// A file that could not be loaded has no tests, and is a failure all the same.
			if (module.state() === "failed" && [...module.children.allTests("failed")].length === 0) count.failed++;
		}
		const skipped = count.skipped + count.pending;
		process.stdout.write(
			`\n${count.passed} passed, ${count.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`,
		);
	}
}
