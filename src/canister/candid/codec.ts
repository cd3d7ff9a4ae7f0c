import { IDL } from "@dfinity/candid";
import {
	METHODS,
	type MethodArgs,
	type MethodName,
	type MethodOk,
	type WireResult,
} from "../../protocol/index.js";
import { refuse } from "../engine/index.js";
import { checkMessage } from "./guard.js";

/**
 * What every encoder makes of the types (blob, nat32, blob) of a put: one type, three arguments. Read by hand
 * where the message begins so: the library copies the chunk more than once, at 20 instructions a byte.
 */
const PUT_HEADER = [0x44, 0x49, 0x44, 0x4c, 1, 0x6d, 0x7b, 3, 0, 0x79, 0];

/** Arguments of a call. The blobs among them may be views into the message. */
export function decodeArgs<Name extends MethodName>(name: Name, message: Uint8Array): MethodArgs<Name> {
	if (name === "blobs_put_chunk" && PUT_HEADER.every((byte, i) => message[i] === byte))
		return decodePut(message) as unknown as MethodArgs<Name>;
	const blob = checkMessage(message);
	try {
		if (blob === undefined) return IDL.decode(METHODS[name].args, message) as unknown as MethodArgs<Name>;
		// The library copies a blob several times, at 20 instructions a byte: it is given an empty one in its place.
		const short = message.slice(0, blob.lengthAt + 1 + message.length - blob.to);
		short[blob.lengthAt] = 0;
		short.set(message.subarray(blob.to), blob.lengthAt + 1);
		const args: unknown[] = IDL.decode(METHODS[name].args, short);
		// A surplus argument is none of ours.
		if (blob.argument < args.length) args[blob.argument] = message.subarray(blob.from, blob.to);
		return args as MethodArgs<Name>;
	} catch (error) {
		return refuse("malformed", { reason: `it is not the Candid of this method: ${reasonOf(error)}` });
	}
}

/** The decoder's own words, cut: they may repeat what was sent. */
function reasonOf(error: unknown): string {
	return (error instanceof Error ? error.message : "").replace(/[^ -~]/g, " ").slice(0, 120);
}

function decodePut(message: Uint8Array): MethodArgs<"blobs_put_chunk"> {
	let at = PUT_HEADER.length;
	const blob = () => {
		let length = 0;
		for (let shift = 0; shift < 28; shift += 7) {
			const byte = message[at++] ?? 0;
			length |= (byte & 0x7f) << shift;
			if (byte < 0x80) break;
		}
		at += length;
		return message.subarray(at - length, at);
	};
	const id = blob();
	const index =
		(message[at]! | (message[at + 1]! << 8) | (message[at + 2]! << 16) | (message[at + 3]! << 24)) >>> 0;
	at += 4;
	const bytes = blob();
	if (at !== message.length) refuse("malformed", { reason: "its lengths do not add up to its size" });
	return [id, index, bytes];
}

/**
 * Everything of a reply that is the same each time: its type table, which costs 45 M instructions to make. So it is
 * made for all methods at once when the canister starts: what a query makes is forgotten when it ends.
 */
export type ReplyHeaders = ReadonlyMap<MethodName, Uint8Array>;

export function replyHeaders(): ReplyHeaders {
	const sample = { err: { blob_not_found: {} } };
	return new Map(
		(Object.keys(METHODS) as MethodName[]).map((name) => {
			const type = resultType(name);
			const whole = IDL.encode([type], [sample]);
			return [name, whole.slice(0, whole.length - type.encodeValue(sample).length)];
		}),
	);
}

function resultType(name: MethodName): IDL.Type<unknown> {
	return METHODS[name].result as IDL.Type<unknown>;
}

export function encodeReply<Name extends MethodName>(
	headers: ReplyHeaders,
	name: Name,
	result: WireResult<MethodOk<Name>>,
): Uint8Array {
	const header = headers.get(name)!;
	const value = resultType(name).encodeValue(result);
	const reply = new Uint8Array(header.length + value.length);
	reply.set(header);
	reply.set(value, header.length);
	return reply;
}
