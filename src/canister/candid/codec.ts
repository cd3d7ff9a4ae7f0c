import { encodeUtf8 } from "../../protocol/codec/utf8.js";
import {
	ArgumentsReader,
	type Encodable,
	Encoded,
	encodeValue,
	MAX_INGRESS_BYTES,
	MAX_ITEMS,
	MAX_KEY_BYTES,
	MAX_LINKED_CHUNKS,
	MAX_PLAIN_ARGUMENT_BYTES,
	Malformed,
	METHODS,
	type MethodArgs,
	type MethodName,
	type MethodOk,
	ReplyWriter,
	SHA256_BYTES,
	toRefusal,
	Unsupported,
	type WireError,
	type WireRefusal,
	Refusal as WireRefusalType,
} from "../../protocol/index.js";
import { refuse } from "../engine/index.js";

/**
 * The Candid of each method, made when the module is loaded, that is at install and upgrade: what a query makes is
 * forgotten when it ends.
 */
const readers = new Map<string, ArgumentsReader>();
const writers = new Map<string, ReplyWriter>();
for (const [name, { args, result }] of Object.entries(METHODS)) {
	readers.set(name, new ArgumentsReader(args));
	writers.set(name, new ReplyWriter(result));
}

/**
 * The largest argument of each method, in bytes. Candid lets a message hold values that the method does not take, so
 * without a bound 2 MiB could be sent to any of them, which the canister pays for.
 */
const LARGEST: { readonly [Name in MethodName]?: number } = {
	blobs_put_chunk: MAX_INGRESS_BYTES,
	blobs_put_blob: MAX_INGRESS_BYTES,
	blobs_put_many: MAX_INGRESS_BYTES,
	blobs_batch: MAX_INGRESS_BYTES,
	blobs_stage: MAX_INGRESS_BYTES,
	blobs_unstage: MAX_ITEMS * (MAX_KEY_BYTES + 16) + MAX_PLAIN_ARGUMENT_BYTES,
	blobs_link_chunks: 2 * MAX_LINKED_CHUNKS * SHA256_BYTES,
	blobs_delete_many: MAX_ITEMS * (MAX_KEY_BYTES + 16) + MAX_PLAIN_ARGUMENT_BYTES,
};

function isTooLarge(name: string, { length }: Uint8Array): boolean {
	return length > (LARGEST[name as MethodName] ?? MAX_PLAIN_ARGUMENT_BYTES);
}

/** Arguments of a call, or a refusal that cost next to nothing. The blobs among them are views into the message. */
export function decodeArgs<Name extends MethodName>(name: Name, message: Uint8Array): MethodArgs<Name> {
	if (isTooLarge(name, message))
		refuse("malformed", { reason: `${message.length} bytes are more than any request of ${name} has` });
	try {
		return readers.get(name)!.read(message) as unknown as MethodArgs<Name>;
	} catch (error) {
		if (error instanceof Unsupported)
			return refuse("version_unsupported", { side: "canister", what: error.what });
		if (!(error instanceof Malformed)) throw error;
		return refuse("malformed", { reason: error.reason });
	}
}

/** Whether a call could ever be answered with anything but `malformed`: for inspect_message. */
export function isAcceptable(name: string, message: Uint8Array): boolean {
	const reader = readers.get(name);
	if (reader === undefined || isTooLarge(name, message)) return false;
	try {
		reader.check(message);
		return true;
	} catch (error) {
		// What is of a later version is told so, and which side to update.
		if (error instanceof Unsupported) return true;
		if (!(error instanceof Malformed)) throw error;
		return false;
	}
}

/** The reply, as a view that is valid until the next one is encoded. */
export function encodeReply<Name extends MethodName>(
	name: Name,
	result: { ok: MethodOk<Name> | Encodable<MethodOk<Name>> } | { err: WireError; item?: number | undefined },
): Uint8Array {
	return writers.get(name)!.write("err" in result ? { err: refusalOf(result.err, result.item) } : result);
}

/**
 * A refusal of a message that could not be read is put together from that of another reason: to write one takes 120,000
 * instructions, a tenth of all that such a message may cost. This is what stands before and behind the reason.
 */
const [beforeReason, behindReason] = aroundReason();

function aroundReason(): [Uint8Array, Uint8Array] {
	const encode = (reason: string) => encodeValue(WireRefusalType, toRefusal({ malformed: { reason } }));
	const [without, other] = [encode(""), encode("-")];
	// They differ first in the reason's length, one byte.
	const at = without.findIndex((byte, i) => byte !== other[i]);
	return [without.slice(0, at), without.slice(at + 1)];
}

function refusalOf(error: WireError, item?: number): WireRefusal | Encoded {
	if (!("malformed" in error)) return toRefusal(error, item === undefined ? [] : [item]);
	const reason = encodeUtf8(error.malformed.reason);
	if (reason.length >= 0x80) return toRefusal(error);
	const at = beforeReason.length;
	const bytes = new Uint8Array(at + 1 + reason.length + behindReason.length);
	bytes.set(beforeReason);
	bytes[at] = reason.length;
	bytes.set(reason, at + 1);
	bytes.set(behindReason, at + 1 + reason.length);
	return new Encoded(bytes);
}
