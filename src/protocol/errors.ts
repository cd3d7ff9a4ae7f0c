import { bytes, nat32, nat64, record, text, variant } from "./candid.js";
import type { CandidType, Shape } from "./codec/shape.js";
import { caseOf } from "./variants.js";

/**
 * What the caller should do about an error:
 * - `retry`: the same request may succeed a moment later;
 * - `fix`: the request itself is wrong and will never succeed as it stands;
 * - `give_up`: the state of the canister rules the request out (finished, replaced, gone);
 * - `ask`: another party must act first (an administrator, the owner of a key, the payer of the cycles).
 */
export type ErrorAction = "retry" | "fix" | "give_up" | "ask";

export const isErrorAction = (action: string): action is ErrorAction =>
	["retry", "fix", "give_up", "ask"].includes(action);

interface ErrorRow<Fields extends Record<string, Shape>> {
	readonly action: ErrorAction;
	/** What the Candid record of this error carries. */
	readonly fields: Fields;
	/** What happened, with the limit, and what to do: without the full stop. Never any bytes of a blob. */
	readonly message: (details: Details<Fields>) => readonly [what: string, advice: string];
}

type Details<Fields extends Record<string, Shape>> = {
	[Name in keyof Fields]: Fields[Name] extends CandidType<infer Value> ? Value : never;
};

function row<const Fields extends Record<string, Shape>>(
	action: ErrorAction,
	fields: Fields,
	message: ErrorRow<Fields>["message"],
): ErrorRow<Fields> {
	return { action, fields, message };
}

/**
 * The one table of what a canister can answer instead of a result. The Candid variant, the types and the
 * client's typed errors are all made from it.
 */
export const ERROR_TABLE = {
	malformed: row("fix", { reason: text }, (d) => [
		`This method cannot read the message: ${d.reason}`,
		"Check that the client and the store have the same version",
	]),
	anonymous: row("ask", {}, () => ["An anonymous caller cannot change anything", "Sign in with an identity"]),
	not_authorized: row("ask", { needs: text }, (d) => [
		`The caller is not allowed to do this: it needs ${d.needs}`,
		"Ask an administrator of the store for it",
	]),
	not_live: row("retry", { mode: text, generation: nat64 }, (d) =>
		d.mode === "importing"
			? [
					"The store is in import mode, in which only controllers of the canister can read and change it",
					"Try again when the import has ended",
				]
			: [`The store does not accept changes in its mode ${d.mode}`, "Try again when it is live"],
	),
	mode_changed: row("give_up", { generation: nat64 }, (d) => [
		`The mode was changed in the meantime; its generation is now ${d.generation}`,
		"Read the mode, then decide again",
	]),
	not_importable: row("give_up", { reason: text }, (d) => [
		`The store cannot enter import mode: ${d.reason}`,
		"Use a new canister, or one that was emptied",
	]),
	lease_not_found: row("give_up", {}, () => [
		"The caller has no such lease: it ended, it was released, or the caller lost the role",
		"Take another lease",
	]),
	lease_broken: row("give_up", { bytes: nat64 }, (d) => [
		`The lease keeps nothing any more: more than its ${d.bytes} bytes were deleted and replaced`,
		"Start again with a lease for more bytes",
	]),
	quota_exceeded: row("ask", { quota: text, limit: nat64, used: nat64, needed: nat64 }, (d) =>
		/^grant_/.test(d.quota)
			? [
					`The grant allows ${d.limit} ${d.quota.slice(6)}; ${d.used} are used and ${d.needed} more are needed`,
					"Ask for another grant",
				]
			: [
					`The quota ${d.quota} is ${d.limit}; ${d.used} are used and ${d.needed} more are needed`,
					"Delete something, or ask an administrator for a larger quota",
				],
	),
	no_room: row("ask", { missing: nat64 }, (d) => [
		`The canister has no space for ${d.missing} of these bytes`,
		"Delete something, or use another canister",
	]),
	low_cycles: row("ask", { missing: nat64 }, (d) => [
		`The canister has ${d.missing} cycles too few for this`,
		"Top it up first",
	]),
	not_done_yet: row("retry", {}, () => [
		"The message ran out of instructions before this item, which was not changed",
		"Send the item again in another message",
	]),
	batch_too_large: row("fix", { fits: nat32, items: nat32 }, (d) => [
		`The batch has ${d.items} items, and only the first ${d.fits} fit a message: nothing was changed`,
		`Split the batch into batches of at most ${d.fits} items`,
	]),
	batch_not_found: row("give_up", {}, () => [
		"The caller has no such staged batch: it expired, it was dropped or revealed, or it belongs to another principal",
		"Check what the keys hold, then stage the items again",
	]),
	batch_finished: row("give_up", { outcome: text }, (d) => [
		`This staged batch was ${d.outcome}`,
		"Stage into another batch, with a new id",
	]),
	batch_revealing: row("retry", {}, () => [
		"The batch is being revealed and accepts no other changes until the store knows whether it can be",
		"Wait, or drop the batch",
	]),
	invalid_argument: row("fix", { field: text, reason: text, limit: nat64 }, (d) => [
		`The field ${d.field} is not valid: ${d.reason}`,
		d.limit === 0n ? "Correct it" : `Correct it; the limit is ${d.limit}`,
	]),
	chunk_too_large: row("fix", { limit: nat64, actual: nat64 }, (d) => [
		`The chunk has ${d.actual} bytes; this upload accepts at most ${d.limit}`,
		"Send smaller chunks",
	]),
	chunk_wrong_size: row("fix", { index: nat32, expected: nat64, actual: nat64 }, (d) => [
		`Chunk ${d.index} has ${d.actual} bytes and must have exactly ${d.expected}`,
		"Split the blob at the chunk size of the upload",
	]),
	chunk_out_of_range: row("fix", { index: nat64, count: nat64 }, (d) => [
		`There is no chunk ${d.index}: the blob has ${d.count} chunks`,
		"Use a smaller index, or larger chunks for a larger blob",
	]),
	upload_not_found: row("give_up", {}, () => [
		"The caller has no such open upload: it expired, it never began, it is done, or it belongs to another principal",
		"Check what the key holds, or begin a new upload",
	]),
	upload_conflict: row("fix", { field: text }, (d) => [
		`An upload with this id has another ${d.field}`,
		"Choose a new id",
	]),
	upload_finished: row("give_up", { outcome: text }, (d) => [
		`This upload was ${d.outcome}`,
		"Begin a new upload, with a new id",
	]),
	missing_chunks: row("fix", { count: nat32, first: nat32 }, (d) => [
		`${d.count} chunks are missing; the first is chunk ${d.first}`,
		"Put them, then commit again",
	]),
	root_mismatch: row("fix", { stored: bytes }, () => [
		"The chunks in the canister do not have the root that the commit names: the source changed",
		"Send the chunks that differ again",
	]),
	precondition_failed: row("give_up", { sequence: nat64, canister_version: nat64 }, (d) => [
		d.sequence === 0n
			? "The key holds no blob, and the request is only for a key that holds one"
			: `The key holds another version than the request is for: the one with sequence number ${d.sequence}`,
		"Read the key again, then decide",
	]),
	blob_not_found: row("give_up", {}, () => [
		"There is no blob under this key, or the caller may not read it",
		"Check the key and the identity",
	]),
	blob_replaced: row("give_up", { sequence: nat64, canister_version: nat64 }, (d) => [
		`The blob was replaced in the meantime; its sequence number is now ${d.sequence}`,
		"Read the new version",
	]),
	cursor_unknown: row("give_up", { sequence: nat64 }, (d) => [
		`The feed, now at change ${d.sequence}, never was at this cursor: the store was rolled back or replaced`,
		"Compare all blobs, then start from a new cursor",
	]),
	cursor_pruned: row("give_up", { first: nat64 }, (d) => [
		`The feed no longer reaches back to this cursor: it begins with change ${d.first}`,
		"Compare whole lists instead",
	]),
	behind: row("retry", { sequence: nat64, canister_version: nat64 }, (d) => [
		`The node that answered is behind: the last change that it has seen is ${d.sequence}`,
		"Ask again",
	]),
	rolled_back: row("give_up", { sequence: nat64, canister_version: nat64 }, (d) => [
		`The store no longer has the change that the request names, and is at change ${d.sequence}: it was rolled back or installed again`,
		"Compare what is there with what you stored, and store again what is missing",
	]),
	version_unsupported: row("ask", { side: text, what: text }, (d) => [
		`The ${d.side} has a version that cannot do this: the message holds ${d.what}`,
		`Update the ${d.side}`,
	]),
} as const;

/**
 * What a canister can answer instead of a result: the code of a CanisterError.
 * @useDeclaredType
 */
export type ErrorCode = keyof typeof ERROR_TABLE;

/** What a canister says about an error with this code; docs/PROTOCOL.md has the fields of each. */
export type ErrorDetails<Code extends ErrorCode> = Details<(typeof ERROR_TABLE)[Code]["fields"]>;

/** An error as it travels: a Candid variant with one record. */
export type WireError = { [Code in ErrorCode]: { [Key in Code]: ErrorDetails<Code> } }[ErrorCode];

export const WireErrorType = variant<WireError>(
	Object.fromEntries(
		Object.entries(ERROR_TABLE).map(([code, { fields }]) => [
			code,
			record<unknown>(fields as Record<string, Shape>),
		]),
	),
);

export function errorCode(error: WireError): ErrorCode {
	return caseOf<ErrorCode>(error);
}

/** What happened and what to do, as `sentences` makes two sentences of. */
export function errorParts(error: WireError): readonly [what: string, advice: string] {
	const code = errorCode(error);
	const { message } = ERROR_TABLE[code] as unknown as ErrorRow<Record<string, never>>;
	return message((error as unknown as Record<string, never>)[code]!);
}

/** Two sentences: what happened, and what to do. A cause's own text may end with a full stop. */
export const sentences = ([what, advice]: readonly [what: string, advice: string]): string =>
	`${what.replace(/[.\s]+$/, "")}. ${advice}.`;

export const errorMessage = (error: WireError): string => sentences(errorParts(error));
