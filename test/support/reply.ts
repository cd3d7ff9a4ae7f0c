import {
	type CandidType,
	METHODS,
	Message,
	type MethodName,
	type MethodOk,
	type WireResult,
} from "../../src/protocol/index.js";

type Reply<Name extends MethodName> = Message<WireResult<MethodOk<Name>>>;
const replies = new Map<MethodName, unknown>();

/**
 * Reads a method's replies as the client does, and knows their header from the one before: @dfinity/candid takes ten times
 * as long, and reads what the end-to-end tests get.
 */
export function replyOf<Name extends MethodName>(name: Name): Reply<Name> {
	const known = replies.get(name) ?? new Message(METHODS[name].result as CandidType<unknown>);
	replies.set(name, known);
	return known as Reply<Name>;
}
