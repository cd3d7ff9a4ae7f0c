import type { ErrorCode } from "../../protocol/index.js";
import type { ClientErrorCode } from "../errors/client-errors.js";

/**
 * One HTTP request of a client, told when it has ended. Nothing of it is secret: no signature, no key, no bytes of a blob.
 */
export interface RequestEvent {
	/** The request's id in hex, as the network has it: the same where the same signed message is sent again. */
	readonly id: string;
	/** By which endpoint. */
	readonly kind: "call" | "query" | "read_state";
	/** Method of the canister; of a `read_state` the one that it is about, or what is read. */
	readonly method: string;
	/** Which attempt of the call it is, counted from 1. */
	readonly attempt: number;
	/** Host and port that it was sent to. */
	readonly host: string;
	/** Bytes of the body that was sent. */
	readonly sentBytes: number;
	/** Bytes of the body that came back; undefined where none did. */
	readonly receivedBytes: number | undefined;
	/** HTTP status; undefined where there was no response. */
	readonly status: number | undefined;
	/** Milliseconds from sending to the end of the response. */
	readonly ms: number;
	/** Code of the error that it failed with on the way; undefined where there was a response. */
	readonly error: ErrorCode | ClientErrorCode | undefined;
}
