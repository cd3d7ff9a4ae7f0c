import {
	ERROR_TABLE,
	type ErrorAction,
	type ErrorCode,
	type ErrorDetails,
	errorCode,
	errorMessage,
	type Invalid,
	type WireError,
} from "../protocol/index.js";
import { CLIENT_ERRORS, type ClientErrorCode, type ClientErrorDetails } from "./client-errors.js";

/** A registered symbol is the same in every realm and in every copy of this package, unlike a class. */
const BRAND: unique symbol = Symbol.for("canister-blobs.BlobError") as never;

/**
 * What every failure of this package is. `code` is stable and from a closed set; `action` is what the caller
 * should do: `retry` (later, the same), `fix` (the request), `give_up`, or `ask` (somebody else must act).
 * `details` are the facts behind the message; they never hold bytes of a blob.
 */
export class BlobError extends Error {
	readonly code: ErrorCode | ClientErrorCode;
	readonly action: ErrorAction;
	readonly details: object;

	constructor(
		code: ErrorCode | ClientErrorCode,
		action: ErrorAction,
		message: string,
		details: object,
		cause?: unknown,
	) {
		super(message, cause === undefined ? undefined : { cause });
		this.name = "BlobError";
		this.code = code;
		this.action = action;
		this.details = details;
		Object.defineProperty(this, BRAND, { value: true });
	}
}

/**
 * What the canister answered instead of a result. A bound that this client can check by itself throws the same
 * error before anything is sent.
 */
export class CanisterError<Code extends ErrorCode = ErrorCode> extends BlobError {
	declare readonly code: Code;
	declare readonly details: ErrorDetails<Code>;

	constructor(error: WireError) {
		const code = errorCode(error);
		const details = (error as Record<string, object>)[code] ?? {};
		super(code, ERROR_TABLE[code].action, errorMessage(error), details);
		this.name = "CanisterError";
	}
}

/** What went wrong on this side of the wire, or on the wire. */
export class ClientError<Code extends ClientErrorCode = ClientErrorCode> extends BlobError {
	declare readonly code: Code;
	declare readonly details: ClientErrorDetails<Code>;

	constructor(code: Code, details: ClientErrorDetails<Code>, cause?: unknown) {
		const { action, message } = CLIENT_ERRORS[code] as unknown as {
			action: ErrorAction | ((details: object) => ErrorAction);
			message: (details: object) => string;
		};
		super(code, typeof action === "function" ? action(details) : action, message(details), details, cause);
		// The name by which the platform's own functions say the same.
		this.name = code === "aborted" ? "AbortError" : "ClientError";
	}
}

/** An error of this package with its details typed by its code. */
export type BlobErrorOf<Code extends ErrorCode | ClientErrorCode> = Code extends ErrorCode
	? CanisterError<Code>
	: Code extends ClientErrorCode
		? ClientError<Code>
		: never;

/** Whether `error` is one of this package, from whatever realm or copy; with a code, whether it is that one. */
export function isBlobError(error: unknown): error is BlobError;
export function isBlobError<Code extends ErrorCode | ClientErrorCode>(
	error: unknown,
	code: Code,
): error is BlobErrorOf<Code>;
export function isBlobError(error: unknown, code?: string): boolean {
	if (typeof error !== "object" || error === null) return false;
	const branded = error as { [BRAND]?: unknown; code?: unknown };
	return branded[BRAND] === true && (code === undefined || branded.code === code);
}

/** Throws what the canister would answer, for a value out of the protocol's bounds. */
export function refuseInvalid(invalid: Invalid | undefined): void {
	if (invalid) throw new CanisterError({ invalid_argument: invalid });
}
