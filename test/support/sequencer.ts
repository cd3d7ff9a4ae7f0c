import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** CPU seconds by file, as measured by `npm run test:weights`. */
const weights: Partial<Record<string, number>> = JSON.parse(
	readFileSync(join(import.meta.dirname, "weights.json"), "utf8"),
);
const root = join(import.meta.dirname, "../..");
/** A file without a weight is new: better early than last. */
const UNKNOWN = 15;

/**
 * Starts the longest files first, so that no core waits at the end for one that began late. Files with a process of
 * their own come before those that share one: vitest keeps a shared process only while the next file shares it, too.
 */
export class LongestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const weightOf = (file: TestSpecification) => weights[relative(root, file.moduleId)] ?? UNKNOWN;
		const isShared = (file: TestSpecification) => Number(file.project.config.isolate === false);
		return [...files].sort((a, b) => isShared(a) - isShared(b) || weightOf(b) - weightOf(a));
	}
}
