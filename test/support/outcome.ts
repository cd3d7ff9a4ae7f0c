import { isBlobError } from "../../src/client/index.js";

/** What became of a call of the client's: `done`, the code of its error, or what else it failed with. */
export const codeOf = (promise: PromiseLike<unknown>): PromiseLike<string> =>
	promise.then(
		() => "done",
		(error: unknown) => (isBlobError(error) ? error.code : String(error)),
	);
