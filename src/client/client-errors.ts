import { type ErrorAction, isErrorAction } from "../protocol/index.js";
import { rejectionAction, rejectionMessage } from "./rejections.js";
import type { DeleteManyResult, UploadManyResult } from "./upload/batch/types.js";

interface ClientErrorRow<Details extends object> {
	readonly action: ErrorAction | ((details: Details) => ErrorAction);
	readonly message: (details: Details) => string;
}

const row = <Details extends object>(
	action: ClientErrorRow<Details>["action"],
	message: ClientErrorRow<Details>["message"],
): ClientErrorRow<Details> => ({ action, message });

/** No space, over the quota, or over the size that files may have. */
const isFullDisk = (errno: string): boolean => ["ENOSPC", "EDQUOT", "EFBIG"].includes(errno);

/** Statuses after which the same request may succeed: too many requests, and the server's own trouble. */
export const isTransientStatus = (status: number): boolean =>
	status === 408 || status === 425 || status === 429 || status >= 500;

function httpAdvice(status: number, body: string, retryAfterMs: number | undefined): string {
	// What the gateways of the network say of an id that no subnet has.
	if (/canister_not_found/.test(body))
		return "Check the canister id, and that the agent's host is of its network.";
	if (status === 413)
		return "A proxy on the way takes no message of this size, and what could be halved was. Give a smaller chunkBytes, which bounds every message that carries bytes.";
	if (isTransientStatus(status))
		return `Try again ${retryAfterMs ? `in ${Math.ceil(retryAfterMs / 1_000)} s` : "later"}.`;
	return "The same request would be refused again: check the agent's host and identity, and set this machine's clock.";
}

/** Which item of a batch was refused, counted from 0, and why: an error of this package, whose details `isBlobError` types. */
interface BatchRefusal {
	readonly item: number;
	readonly error: Error & {
		readonly code: string;
		readonly action: ErrorAction;
		readonly details: object;
	};
}

/**
 * The one table of what can go wrong on the client or on the wire, beside the protocol's table of what a
 * canister can answer. Types and messages are made from it.
 */
export const CLIENT_ERRORS = {
	aborted: row<{ reason: string }>(
		"give_up",
		(d) => `Aborted: ${d.reason}. Start it again where it is still wanted.`,
	),
	/** `status` is there where something else than the network answered: a page of a captive portal or of a proxy. */
	network: row<{ url: string; reason?: string | undefined; status?: number | undefined }>(
		"retry",
		(d) =>
			`No answer from ${d.url}: ${d.reason ?? "the network failed"}. Check the connection and the agent's host.`,
	),
	timeout: row<{ waitedMs: number; waitedFor: string }>(
		"retry",
		(d) => `No ${d.waitedFor} after ${d.waitedMs} ms. Try again, or raise the limit in the options.`,
	),
	http: row<{ status: number; body: string; retryAfterMs: number | undefined }>(
		(d) => (isTransientStatus(d.status) ? "retry" : "fix"),
		(d) =>
			`The network answered HTTP ${d.status}: ${d.body.replace(/\.$/, "") || "(no text)"}. ${httpAdvice(d.status, d.body, d.retryAfterMs)}`,
	),
	/** `isCertified`: by the subnet; otherwise it is the word of one node. */
	rejected: row<{
		rejectCode: number;
		rejectMessage: string;
		errorCode: string | undefined;
		isCertified: boolean;
		method: string;
	}>(rejectionAction, (d) => `The call of ${d.method} was rejected ${rejectionMessage(d)}`),
	not_admitted: row<{ method: string; who: string; roles: readonly string[] }>(
		"ask",
		(d) =>
			`The store lets no such call of ${d.method} in from ${d.who}, whose roles are ${d.roles.join(", ") || "none"}. Ask an administrator of the canister for a role that may make it.${d.method === "blobs_list" ? ` To list public blobs alone, which takes no role, give visibility: "public".` : ""}`,
	),
	certificate_invalid: row<{ reason: string }>(
		"give_up",
		(d) =>
			`The answer's certificate is not valid: ${d.reason}. Either somebody tampers with the connection, or the root key is not this network's (for a local network give localNetwork: true).`,
	),
	certificate_stale: row<{ from: Date; ageMs: number; maxAgeMs: number }>(
		"fix",
		(d) =>
			`The answer's certificate is from ${d.from.toISOString()}, ${d.ageMs} ms old, over the ${d.maxAgeMs} ms that are accepted. Set this machine's clock; if it is right, the nodes that answered lag or withhold the newer state: ask with trust: "subnet".`,
	),
	witness_invalid: row<{ reason: string }>(
		"retry",
		(d) =>
			`The answer's witness does not prove it: ${d.reason}. The answer was dropped: ask again, or with trust: "subnet".`,
	),
	manifest_corrupt: row<{ key: string; reason: string }>(
		"retry",
		(d) =>
			`What the answer says of ${d.key} is not what is certified: ${d.reason}. It was dropped: ask again, or with trust: "subnet".`,
	),
	list_corrupt: row<{ prefix: string; reason: string }>(
		"retry",
		(d) =>
			`A page of the list of ${JSON.stringify(d.prefix)} is not what the store certifies: ${d.reason}. The page was dropped: list again, or with trust: "subnet".`,
	),
	feed_corrupt: row<{ sequence: bigint; reason: string }>(
		"retry",
		(d) =>
			`The page of changes after ${d.sequence} is not a part of the certified feed: ${d.reason}. It was dropped: ask again.`,
	),
	reply_invalid: row<{ method: string; reason: string }>(
		"give_up",
		(d) =>
			`The answer of ${d.method} is not what a blob store answers: ${d.reason}. Check the canister id and that both sides are of the same version.`,
	),
	unknown_error: row<{ canisterCode: string; canisterMessage: string; canisterAction: string }>(
		(d) => (isErrorAction(d.canisterAction) ? d.canisterAction : "give_up"),
		(d) =>
			`The store refused the request with an error that this client does not know, ${d.canisterCode}: ${d.canisterMessage || "(no text)"} Update the client to handle it.`,
	),
	chunk_corrupt: row<{ index: number; attempts: number }>(
		"retry",
		(d) =>
			`Chunk ${d.index} does not have the hash it must have, ${d.attempts} times over. Its bytes were dropped: try again; if that goes on, somebody on the way changes them.`,
	),
	leaves_corrupt: row<{ key: string; attempts: number }>(
		"retry",
		(d) =>
			`The list of hashes of ${d.key} does not make its root, ${d.attempts} times over. It was dropped: try again; if that goes on, somebody on the way changes it.`,
	),
	source_changed: row<{ reason: string /** What its size is now, where that changed. */; size?: number }>(
		"fix",
		(d) => `The source changed while it was read: ${d.reason}. Upload again when nobody writes to it.`,
	),
	source_too_short: row<{ expected: number; actual: number }>(
		"fix",
		(d) =>
			`The source ended after ${d.actual} bytes and should have ${d.expected}: give all of it, or its true size.`,
	),
	source_too_long: row<{ expected: number }>(
		"fix",
		(d) => `The source goes on after the ${d.expected} bytes that it should have: give its true size.`,
	),
	source_invalid: row<{ got: string }>(
		"fix",
		(d) =>
			`A source must be bytes, a Blob, a ReadableStream, an async iterable of bytes, or { size, read }; got ${d.got}.`,
	),
	source_empty: row<{ key: string; held: number }>(
		"fix",
		(d) =>
			`The source of ${d.key} gave no byte, and the key holds ${d.held}. They were left as they are: look at the source, or upload with allowEmpty: true to replace them by nothing.`,
	),
	key_repeated: row<{ key: string }>(
		"fix",
		(d) =>
			`The key ${d.key} was given twice in one call, and only its first item was done. Give each key once, or make another call for the other one.`,
	),
	items_failed: row<{ reason: string; result: UploadManyResult | DeleteManyResult }>(
		"fix",
		(d) =>
			`The list of items broke off after ${d.result.items.length}: ${d.reason}. Those were dealt with, see details.result; make another call for the others when they can be listed.`,
	),
	part_not_loaded: row<{ reason: string }>(
		"retry",
		(d) =>
			`A part of the client could not be loaded: ${d.reason}. Check the connection; if the application was updated meanwhile, reload the page.`,
	),
	json_invalid: row<{ key: string; reason: string }>(
		"give_up",
		(d) => `What ${d.key} holds is no JSON: ${d.reason}. Read it as text or bytes, or upload it again.`,
	),
	batch_refused: row<BatchRefusal>(
		(d) => d.error.action,
		(d) =>
			`Item ${d.item} of the batch was refused, and nothing was done: ${d.error.message} See details.error.`,
	),
	batch_broken: row<{ key: string; error: BatchRefusal["error"] }>(
		(d) => d.error.action,
		(d) =>
			`The staged batch was not revealed, and nothing of it is seen: for the key ${d.key}, ${d.error.message} What is staged is still there: stage the key anew, or unstage it, then reveal again.`,
	),
	batch_dropped: row<Record<never, never>>(
		"give_up",
		() => "The staged batch was dropped before it was revealed, and nothing of it is seen: stage it anew.",
	),
	batch_bytes_too_many: row<{ bytes: number; limit: number; items: number; fits: number }>(
		"fix",
		(d) =>
			`The batch has ${d.items} items of ${d.bytes} bytes, over the ${d.limit} of a message, which takes the first ${d.fits}: nothing was done. Send larger blobs beforehand by prepareUpload, and commit them in the batch.`,
	),
	source_failed: row<{ reason: string }>(
		"fix",
		(d) =>
			`The source could not be read: ${d.reason}. Upload again when it can: what has arrived is kept for that.`,
	),
	source_not_repeatable: row<{ reason: string }>(
		"retry",
		(d) =>
			`The upload must start again (${d.reason}), and a stream cannot be read twice: give the source anew, or as a Blob or a path.`,
	),
	message_too_large: row<{ bytes: number; limit: number; over: number }>(
		"fix",
		(d) =>
			`The signed message has ${d.bytes} bytes, ${d.over} more than the ${d.limit} that a subnet takes: set chunkBytes lower by at least that much.`,
	),
	identity_expired: row<{ expiredAt: Date }>(
		"ask",
		(d) =>
			`The identity's delegation expired at ${d.expiredAt.toISOString()}: sign in again and resume the transfer with the new agent, or upload again with it; the upload goes on where it stood.`,
	),
	identity_differs: row<{ expected: string; actual: string }>(
		"fix",
		(d) =>
			`The transfer was begun by ${d.expected}, and the agent acts as ${d.actual}: only the same principal can go on with it. Sign in as that one.`,
	),
	identity_unusable: row<{ reason: string }>(
		"fix",
		(d) => `There is no identity to sign with: ${d.reason}. Give the client an agent made with an identity.`,
	),
	internal: row<{ reason: string }>(
		"give_up",
		(d) => `The client failed unexpectedly: ${d.reason}. Report it with the cause of this error.`,
	),
	encryption_unavailable: row<{ reason: string }>(
		"fix",
		(d) => `Nothing can be encrypted here: ${d.reason}.`,
	),
	encryption_key_missing: row<{ masterKey: string }>(
		"fix",
		(d) => `Give it to the client: the master key ${d.masterKey}.`,
	),
	decryption_failed: row<{ reason: string }>("give_up", (d) => `Restore it from a backup: ${d.reason}.`),
	option_invalid: row<{ option: string; reason: string }>(
		"fix",
		(d) => `The option or argument ${d.option} is not valid: ${d.reason}.`,
	),
	too_large_for_memory: row<{ size: number; maxBytes: number }>(
		"fix",
		(d) => `The blob has ${d.size} bytes, over the limit of ${d.maxBytes} for one buffer: use stream().`,
	),
	range_invalid: row<{ start: number; end: number | undefined; size: number }>(
		"fix",
		(d) =>
			`The range from ${d.start} to ${d.end ?? "the end"} is none of a blob of ${d.size} bytes: it must begin within it and not end before it begins.`,
	),
	file_failed: row<{ path: string; errno: string; reason: string }>(
		(d) => (isFullDisk(d.errno) ? "ask" : "fix"),
		(d) =>
			isFullDisk(d.errno)
				? `There is no room left to write ${d.path} (${d.errno}). Make room, then download again: what has arrived is kept and goes on from there.`
				: `The file ${d.path} could not be written: ${d.reason}. Download again when it can, or to another path: what has arrived is kept for the same one.`,
	),
	contended: row<{ key: string; attempts: number }>(
		"retry",
		(d) =>
			`Another upload to ${d.key} kept changing the same session; gave up after ${d.attempts} attempts. Upload again when it is done.`,
	),
} as const;

/**
 * What can go wrong on the client or on the wire: the code of a ClientError.
 * @useDeclaredType
 */
export type ClientErrorCode = keyof typeof CLIENT_ERRORS;

/** The details that a ClientError with this code has. */
export type ClientErrorDetails<Code extends ClientErrorCode> = Parameters<
	(typeof CLIENT_ERRORS)[Code]["message"]
>[0];
