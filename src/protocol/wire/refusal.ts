import { opt, record, text } from "../candid.js";
import { ERROR_TABLE, errorCode, errorMessage, type WireError, WireErrorType } from "../errors.js";

/** What a canister answers instead of a result. */
export interface WireRefusal {
	/** Name of the error: stable. */
	code: string;
	/**
	 * A sentence for a person; empty where a client can put the details in words: for an item of many, and where a
	 * message was not read, which is to cost no more than to look at it.
	 */
	message: string;
	/** What the caller should do: retry, fix, give_up or ask. */
	action: string;
	/** The facts. Absent for a reader that does not know the error. */
	details: [] | [WireError];
}
export const Refusal = record<WireRefusal>({
	code: text,
	message: text,
	action: text,
	details: opt(WireErrorType),
});

/** Errors that every client knows, for messages that were not read. */
export const isUnread = (code: string): boolean => code === "malformed" || code === "version_unsupported";

/** An error as it travels alone. */
export function toRefusal(error: WireError): WireRefusal {
	const refusal = toItemRefusal(error);
	return isUnread(refusal.code) ? refusal : { ...refusal, message: errorMessage(error) };
}

/** The error of one item of many. */
export function toItemRefusal(error: WireError): WireRefusal {
	const code = errorCode(error);
	return { code, message: "", action: ERROR_TABLE[code].action, details: [error] };
}
