import { ClientError, messageOf } from "../errors/errors.js";

/**
 * A part of the client that a dynamic import loads on first use, so that it is not in a page's main chunk.
 * @throws ClientError `part_not_loaded`
 */
export function part<Module>(load: () => Promise<Module>): () => Promise<Module> {
	/** Cache the promise, since even a repeated import is slow. A failed import is tried again. */
	let loaded: Promise<Module> | undefined;
	return async () => {
		try {
			loaded ??= load();
			return await loaded;
		} catch (error) {
			loaded = undefined;
			throw new ClientError("part_not_loaded", { reason: messageOf(error) }, error);
		}
	};
}

/** The items of a list whose code is loaded first. */
export async function* listed<T>(list: Promise<AsyncGenerator<T>>): AsyncGenerator<T> {
	yield* await list;
}
