import {
	ERROR_TABLE,
	type ErrorAction,
	type ErrorCode,
	type ErrorDetails,
	errorCode,
	errorParts,
	type Invalid,
	sentences,
	type WireError,
	type WireRefusal,
} from "../../protocol/index.js";
import type { OpenUpload } from "../types.js";
import { toJson } from "../util/json.js";
import { CLIENT_ERRORS, type ClientErrorCode, type ClientErrorDetails } from "./client-errors.js";

/** A registered symbol is the same in every realm and in every copy of this package, unlike a class. */
const BRAND: unique symbol = Symbol.for("canister-blobs.BlobError") as never;

/** Blob, store and caller of an error, as far as known. */
export interface ErrorPlace {
	/** The blob's key, as the application names it. */
	readonly key?: string | undefined;
	/** Canister id of the store. */
	readonly canister?: string | undefined;
	/** The calling principal. */
	readonly caller?: string | undefined;
}

/** Parts of the message: it is rebuilt from them when the place becomes known. */
const PARTS: unique symbol = Symbol("parts");
type Parts = readonly [what: string, advice: string];

/** Errors about the caller's own arguments: naming the canister would not help. */
const WITHOUT_PLACE: ReadonlySet<string> = new Set([
	"aborted",
	"option_invalid",
	"source_invalid",
	"internal",
	"identity_differs",
	"items_failed",
	"file_failed",
]);

/**
 * Adds the place to an error, in `place` and at the end of the message's first sentence unless the message names it
 * already. The last key wins: outer code knows the blob by the application's name.
 */
export function located<T>(error: T, found: ErrorPlace): T {
	if (!(error instanceof BlobError) || WITHOUT_PLACE.has(error.code)) return error;
	const parts = error[PARTS];
	if (parts === undefined) return error;
	const [what, advice] = parts;
	const place = { ...error.place, ...found };
	const { key, canister, caller } = place;
	const names = { key: key === undefined ? undefined : JSON.stringify(key), canister, caller };
	const named = Object.entries(names)
		.filter(([, value]) => value !== undefined && !what.includes(value))
		.map(([name, value]) => `${name} ${value}`);
	const before = error.message;
	error.place = place;
	error.message = sentences([
		named.length === 0 ? what : `${what.replace(/[.\s]+$/, "")} (${named.join(", ")})`,
		advice.replace(/ for (?:it|a role)/, `$&${grantCommand(error, place)}`),
	]);
	// Engines store the original message in the stack, and consoles print the stack.
	if (typeof error.stack === "string") error.stack = error.stack.replace(before, () => error.message);
	return error;
}

/** The command with which an administrator permits the refused call; undefined if a role alone does not suffice. */
function grantCommand({ code, details }: BlobError, { canister, caller }: ErrorPlace): string {
	const { needs = "", method } = details as { needs?: string; method?: string };
	const asked = method === "blobs_list" ? "reader" : "writer";
	const role = code === "not_admitted" ? asked : /^the role (\w+)/.exec(needs)?.[1];
	return role && canister && caller ? ` (canister-blobs grant ${caller} ${role} --canister ${canister})` : "";
}

/** Runs `run` and adds the place to its errors. */
export async function locating<T>(place: ErrorPlace, run: () => Promise<T>): Promise<T> {
	try {
		return await run();
	} catch (error) {
		throw located(error, place);
	}
}

/**
 * Base class of all errors thrown by this package. Test with `isBlobError`, which also recognises errors from other
 * realms and other copies of the package, and types `details` by `code`.
 */
export class BlobError extends Error {
	/** Stable error code from a closed set. */
	readonly code: ErrorCode | ClientErrorCode;
	/** What the caller should do. */
	readonly action: ErrorAction;
	/** Data of the error, typed by `code`. Never contains bytes of a blob. */
	readonly details: object;
	/**
	 * If a quota refused an upload, a file of many or a copy: the caller's open uploads that count against it, at most
	 * 100.
	 */
	openUploads?: readonly OpenUpload[];
	/** Where the error occurred, if known and useful. */
	place?: ErrorPlace;
	/** @internal */
	declare readonly [PARTS]: Parts | undefined;

	/** @internal */
	constructor(
		code: ErrorCode | ClientErrorCode,
		action: ErrorAction,
		parts: Parts,
		details: object,
		cause?: unknown,
	) {
		super(sentences(parts), cause === undefined ? undefined : { cause });
		Object.defineProperty(this, PARTS, { value: parts });
		this.name = "BlobError";
		this.code = code;
		this.action = action;
		this.details = details;
		Object.defineProperty(this, BRAND, { value: true });
	}

	/** The JSON form: name, code, action, message, details and the cause, in the shape of `AsJson`. */
	toJSON(): object {
		const { name, code, action, message, details, openUploads, place, cause } = this;
		const reason = cause === undefined || cause === null ? undefined : causeToJson(cause);
		return {
			name,
			code,
			action,
			message,
			details: toJson(details),
			...(place === undefined ? {} : { place }),
			...(openUploads === undefined ? {} : { openUploads: toJson(openUploads) }),
			...(reason === undefined ? {} : { cause: reason }),
		};
	}
}

/** Keep only what a reader of logs needs of foreign errors: they may contain anything, even cycles. */
const causeToJson = (cause: object | string | number | boolean | bigint | symbol): unknown => {
	if (isBlobError(cause)) return cause.toJSON();
	return cause instanceof Error ? { name: cause.name, message: cause.message } : String(cause);
};

/**
 * An error that the canister returned. For limits that the client checks itself it throws the same error before it
 * sends anything.
 */
export class CanisterError<Code extends ErrorCode = ErrorCode> extends BlobError {
	/** Error code of the protocol. */
	declare readonly code: Code;
	/** Data that the canister returned with the error. */
	declare readonly details: ErrorDetails<Code>;

	/** @internal */
	constructor(error: WireError) {
		const code = errorCode(error);
		const details = (error as Record<string, object>)[code] ?? {};
		super(code, ERROR_TABLE[code].action, errorParts(error), details);
		this.name = "CanisterError";
	}
}

/** The error that a canister returned: `unknown_error` if this client does not know it. */
export function refused({ code, message, action, details }: WireRefusal): Refused {
	const [error] = details;
	if (error !== undefined) return new CanisterError(error) as BlobErrorOf<ErrorCode>;
	return new ClientError("unknown_error", {
		canisterCode: code.slice(0, MAX_FOREIGN_TEXT),
		canisterMessage: message.slice(0, MAX_FOREIGN_TEXT),
		canisterAction: action.slice(0, MAX_FOREIGN_TEXT),
	});
}

/** The refusal of one item of a batch. */
export const ofItem = (error: Refused, item: number | undefined): BlobError =>
	item === undefined ? error : new ClientError("batch_refused", { item, error }, error);

/** Maximum characters kept of texts from a canister. */
const MAX_FOREIGN_TEXT = 1_000;

/** Any error that a canister can return. */
export type Refused = BlobErrorOf<ErrorCode | "unknown_error">;

/** Whether the error is a decision of the canister about the request. */
export const isRefused = (error: unknown): boolean =>
	error instanceof CanisterError ||
	isBlobError(error, "unknown_error") ||
	isBlobError(error, "batch_refused");

/** The error for a value of a later protocol version, which this client cannot use. */
export const unsupported = (what: string) =>
	new CanisterError<"version_unsupported">({ version_unsupported: { side: "client", what } });

/** An error detected by the client, or on the way to the canister. */
export class ClientError<Code extends ClientErrorCode = ClientErrorCode> extends BlobError {
	/** Error code of the client. */
	declare readonly code: Code;
	/** Data of the error. */
	declare readonly details: ClientErrorDetails<Code>;

	/** @internal */
	constructor(code: Code, details: ClientErrorDetails<Code>, cause?: unknown) {
		const { action, message } = CLIENT_ERRORS[code] as unknown as {
			action: ErrorAction | ((details: object) => ErrorAction);
			message: (details: object) => Parts;
		};
		super(code, typeof action === "function" ? action(details) : action, message(details), details, cause);
		// As the platform's own APIs name an abort.
		this.name = code === "aborted" ? "AbortError" : "ClientError";
	}
}

/**
 * An error of this package with its details typed by its code. For several codes it is a union that narrows by `code`.
 */
export type BlobErrorOf<Code extends ErrorCode | ClientErrorCode> = Code extends ErrorCode
	? CanisterError<Code>
	: Code extends ClientErrorCode
		? ClientError<Code>
		: never;

/**
 * Any error of this package. Testing `code` narrows `details`: `error.code === "http"` makes `error.details.status` a
 * number.
 */
export type AnyBlobError = BlobErrorOf<ErrorCode | ClientErrorCode>;

/** Whether `error` was thrown by this package, in any realm or copy of it. */
export function isBlobError(error: unknown): error is AnyBlobError;
/** Whether `error` was thrown by this package and has this code. */
export function isBlobError<Code extends ErrorCode | ClientErrorCode>(
	error: unknown,
	code: Code,
): error is BlobErrorOf<Code>;
export function isBlobError(error: unknown, code?: string): boolean {
	if (typeof error !== "object" || error === null) return false;
	const branded = error as { [BRAND]?: unknown; code?: unknown };
	return branded[BRAND] === true && (code === undefined || branded.code === code);
}

/** The error itself if this package threw it; otherwise an `internal` error with it as the cause. */
export function toBlobError(error: unknown): AnyBlobError {
	if (isBlobError(error)) return error;
	const reason = error instanceof Error ? `${error.name}: ${error.message}` : `a thrown ${typeof error}`;
	return new ClientError<"internal">("internal", { reason }, error);
}

/** Calls `run` so that it never throws synchronously and rejects only with BlobErrors. */
export async function guarded<T>(run: () => T | Promise<T>): Promise<T> {
	try {
		return await run();
	} catch (error) {
		throw toBlobError(error);
	}
}

/** As `guarded`, for an iteration. */
export async function* guardedAll<T>(run: () => AsyncGenerator<T>): AsyncGenerator<T> {
	try {
		yield* run();
	} catch (error) {
		throw toBlobError(error);
	}
}

/** Throws the error that the canister would return for a value outside the protocol's limits. */
export function refuseInvalid(invalid: Invalid | undefined): void {
	if (invalid) throw new CanisterError({ invalid_argument: invalid });
}

/** The message of a foreign error or thrown value. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The error for a reply that does not have the expected shape. */
export const replyInvalid = (method: string, reason: string, cause?: unknown): ClientError<"reply_invalid"> =>
	new ClientError("reply_invalid", { method, reason }, cause);

/** The error for a value that is not a source. */
export const sourceInvalid = (got: string, cause?: unknown): ClientError<"source_invalid"> =>
	new ClientError("source_invalid", { got }, cause);
