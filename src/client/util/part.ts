import { ClientError, messageOf } from "../errors/errors.js";

/**
 * A part of the client that is loaded when it is needed, by a dynamic import: what a page does not use is not in its main
 * chunk.
 * @throws ClientError `part_not_loaded`
 */
export function part<Module>(load: () => Promise<Module>): () => Promise<Module> {
	/** An import that has been made takes a while, too. One that failed is made again. */
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

/** Items that a part lists. */
export async function* listed<T>(list: Promise<AsyncGenerator<T>>): AsyncGenerator<T> {
	yield* await list;
}
