import { opt, record, text } from "../candid.js";
import { ERROR_TABLE, errorCode, errorMessage, type WireError, WireErrorType } from "../errors.js";

/** What a canister answers instead of a result. */
export interface WireRefusal {
	/** Name of the error: stable. */
	code: string;
	/** A sentence for a person; empty for an item of many, whose details a client can put in words. */
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

/** An error as it travels alone. */
export function toRefusal(error: WireError): WireRefusal {
	return { ...toItemRefusal(error), message: errorMessage(error) };
}

/** The error of one item of many. */
export function toItemRefusal(error: WireError): WireRefusal {
	const code = errorCode(error);
	return { code, message: "", action: ERROR_TABLE[code].action, details: [error] };
}
