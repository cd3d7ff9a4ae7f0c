import { type ErrorAction, isErrorAction } from "../../protocol/index.js";
import type { DeleteManyResult, UploadManyResult } from "../upload/batch/types.js";
import { rejectionAction, rejectionMessage } from "./rejections.js";

interface ClientErrorRow<Details extends object> {
	readonly action: ErrorAction | ((details: Details) => ErrorAction);
	/** What happened and what to do, each without the full stop. */
	readonly message: (details: Details) => readonly [what: string, advice: string];
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

/** What an HTTP answer that is not the protocol's may be. */
const isWebPage = (body: string): boolean => /^\s*<(?:!doctype|html)/i.test(body);

/** Of a page or a proxy's text, as much as a person reads. */
const MAX_BODY_CHARACTERS = 200;

function httpMessage(
	status: number,
	body: string,
	retryAfterMs: number | undefined,
): readonly [string, string] {
	const short = body.trim().slice(0, MAX_BODY_CHARACTERS);
	if (/canister_not_found/.test(body))
		return [
			`The network has no canister with this id (HTTP ${status})`,
			"Check the canister id, and that the agent's host belongs to its network",
		];
	if (status === 413)
		return [
			"A proxy between here and the network accepts no message of this size (HTTP 413), and the client has already halved what it could",
			"Set a smaller chunkBytes, which bounds every message that carries bytes",
		];
	if (isTransientStatus(status))
		return [
			`The network answered HTTP ${status}: ${isWebPage(body) ? "a web page" : short || "(no text)"}`,
			retryAfterMs ? `Try again in ${Math.ceil(retryAfterMs / 1_000)} s` : "Try again later",
		];
	if (isWebPage(body))
		return [
			`The host answered HTTP ${status} with a web page: it is not an Internet Computer endpoint`,
			"Check the agent's host",
		];
	return [
		`The network answered HTTP ${status}: ${short || "(no text)"}`,
		"The same request would be refused again: check the agent's host and identity, and the clock of this machine",
	];
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
	aborted: row<{ reason: string }>("give_up", (d) => [
		`Aborted: ${d.reason}`,
		"Start it again if it is still wanted",
	]),
	/** `status` is there where something else than the network answered: a page of a captive portal or of a proxy. */
	network: row<{ url: string; reason?: string | undefined; status?: number | undefined }>("retry", (d) => [
		`No answer from ${d.url}: ${d.reason ?? "the network failed"}`,
		"Check the connection and the agent's host",
	]),
	timeout: row<{ waitedMs: number; waitedFor: string }>("retry", (d) => [
		`No ${d.waitedFor} after ${d.waitedMs} ms`,
		"Try again, or raise the limit in the options",
	]),
	http: row<{ status: number; body: string; retryAfterMs: number | undefined }>(
		(d) => (isTransientStatus(d.status) ? "retry" : "fix"),
		(d) => httpMessage(d.status, d.body, d.retryAfterMs),
	),
	canister_empty: row<{ canister: string }>("ask", (d) => [
		`The canister ${d.canister} has no code`,
		"Check the canister id, or ask a controller to install the store",
	]),
	/** `isCertified`: by the subnet; otherwise it is the word of one node. */
	rejected: row<{
		rejectCode: number;
		rejectMessage: string;
		errorCode: string | undefined;
		isCertified: boolean;
		method: string;
	}>(rejectionAction, (d) => {
		const [what, advice] = rejectionMessage(d);
		return [`The call of ${d.method} was rejected ${what}`, advice];
	}),
	not_admitted: row<{ method: string; who: string; roles: readonly string[] }>("ask", (d) => [
		`The store refuses the call of ${d.method} from ${d.who}, with ${d.roles.length > 0 ? `the roles ${d.roles.join(", ")}` : "no role"}`,
		`Ask an administrator of the store for a role${d.method === "blobs_list" ? ', or list public blobs only, with visibility: "public"' : ""}`,
	]),
	certificate_invalid: row<{ reason: string }>("give_up", (d) => [
		`The certificate of the answer is not valid: ${d.reason}`,
		"Either the connection is tampered with, or the root key belongs to another network (for a local network set localNetwork: true)",
	]),
	certificate_stale: row<{ from: Date; ageMs: number; maxAgeMs: number }>("fix", (d) => [
		`The certificate of the answer is ${d.ageMs} ms old (from ${d.from.toISOString()}); at most ${d.maxAgeMs} ms are accepted`,
		'Set the clock of this machine; if it is right, the nodes that answered lag or withhold the newer state: ask with trust: "subnet"',
	]),
	witness_invalid: row<{ reason: string }>("retry", (d) => [
		`The witness in the answer does not prove it: ${d.reason}`,
		'The answer was dropped: ask again, or with trust: "subnet"',
	]),
	manifest_corrupt: row<{ key: string; reason: string }>("retry", (d) => [
		`The manifest of ${JSON.stringify(d.key)} in the answer is not the certified one: ${d.reason}`,
		'The answer was dropped: ask again, or with trust: "subnet"',
	]),
	list_corrupt: row<{ prefix: string; reason: string }>("retry", (d) => [
		`A page of the list of ${JSON.stringify(d.prefix)} is not the certified one: ${d.reason}`,
		'The page was dropped: list again, or with trust: "subnet"',
	]),
	feed_corrupt: row<{ sequence: bigint; reason: string }>("retry", (d) => [
		`The page of changes after ${d.sequence} is not part of the certified feed: ${d.reason}`,
		"The page was dropped: ask again",
	]),
	reply_invalid: row<{ method: string; reason: string }>("give_up", (d) => [
		`The answer of ${d.method} is not what a blob store answers: ${d.reason}`,
		"Check the canister id, and that client and store have the same version",
	]),
	unknown_error: row<{ canisterCode: string; canisterMessage: string; canisterAction: string }>(
		(d) => (isErrorAction(d.canisterAction) ? d.canisterAction : "give_up"),
		(d) => [
			`The store refused the request with an error that this client does not know, ${d.canisterCode}: ${d.canisterMessage || "(no text)"}`,
			"Update the client to handle it",
		],
	),
	chunk_corrupt: row<{ index: number; attempts: number }>("retry", (d) => [
		`Chunk ${d.index} had a wrong hash in ${d.attempts} attempts; its bytes were dropped`,
		"Try again; if it happens again, a proxy or node changes the bytes",
	]),
	leaves_corrupt: row<{ key: string; attempts: number }>("retry", (d) => [
		`The list of hashes of ${JSON.stringify(d.key)} did not have its root in ${d.attempts} attempts; it was dropped`,
		"Try again; if it happens again, a proxy or node changes it",
	]),
	source_changed: row<{ reason: string /** What its size is now, where that changed. */; size?: number }>(
		"fix",
		(d) => [
			`The source changed while it was being read: ${d.reason}`,
			"Upload it again when nothing writes to it",
		],
	),
	source_too_short: row<{ expected: number; actual: number }>("fix", (d) => [
		`The source ended after ${d.actual} of ${d.expected} bytes`,
		"Give all of it, or its true size",
	]),
	source_too_long: row<{ expected: number }>("fix", (d) => [
		`The source has more than the ${d.expected} bytes that were announced`,
		"Give its true size",
	]),
	source_invalid: row<{ got: string }>("fix", (d) => [
		`A source must be bytes, a Blob, a ReadableStream, an async iterable of bytes, or { size, read }, and this is ${d.got}`,
		/^a Promise/.test(d.got) ? "Await it first" : "Give one of these",
	]),
	source_empty: row<{ key: string; held: number }>("fix", (d) => [
		`The source for ${JSON.stringify(d.key)} is empty, and the key holds ${d.held} bytes, which were kept`,
		"Check the source, or upload with allowEmpty: true to replace them with nothing",
	]),
	key_repeated: row<{ key: string }>("fix", (d) => [
		`The key ${JSON.stringify(d.key)} was given twice in one call; only its first item was done`,
		"Give each key once, or make another call for the second item",
	]),
	items_failed: row<{ reason: string; result: UploadManyResult | DeleteManyResult }>("fix", (d) => [
		`The list of items failed after ${d.result.items.length} items: ${d.reason}`,
		"These items were handled, see details.result; make another call for the rest",
	]),
	part_not_loaded: row<{ reason: string }>("retry", (d) => [
		`A part of the client could not be loaded: ${d.reason}`,
		"Check the connection; if the application was updated in the meantime, reload the page",
	]),
	json_invalid: row<{ key: string; reason: string }>("give_up", (d) => [
		`The content of ${JSON.stringify(d.key)} is not JSON: ${d.reason}`,
		"Read it as text or bytes, or upload it again",
	]),
	batch_refused: row<BatchRefusal>(
		(d) => d.error.action,
		(d) => [
			`Item ${d.item} of the batch was refused, and nothing was changed: ${d.error.message}`,
			"See details.error",
		],
	),
	batch_broken: row<{ key: string; error: BatchRefusal["error"] }>(
		(d) => d.error.action,
		(d) => [
			`The staged batch was not revealed, and none of it is visible: for the key ${JSON.stringify(d.key)}, ${d.error.message}`,
			"Everything is still staged: stage this key again or unstage it, then reveal again",
		],
	),
	batch_dropped: row<Record<never, never>>("give_up", () => [
		"The staged batch was dropped before it was revealed, and none of it is visible",
		"Stage it again",
	]),
	batch_bytes_too_many: row<{ bytes: number; limit: number; items: number; fits: number }>("fix", (d) => [
		`The batch has ${d.items} items with ${d.bytes} bytes; a message takes ${d.limit} bytes, which the first ${d.fits} items fit: nothing was changed`,
		"Send larger blobs first with prepareUpload, and commit them in the batch",
	]),
	source_failed: row<{ reason: string }>("fix", (d) => [
		`The source could not be read: ${d.reason}`,
		"Upload it again when it can be read: the chunks that have arrived are kept",
	]),
	source_not_repeatable: row<{ reason: string }>("retry", (d) => [
		`The upload must start again (${d.reason}), and a stream cannot be read twice`,
		"Pass the source again, or as a Blob or a path",
	]),
	message_too_large: row<{ bytes: number; limit: number; over: number }>("fix", (d) => [
		`The signed message has ${d.bytes} bytes, ${d.over} more than the ${d.limit} that a subnet accepts`,
		"Lower chunkBytes by at least that much",
	]),
	identity_expired: row<{ expiredAt: Date }>("ask", (d) => [
		`The delegation of the identity expired at ${d.expiredAt.toISOString()}`,
		"Sign in again, then resume the transfer with the new agent, or upload again with it: the chunks that have arrived are kept",
	]),
	identity_differs: row<{ expected: string; actual: string }>("fix", (d) => [
		`${d.expected} began the transfer, and the agent acts as ${d.actual}`,
		"Sign in as the principal that began it: only that one can resume it",
	]),
	identity_unusable: row<{ reason: string }>("fix", (d) => [
		`There is no identity to sign with: ${d.reason}`,
		"Give the client an agent that has an identity",
	]),
	internal: row<{ reason: string }>("give_up", (d) => [
		`The client failed unexpectedly: ${d.reason}`,
		"Report it, with the cause of this error",
	]),
	encryption_unavailable: row<{ reason: string }>("fix", (d) => [
		`Encryption is not available here: ${d.reason}`,
		"Use an environment that has what is missing",
	]),
	encryption_key_missing: row<{ masterKey: string }>("fix", (d) => [
		`The blob is encrypted with the master key ${d.masterKey}, which this client does not have`,
		"Give the client this key (option encryption), or in a command its key file (--key-file)",
	]),
	decryption_failed: row<{ reason: string }>("give_up", (d) => [
		`The blob cannot be decrypted: ${d.reason}`,
		"Restore it from a backup",
	]),
	option_invalid: row<{ option: string; reason: string }>("fix", (d) => [
		`The option or argument ${d.option} is not valid: ${d.reason}`,
		"Correct it",
	]),
	too_large_for_memory: row<{ size: number; maxBytes: number }>("fix", (d) => [
		`The blob has ${d.size} bytes; one buffer may have ${d.maxBytes}`,
		"Use stream(), or raise maxBytes",
	]),
	range_invalid: row<{ start: number; end: number | undefined; size: number }>("fix", (d) =>
		d.end !== undefined && d.end < d.start
			? [`The range ends at ${d.end}, before its start at ${d.start}`, "Give an end after the start"]
			: [
					`The range from ${d.start} to ${d.end ?? "the end"} is not within the blob, which has ${d.size} bytes`,
					"Give a range that begins within the blob",
				],
	),
	file_failed: row<{ path: string; errno: string; reason: string }>(
		(d) => (isFullDisk(d.errno) ? "ask" : "fix"),
		(d) =>
			isFullDisk(d.errno)
				? [
						`There is no space left to write ${d.path} (${d.errno})`,
						"Free some space, then download again: what has arrived is kept",
					]
				: [
						`The file ${d.path} could not be written: ${d.reason}`,
						"Download again when it can be written, or to another path: what has arrived is kept for this one",
					],
	),
	contended: row<{ key: string; attempts: number }>("retry", (d) => [
		`Another upload to ${JSON.stringify(d.key)} kept changing the same session, in ${d.attempts} attempts`,
		"Upload again when the other upload is done",
	]),
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
