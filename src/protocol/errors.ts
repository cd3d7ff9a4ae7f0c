import type { IDL } from "@dfinity/candid";
import { bytes, nat32, nat64, record, text, variant } from "./candid.js";

/**
 * What the caller should do about an error:
 * - `retry`: the same request may succeed a moment later;
 * - `fix`: the request itself is wrong and will never succeed as it stands;
 * - `give_up`: the state of the canister rules the request out (finished, replaced, gone);
 * - `ask`: somebody else must act first (an administrator, the owner of a key, whoever pays the cycles).
 */
export type ErrorAction = "retry" | "fix" | "give_up" | "ask";

export const isErrorAction = (action: string): action is ErrorAction =>
	["retry", "fix", "give_up", "ask"].includes(action);

interface ErrorRow<Fields extends Record<string, IDL.Type>> {
	readonly action: ErrorAction;
	/** What the Candid record of this error carries. */
	readonly fields: Fields;
	/** A sentence for a person: what is wrong, with the limit, and what to do. Never any bytes of a blob. */
	readonly message: (details: Details<Fields>) => string;
}

type Details<Fields extends Record<string, IDL.Type>> = {
	[Name in keyof Fields]: Fields[Name] extends IDL.Type<infer Value> ? Value : never;
};

function row<const Fields extends Record<string, IDL.Type>>(
	action: ErrorAction,
	fields: Fields,
	message: (details: Details<Fields>) => string,
): ErrorRow<Fields> {
	return { action, fields, message };
}

/**
 * The one table of what a canister can answer instead of a result. The Candid variant, the types and the
 * client's typed errors are all made from it.
 */
export const ERROR_TABLE = {
	malformed: row(
		"fix",
		{ reason: text },
		(d) =>
			`The message is not what this method takes: ${d.reason}. Check that both sides are of the same version.`,
	),
	anonymous: row(
		"ask",
		{},
		() => "The anonymous principal may not change anything: sign in with an identity.",
	),
	not_authorized: row(
		"ask",
		{ needs: text },
		(d) => `The caller may not do this; it takes ${d.needs}. Ask an administrator of the canister for it.`,
	),
	not_live: row("retry", { mode: text, generation: nat64 }, (d) =>
		d.mode === "importing"
			? "The store is being imported: until that is ended, only controllers of the canister read and change it. " +
				"Try again when it is live."
			: `The store is in the mode ${d.mode}, in which it takes no such change: try again when it is live.`,
	),
	mode_changed: row(
		"give_up",
		{ generation: nat64 },
		(d) => `The mode was changed meanwhile, its generation is ${d.generation}: look at it, then decide anew.`,
	),
	not_importable: row(
		"give_up",
		{ reason: text },
		(d) =>
			`The store cannot be imported into: ${d.reason}. Install the canister anew, which empties it, or use another one.`,
	),
	lease_not_found: row(
		"give_up",
		{},
		() =>
			"The caller holds no such lease: it has ended, was released, or its holder lost its role. Take another one.",
	),
	lease_broken: row(
		"give_up",
		{ bytes: nat64 },
		(d) =>
			`More was deleted and replaced than the ${d.bytes} bytes of the lease, so it keeps nothing any more: begin anew ` +
			"with one for more.",
	),
	quota_exceeded: row("ask", { quota: text, limit: nat64, used: nat64, needed: nat64 }, (d) =>
		/^grant_/.test(d.quota)
			? `A grant is for ${d.limit} ${d.quota.slice(6)} in all, of which ${d.used} are used and ${d.needed} more are ` +
				"needed: ask for another one."
			: `The quota of ${d.quota} is ${d.limit}, of which ${d.used} are used and ${d.needed} more are ` +
				"needed: delete something, or ask an administrator for more.",
	),
	no_room: row(
		"ask",
		{ missing: nat64 },
		(d) => `The canister has ${d.missing} bytes too little room: delete something, or use another canister.`,
	),
	low_cycles: row(
		"ask",
		{ missing: nat64 },
		(d) => `The canister has ${d.missing} cycles too little for this: somebody must top it up first.`,
	),
	not_done_yet: row(
		"retry",
		{},
		() =>
			"The message had no instructions left for this item, and nothing was done about it: send it again in a further message.",
	),
	batch_too_large: row(
		"fix",
		{ fits: nat32, items: nat32 },
		(d) =>
			`The batch has ${d.items} items, and a message takes the first ${d.fits} of them: nothing was done. Make batches of so many.`,
	),
	batch_not_found: row(
		"give_up",
		{},
		() =>
			"The caller has no such staged batch: it expired, was dropped or revealed, or is somebody else's. Look at what the " +
			"keys hold, then stage anew.",
	),
	batch_finished: row(
		"give_up",
		{ outcome: text },
		(d) => `This staged batch was ${d.outcome}: stage into another one, under a new id.`,
	),
	batch_revealing: row(
		"retry",
		{},
		() =>
			"The batch is being revealed, and takes no other changes until it is seen that it can be: wait, or drop it.",
	),
	invalid_argument: row(
		"fix",
		{ field: text, reason: text, limit: nat64 },
		(d) => `The field ${d.field} is not valid: ${d.reason} (limit ${d.limit}).`,
	),
	chunk_too_large: row(
		"fix",
		{ limit: nat64, actual: nat64 },
		(d) =>
			`A chunk of ${d.actual} bytes is over the ${d.limit} bytes that this upload takes at once: cut it smaller.`,
	),
	chunk_wrong_size: row(
		"fix",
		{ index: nat32, expected: nat64, actual: nat64 },
		(d) => `Chunk ${d.index} must have exactly ${d.expected} bytes and has ${d.actual}: cut it so.`,
	),
	chunk_out_of_range: row(
		"fix",
		{ index: nat64, count: nat64 },
		(d) =>
			`There is no chunk ${d.index}, the blob has ${d.count}: stay below that, or choose larger chunks for more bytes.`,
	),
	upload_not_found: row(
		"give_up",
		{},
		() =>
			"No such upload is open for this caller: it expired, was never begun, is done, or is somebody " +
			"else's. Look at what the key holds, or begin a new one.",
	),
	upload_conflict: row(
		"fix",
		{ field: text },
		(d) => `An upload with this id was begun with another ${d.field}: choose a new id.`,
	),
	upload_finished: row(
		"give_up",
		{ outcome: text },
		(d) => `This upload was ${d.outcome}: begin a new one under a new id.`,
	),
	missing_chunks: row(
		"fix",
		{ count: nat32, first: nat32 },
		(d) => `${d.count} chunks are missing, the first is chunk ${d.first}: put them, then commit again.`,
	),
	root_mismatch: row(
		"fix",
		{ stored: bytes },
		() =>
			"The chunks in the canister do not make the given root: the source changed. Send what differs again.",
	),
	precondition_failed: row("give_up", { sequence: nat64, canister_version: nat64 }, (d) =>
		d.sequence === 0n
			? "There is no blob under this key, and the precondition asks for one: look at it again, then decide anew."
			: `The key holds a blob with sequence number ${d.sequence}, which the precondition rules out: look at ` +
				"it, then decide anew.",
	),
	blob_not_found: row(
		"give_up",
		{},
		() => "There is no such blob, or the caller may not read it: check the key, and who is signed in.",
	),
	blob_replaced: row(
		"give_up",
		{ sequence: nat64, canister_version: nat64 },
		(d) => `The blob was replaced meanwhile; its sequence number now is ${d.sequence}: read that one.`,
	),
	cursor_unknown: row(
		"give_up",
		{ sequence: nat64 },
		(d) =>
			`The feed, now at change ${d.sequence}, never was at this cursor: the store was rolled back or replaced. ` +
			"Compare everything, then begin a new cursor.",
	),
	cursor_pruned: row(
		"give_up",
		{ first: nat64 },
		(d) =>
			`The feed begins with change ${d.first} and no longer reaches back to this cursor: compare whole lists.`,
	),
	behind: row(
		"retry",
		{ sequence: nat64, canister_version: nat64 },
		(d) => `The node that answered is behind: it has seen change ${d.sequence} and no later one. Ask again.`,
	),
	rolled_back: row(
		"give_up",
		{ sequence: nat64, canister_version: nat64 },
		(d) =>
			"The store no longer has the change that the request names: it was rolled back to an earlier state or " +
			`installed again, and is now at change ${d.sequence}. Compare what is there with what was stored, and store again what is missing.`,
	),
	version_unsupported: row(
		"ask",
		{ side: text, what: text },
		(d) =>
			`The ${d.side} is of a version that cannot do this: the message holds ${d.what}. Update the ${d.side}, or do without.`,
	),
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
			record<unknown>(fields as Record<string, IDL.Type>),
		]),
	),
);

export function errorCode(error: WireError): ErrorCode {
	return Object.keys(error)[0] as ErrorCode;
}

export function errorMessage(error: WireError): string {
	const code = errorCode(error);
	const { message } = ERROR_TABLE[code] as { message: (details: unknown) => string };
	return message((error as Record<string, unknown>)[code]);
}
