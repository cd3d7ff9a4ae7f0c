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
	checkMessage(message);
	try {
		return IDL.decode(METHODS[name].args, message) as unknown as MethodArgs<Name>;
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

/** Candid replies: the type table never changes, so it is made once for each method and copied from then on. */
const headers = new Map<MethodName, Uint8Array>();

export function encodeReply<Name extends MethodName>(
	name: Name,
	result: WireResult<MethodOk<Name>>,
): Uint8Array {
	const type = METHODS[name].result as unknown as IDL.Type<WireResult<MethodOk<Name>>>;
	let header = headers.get(name);
	if (header === undefined) {
		const sample = { err: { blob_not_found: {} } } as WireResult<MethodOk<Name>>;
		const whole = new Uint8Array(IDL.encode([type], [sample]));
		header = whole.slice(0, whole.length - type.encodeValue(sample).byteLength);
		headers.set(name, header);
	}
	const value = new Uint8Array(type.encodeValue(result));
	const reply = new Uint8Array(header.length + value.length);
	reply.set(header);
	reply.set(value, header.length);
	return reply;
}
