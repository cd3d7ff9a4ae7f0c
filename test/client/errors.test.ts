import { runInNewContext } from "node:vm";
import { IDL } from "@dfinity/candid";
import { describe, expect, it } from "vitest";
import { CLIENT_ERRORS, type ClientErrorCode } from "../../src/client/client-errors.js";
import { BlobError, CanisterError, ClientError, isBlobError } from "../../src/client/index.js";
import { ERROR_TABLE, type ErrorCode, type WireError } from "../../src/protocol/index.js";

const ACTIONS = ["retry", "fix", "give_up", "ask"];

/** What each error tells whoever reads it to do. */
const ADVICE: Record<ErrorCode | ClientErrorCode, RegExp> = {
	malformed: /same version/,
	anonymous: /sign in/,
	not_authorized: /Ask an administrator/,
	not_live: /try again/,
	mode_changed: /decide anew/,
	lease_not_found: /Take another one/,
	lease_broken: /begin anew/,
	not_importable: /anew, which empties it/,
	quota_exceeded: /delete something, or ask/,
	no_room: /delete something/,
	low_cycles: /top it up/,
	batch_refused: /See details.error/,
	batch_bytes_too_many: /by prepareUpload/,
	batch_broken: /then reveal again/,
	batch_dropped: /stage it anew/,
	batch_not_found: /then stage anew/,
	batch_finished: /into another one/,
	batch_revealing: /wait, or drop it/,
	not_done_yet: /in a further message/,
	batch_too_large: /batches of so many/,
	invalid_argument: /limit 7/,
	chunk_too_large: /cut it smaller/,
	chunk_wrong_size: /cut it so/,
	chunk_out_of_range: /choose larger chunks/,
	upload_not_found: /begin a new one/,
	upload_conflict: /choose a new id/,
	upload_finished: /begin a new one/,
	missing_chunks: /put them/,
	root_mismatch: /Send what differs/,
	precondition_failed: /decide anew/,
	blob_not_found: /check the key/,
	blob_replaced: /read that one/,
	cursor_unknown: /Compare everything/,
	cursor_pruned: /compare whole lists/,
	behind: /Ask again/,
	rolled_back: /store again what is missing/,
	version_unsupported: /Update the/,
	part_not_loaded: /reload the page/,
	json_invalid: /Read it as text/,
	aborted: /Start it again/,
	network: /Check the connection/,
	timeout: /Try again/,
	http: /Try again/,
	rejected: /sign in/,
	not_admitted: /Ask an administrator/,
	certificate_invalid: /root key/,
	certificate_stale: /Set this machine's clock/,
	witness_invalid: /ask again/,
	manifest_corrupt: /ask again/,
	list_corrupt: /list again/,
	feed_corrupt: /ask again/,
	reply_invalid: /Check the canister id/,
	unknown_error: /Update the client/,
	chunk_corrupt: /try again/,
	leaves_corrupt: /try again/,
	source_changed: /Upload again/,
	source_too_short: /true size/,
	source_too_long: /true size/,
	source_invalid: /must be bytes/,
	source_empty: /allowEmpty/,
	key_repeated: /Give each key once/,
	items_failed: /details.result/,
	source_failed: /Upload again/,
	source_not_repeatable: /give the source anew/,
	message_too_large: /set chunkBytes lower/,
	identity_expired: /sign in again/,
	identity_differs: /Sign in as that one/,
	identity_unusable: /Give the client/,
	internal: /Report it/,
	encryption_unavailable: /Nothing can be encrypted/,
	encryption_key_missing: /Give it to the client/,
	decryption_failed: /Restore it from a backup/,
	option_invalid: /argument o is not valid/,
	too_large_for_memory: /use stream/,
	range_invalid: /must begin/,
	file_failed: /Make room/,
	contended: /Upload again/,
};

/** A value for each field of a record of the table. */
function sample(type: IDL.Type): unknown {
	if (type instanceof IDL.FixedNatClass) return type.name === "nat64" ? 7n : 7;
	if (type instanceof IDL.VecClass) return new Uint8Array(32);
	return "something";
}

describe("errors", () => {
	it.each(Object.keys(ERROR_TABLE) as ErrorCode[])("of the canister: %s", (code) => {
		const { fields, action } = ERROR_TABLE[code];
		const details = Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, sample(type)]));
		const error = new CanisterError({ [code]: details } as unknown as WireError);
		expect(error).toBeInstanceOf(BlobError);
		expect(error).toMatchObject({ name: "CanisterError", code, action, details });
		expect(error.message).toMatch(ADVICE[code]);
		expect(isBlobError(error, code)).toBe(true);
	});

	const samples: { [Code in ClientErrorCode]: ConstructorParameters<typeof ClientError<Code>>[1] } = {
		aborted: { reason: "r" },
		network: { url: "u" },
		timeout: { waitedMs: 1, waitedFor: "answer" },
		http: { status: 503, body: "b", retryAfterMs: undefined },
		not_admitted: { method: "x", who: "2vxsx-fae", roles: [] },
		rejected: { rejectCode: 4, rejectMessage: "m", errorCode: "IC0406", isCertified: true, method: "x" },
		certificate_invalid: { reason: "r" },
		certificate_stale: { from: new Date(0), ageMs: 2, maxAgeMs: 1 },
		witness_invalid: { reason: "r" },
		manifest_corrupt: { key: "k", reason: "r" },
		list_corrupt: { prefix: "p", reason: "r" },
		feed_corrupt: { sequence: 1n, reason: "r" },
		reply_invalid: { method: "m", reason: "r" },
		unknown_error: { canisterCode: "frozen", canisterMessage: "It is frozen.", canisterAction: "ask" },
		chunk_corrupt: { index: 1, attempts: 3 },
		leaves_corrupt: { key: "k", attempts: 3 },
		source_changed: { reason: "r" },
		source_too_short: { expected: 2, actual: 1 },
		source_too_long: { expected: 1 },
		source_invalid: { got: "text" },
		source_empty: { key: "k", held: 1 },
		key_repeated: { key: "k" },
		part_not_loaded: { reason: "r" },
		json_invalid: { key: "k", reason: "r" },
		items_failed: { reason: "r", result: { items: [], uploaded: 0, updated: 0, unchanged: 0, failed: 0 } },
		batch_refused: { item: 1, error: new CanisterError<"blob_not_found">({ blob_not_found: {} }) },
		batch_broken: { key: "k", error: new CanisterError<"blob_not_found">({ blob_not_found: {} }) },
		batch_dropped: {},
		batch_bytes_too_many: { bytes: 3, limit: 2, items: 2, fits: 1 },
		source_failed: { reason: "r" },
		source_not_repeatable: { reason: "r" },
		message_too_large: { bytes: 2, limit: 1, over: 1 },
		identity_expired: { expiredAt: new Date(0) },
		identity_differs: { expected: "a", actual: "b" },
		identity_unusable: { reason: "r" },
		internal: { reason: "r" },
		encryption_unavailable: { reason: "r" },
		encryption_key_missing: { masterKey: "0123456789abcdef" },
		decryption_failed: { reason: "r" },
		option_invalid: { option: "o", reason: "r" },
		too_large_for_memory: { size: 2, maxBytes: 1 },
		range_invalid: { start: 2, end: undefined, size: 1 },
		file_failed: { path: "p", errno: "ENOSPC", reason: "r" },
		contended: { key: "k", attempts: 3 },
	};
	it.each(Object.keys(CLIENT_ERRORS) as ClientErrorCode[])("of the client: %s", (code) => {
		const cause = new Error("cause");
		const error = new ClientError(code, samples[code], cause);
		expect(error).toMatchObject({ code, details: samples[code], cause });
		expect(ACTIONS).toContain(error.action);
		expect(error.message).not.toMatch(/undefined|\[object/);
		expect(error.message).toMatch(ADVICE[code]);
		expect(isBlobError(error, code)).toBe(true);
	});

	it("say of a request that would be refused again what to look at", () => {
		const error = new ClientError("http", { status: 400, body: "b", retryAfterMs: undefined });
		expect(error).toMatchObject({
			action: "fix",
			message: expect.stringMatching(/set this machine's clock/),
		});
	});

	it("say of a file that cannot be written how to go on", () => {
		const error = new ClientError("file_failed", { path: "p", errno: "EACCES", reason: "r" });
		expect(error).toMatchObject({ action: "fix", message: expect.stringMatching(/Download again/) });
	});

	/** By the replica's own codes and words (test/localnet/golden), and by the reject code alone where it gives no more. */
	const rejections: [
		code: number,
		errorCode: string | undefined,
		text: string,
		action: string,
		advice: RegExp,
	][] = [
		[1, undefined, "no", "give_up", /SYS_FATAL.*subnet.*another subnet/],
		[1, "IC0101", "The subnet is oversubscribed", "give_up", /SYS_FATAL, IC0101.*another subnet/],
		[2, undefined, "busy", "retry", /SYS_TRANSIENT.*try again/],
		[2, "IC0204", "Ingress history full", "retry", /try again/],
		[2, "IC0207", "Canister x is out of cycles", "ask", /IC0207.*top it up/],
		[2, "IC0210", "Canister x is heap delta rate limited", "retry", /try again/],
		[3, undefined, "nowhere", "fix", /DESTINATION_INVALID.*canister id.*host/],
		[3, "IC0301", "Canister x not found", "fix", /IC0301.*canister id.*host/],
		[4, undefined, "no", "give_up", /CANISTER_REJECT.*what it says/],
		[4, "IC0406", "Canister rejected the message", "give_up", /IC0406.*sign in.*version/],
		[5, undefined, "bad", "give_up", /CANISTER_ERROR.*[Nn]othing was changed.*whoever runs/],
		[5, "IC0502", "Canister trapped: unreachable", "give_up", /IC0502.*[Nn]othing was changed.*whoever runs/],
		[5, "IC0503", "Canister called `ic0.trap`", "give_up", /IC0503.*[Nn]othing was changed/],
		[5, "IC0506", "Canister x did not reply to the call", "give_up", /IC0506.*blob store/],
		[5, "IC0507", "Canister x is out of memory", "ask", /IC0507.*memory/],
		[5, "IC0508", "Canister x is stopped", "retry", /IC0508.*upgrade.*try again.*start it/],
		[5, "IC0509", "Canister x is stopping", "retry", /IC0509.*upgrade.*try again/],
		[5, "IC0522", "Canister exceeded the limit of 1 instructions", "give_up", /IC0522.*fewer at a time/],
		[5, "IC0532", "Canister cannot grow memory", "ask", /IC0532.*top it up/],
		[5, "IC0534", "Canister cannot grow memory", "ask", /IC0534.*reserved_cycles_limit/],
		[5, "IC0535", "Canister cannot grow message memory", "ask", /IC0535.*top it up/],
		[5, "IC0536", "Canister has no update method 'x'", "fix", /IC0536.*canister id.*version/],
		[5, "IC0537", "the canister contains no Wasm module", "ask", /IC0537.*install/],
		[5, "IC0539", "Canister exceeded its Wasm memory limit", "ask", /IC0539.*wasm_memory_limit/],
		[6, undefined, "gone", "retry", /SYS_UNKNOWN.*may have been executed/],
		[9, undefined, "new", "give_up", /code 9:/],
	];
	it.each(rejections)(
		"say what to do about reject code %i, %s",
		(rejectCode, errorCode, text, action, advice) => {
			const rejectMessage = `${text}.\nConsider this and that. See documentation: https://example.org/x`;
			const details = { rejectCode, rejectMessage, errorCode, isCertified: true, method: "blobs_stat" };
			const error = new ClientError("rejected", details);
			expect(error).toMatchObject({ action, details });
			expect(error.message).toMatch(advice);
			expect(error.message).toContain(`blobs_stat was rejected`);
			// What the network says, in its own words, without what it advises the canister's developer.
			expect(error.message).toContain(`: ${text}. `);
			expect(error.message).not.toMatch(/Consider|\n|undefined|\.\./);
			expect(error.message).toMatch(/\.$/);
		},
	);

	it("say in little time what whoever is on the way has filled with anything", () => {
		const details = { rejectCode: 5, errorCode: "constructor", isCertified: true, method: "blobs_stat" };
		const startedAt = performance.now();
		const error = new ClientError("rejected", { ...details, rejectMessage: `${".".repeat(40_000)}x` });
		expect(performance.now() - startedAt).toBeLessThan(1_000);
		expect(error.action).toBe("give_up");
		expect(error.message).toMatch(/whoever runs the canister/);
		expect(error.message.length).toBeLessThan(2_000);
	});

	it("have codes that mean one thing each", () => {
		const shared = Object.keys(CLIENT_ERRORS).filter((code) => code in ERROR_TABLE);
		expect(shared).toEqual([]);
	});

	it("are known across realms, and nothing else is", () => {
		const foreign = runInNewContext(
			"Object.assign(new Error('x'), { code: 'network', [Symbol.for('canister-blobs.BlobError')]: true })",
		);
		expect(foreign).not.toBeInstanceOf(Error);
		expect(isBlobError(foreign)).toBe(true);
		expect(isBlobError(foreign, "network")).toBe(true);
		expect(isBlobError(foreign, "timeout")).toBe(false);
		for (const other of [undefined, null, "network", new Error("x"), { code: "network" }])
			expect(isBlobError(other)).toBe(false);
	});
});
