import { isBlobError } from "../../src/client/index.js";

/** Result of a call of the client: `done`, the code of its error, or another failure. */
export const codeOf = (promise: PromiseLike<unknown>): PromiseLike<string> =>
	promise.then(
		() => "done",
		(error: unknown) => (isBlobError(error) ? error.code : String(error)),
	);
