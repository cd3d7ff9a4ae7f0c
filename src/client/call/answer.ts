import { ClientError, messageOf, replyInvalid } from "../errors/errors.js";
import { decodeCbor } from "./cbor.js";

/** Decodes an answer's map. @throws ClientError `reply_invalid` */
export function decodeAnswer(body: Uint8Array, method: string): Record<string, unknown> {
	let map: unknown;
	try {
		map = decodeCbor(body);
	} catch (error) {
		const reason = `the answer is not CBOR (${messageOf(error)})`;
		throw replyInvalid(method, reason, error);
	}
	if (typeof map === "object" && map !== null && !Array.isArray(map) && !(map instanceof Uint8Array))
		return map as Record<string, unknown>;
	throw replyInvalid(method, "the answer is not a map");
}

/**
 * The error of a rejection that comes as a map, not in a certificate.
 * @throws ClientError `reply_invalid` where it is not one
 */
export function rejection(map: Record<string, unknown>, method: string): ClientError<"rejected"> {
	const { reject_code, reject_message, error_code } = map;
	if (typeof reject_code !== "number" && typeof reject_code !== "bigint")
		throw replyInvalid(method, "it is neither a certificate nor a rejection");
	return new ClientError("rejected", {
		rejectCode: Number(reject_code),
		rejectMessage: typeof reject_message === "string" ? reject_message : "",
		errorCode: typeof error_code === "string" ? error_code : undefined,
		isCertified: false,
		method,
	});
}
