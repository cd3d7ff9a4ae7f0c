import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

const POLL_MS = 50;

/**
 * Makes something that many files of tests need, in a folder of its own in that of the run: the first that asks makes
 * it, the others wait. What the maker answers travels as JSON.
 */
export async function once<T>(
	run: string,
	name: string,
	make: (directory: string) => Promise<T>,
): Promise<{ directory: string; value: T }> {
	const directory = join(run, name);
	const making = `${directory}.making`;
	const answer = "answer.json";
	for (;;) {
		const made = await readFile(join(directory, answer), "utf8").catch(() => undefined);
		if (made !== undefined) return { directory, value: JSON.parse(made) as T };
		const isMaker = await mkdir(making).then(
			() => true,
			() => false,
		);
		if (isMaker && !(await exists(directory)))
			try {
				await mkdir(`${directory}.parts`);
				const value = await make(`${directory}.parts`);
				await writeFile(join(`${directory}.parts`, answer), JSON.stringify(value));
				await rename(`${directory}.parts`, directory);
			} finally {
				// Where it failed the next one tries, and fails with an error of its own.
				await rm(`${directory}.parts`, { recursive: true, force: true });
				await rm(making, { recursive: true });
			}
		else if (isMaker) await rm(making, { recursive: true });
		else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
	}
}

const exists = (path: string) =>
	stat(path).then(
		() => true,
		() => false,
	);
