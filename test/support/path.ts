import { delimiter, join } from "node:path";

/** Which npx the commands of the tests find: ours (bin/npx), unless a test is about npm's. */

const OURS = join(import.meta.dirname, "bin");
const others = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== OURS);

/** Finds npm's npx, as the commands of an author do. */
export const PATH_OF_NPM = others.join(delimiter);

/** Puts ours first, for this process and those that it starts. */
export function useOwnNpx(): void {
	process.env.PATH = [OURS, ...others].join(delimiter);
}
