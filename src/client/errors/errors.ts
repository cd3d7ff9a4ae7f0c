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

/** Where something went wrong, as far as it is known. */
export interface ErrorPlace {
	/** The blob's key, as the application names it. */
	readonly key?: string | undefined;
	/** Canister id of the store. */
	readonly canister?: string | undefined;
	/** Principal that called it. */
	readonly caller?: string | undefined;
}

/** What happened and what to do: a message is made of them again when the place becomes known. */
const PARTS: unique symbol = Symbol("parts");
type Parts = readonly [what: string, advice: string];

/** Errors about what the caller gave: a canister would say nothing new. */
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
 * Adds to an error where it was: in its `place`, and at the end of its first sentence as far as the message does not
 * name it already. The last key is right: code nearer to the application knows it by the application's name.
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
	// Engines keep the message in the stack as it was when the error was made, and consoles print that.
	if (typeof error.stack === "string") error.stack = error.stack.replace(before, () => error.message);
	return error;
}

/** The command by which an administrator allows what was refused; nothing where no role alone does. */
function grantCommand({ code, details }: BlobError, { canister, caller }: ErrorPlace): string {
	const { needs = "", method } = details as { needs?: string; method?: string };
	const asked = method === "blobs_list" ? "reader" : "writer";
	const role = code === "not_admitted" ? asked : /^the role (\w+)/.exec(needs)?.[1];
	return role && canister && caller ? ` (canister-blobs grant ${caller} ${role} --canister ${canister})` : "";
}

/** Does `run`; what it fails with says where. */
export async function locating<T>(place: ErrorPlace, run: () => Promise<T>): Promise<T> {
	try {
		return await run();
	} catch (error) {
		throw located(error, place);
	}
}

/**
 * What every failure of this package is. Tell one by `isBlobError`, which knows those of other realms and copies of the
 * package as well, and types `details` by `code`.
 */
export class BlobError extends Error {
	/** What went wrong: stable, from a closed set. */
	readonly code: ErrorCode | ClientErrorCode;
	/** What the caller should do. */
	readonly action: ErrorAction;
	/** The facts behind the message, as `code` has them. They never hold bytes of a blob. */
	readonly details: object;
	/** Of an upload, a file of many or a copy that a quota refused: the caller's uploads that are open and count for it, at most 100. */
	openUploads?: readonly OpenUpload[];
	/** Which blob it was, where that is known and matters. */
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

	/** What `JSON.stringify` writes: name, code, action, message, details and the cause, in the shape of `AsJson`. */
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

/** Of what others threw no more than who reads a log needs: it may hold anything, itself included. */
const causeToJson = (cause: object | string | number | boolean | bigint | symbol): unknown => {
	if (isBlobError(cause)) return cause.toJSON();
	return cause instanceof Error ? { name: cause.name, message: cause.message } : String(cause);
};

/**
 * What the canister answered instead of a result. A bound that this client can check by itself throws the same
 * error before anything is sent.
 */
export class CanisterError<Code extends ErrorCode = ErrorCode> extends BlobError {
	/** Which of the protocol's errors it is. */
	declare readonly code: Code;
	/** What the canister said about it. */
	declare readonly details: ErrorDetails<Code>;

	/** @internal */
	constructor(error: WireError) {
		const code = errorCode(error);
		const details = (error as Record<string, object>)[code] ?? {};
		super(code, ERROR_TABLE[code].action, errorParts(error), details);
		this.name = "CanisterError";
	}
}

/** The error that a canister returned: `unknown_error` where this client does not know it. */
export function refused({ code, message, action, details }: WireRefusal): Refused {
	const [error] = details;
	if (error !== undefined) return new CanisterError(error) as BlobErrorOf<ErrorCode>;
	return new ClientError("unknown_error", {
		canisterCode: code.slice(0, MAX_FOREIGN_TEXT),
		canisterMessage: message.slice(0, MAX_FOREIGN_TEXT),
		canisterAction: action.slice(0, MAX_FOREIGN_TEXT),
	});
}

/** The error of a request that was refused: of a batch, for one of its items. */
export const ofItem = (error: Refused, item: number | undefined): BlobError =>
	item === undefined ? error : new ClientError("batch_refused", { item, error }, error);

/** Of texts that a canister sent, so many characters are kept. */
const MAX_FOREIGN_TEXT = 1_000;

/** What a canister returned instead of a result. */
export type Refused = BlobErrorOf<ErrorCode | "unknown_error">;

/** Whether the canister decided about the request, by whichever error. */
export const isRefused = (error: unknown): boolean =>
	error instanceof CanisterError ||
	isBlobError(error, "unknown_error") ||
	isBlobError(error, "batch_refused");

/** What this client was given and cannot use, since it is of a later version. */
export const unsupported = (what: string) =>
	new CanisterError<"version_unsupported">({ version_unsupported: { side: "client", what } });

/** What went wrong on this side of the wire, or on the wire. */
export class ClientError<Code extends ClientErrorCode = ClientErrorCode> extends BlobError {
	/** Which of the client's errors it is. */
	declare readonly code: Code;
	/** What the client knows about it. */
	declare readonly details: ClientErrorDetails<Code>;

	/** @internal */
	constructor(code: Code, details: ClientErrorDetails<Code>, cause?: unknown) {
		const { action, message } = CLIENT_ERRORS[code] as unknown as {
			action: ErrorAction | ((details: object) => ErrorAction);
			message: (details: object) => Parts;
		};
		super(code, typeof action === "function" ? action(details) : action, message(details), details, cause);
		// The name by which the platform's own functions say the same.
		this.name = code === "aborted" ? "AbortError" : "ClientError";
	}
}

/** An error of this package with its details typed by its code; of several codes, a union that narrows by `code`. */
export type BlobErrorOf<Code extends ErrorCode | ClientErrorCode> = Code extends ErrorCode
	? CanisterError<Code>
	: Code extends ClientErrorCode
		? ClientError<Code>
		: never;

/** Any error of this package: `error.code === "http"` makes `error.details.status` a number, and so on for each code. */
export type AnyBlobError = BlobErrorOf<ErrorCode | ClientErrorCode>;

/** Whether `error` is one of this package, from whatever realm or copy. */
export function isBlobError(error: unknown): error is AnyBlobError;
/** Whether `error` is one of this package with this code. */
export function isBlobError<Code extends ErrorCode | ClientErrorCode>(
	error: unknown,
	code: Code,
): error is BlobErrorOf<Code>;
export function isBlobError(error: unknown, code?: string): boolean {
	if (typeof error !== "object" || error === null) return false;
	const branded = error as { [BRAND]?: unknown; code?: unknown };
	return branded[BRAND] === true && (code === undefined || branded.code === code);
}

/** The error itself where it is one of this package; any other as `internal`, of which it is the cause. */
export function toBlobError(error: unknown): AnyBlobError {
	if (isBlobError(error)) return error;
	const reason = error instanceof Error ? `${error.name}: ${error.message}` : `a thrown ${typeof error}`;
	return new ClientError<"internal">("internal", { reason }, error);
}

/** Does `run` so that it never throws at once, and fails with a BlobError whatever went wrong. */
export async function guarded<T>(run: () => T | Promise<T>): Promise<T> {
	try {
		return await run();
	} catch (error) {
		throw toBlobError(error);
	}
}

/** The same for what is taken one by one. */
export async function* guardedAll<T>(run: () => AsyncGenerator<T>): AsyncGenerator<T> {
	try {
		yield* run();
	} catch (error) {
		throw toBlobError(error);
	}
}

/** Throws what the canister would answer, for a value out of the protocol's bounds. */
export function refuseInvalid(invalid: Invalid | undefined): void {
	if (invalid) throw new CanisterError({ invalid_argument: invalid });
}

/** What somebody else's error says. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What an answer that was read is not. */
export const replyInvalid = (method: string, reason: string, cause?: unknown): ClientError<"reply_invalid"> =>
	new ClientError("reply_invalid", { method, reason }, cause);

/** What was given in the place of a source. */
export const sourceInvalid = (got: string, cause?: unknown): ClientError<"source_invalid"> =>
	new ClientError("source_invalid", { got }, cause);
