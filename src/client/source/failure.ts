import { ClientError, isBlobError, messageOf } from "../errors/errors.js";

/** What a caller's source throws, as an error of ours with the caller's as its cause. */
export async function sourceErrors<T>(read: () => Promise<T>): Promise<T> {
	try {
		return await read();
	} catch (error) {
		if (isBlobError(error)) throw error;
		const reason = messageOf(error);
		throw new ClientError("source_failed", { reason }, error);
	}
}
