import { nat32, opt, record, text } from "../candid.js";
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
	/** Of a batch, the index of the item that is refused. */
	item: [] | [number];
}
export const Refusal = record<WireRefusal>({
	code: text,
	message: text,
	action: text,
	details: opt(WireErrorType),
	item: opt(nat32),
});

/** Errors that every client knows, for messages that were not read. */
export const isUnread = (code: string): boolean => code === "malformed" || code === "version_unsupported";

const NO_ITEM: [] = [];

/** An error as it travels alone, or for an item of a batch that is refused with it. */
export function toRefusal(error: WireError, item: [] | [number] = NO_ITEM): WireRefusal {
	const refusal = toItemRefusal(error);
	return isUnread(refusal.code) ? refusal : { ...refusal, message: errorMessage(error), item };
}

/** The error of one item of many that are each done or refused. */
export function toItemRefusal(error: WireError): WireRefusal {
	const code = errorCode(error);
	return { code, message: "", action: ERROR_TABLE[code].action, details: [error], item: NO_ITEM };
}
