/**
 * Files that need a process of their own: they replace what a whole process has (time, fetch), measure the process
 * itself, or may not find what another file left in a library.
 */
export const ALONE = [
	"test/faults/**",
	"test/client/ports-web.test.ts",
	"test/e2e/prefix.test.ts",
	"test/localnet/test-signatures.test.ts",
];

/** Files that replace modules, too: they read the sources by vite, all others what was built (built.ts). */
export const REPLACING = [
	"test/canister/engine/next-form.test.ts",
	"test/canister/engine/next-layout.test.ts",
	"test/client/bls-in-worker.test.ts",
];

/** The files of tests that an entry stands for, as a glob. */
export function testsIn(pattern: string): string {
	return pattern.endsWith("**") ? `${pattern}/*.test.ts` : pattern;
}
