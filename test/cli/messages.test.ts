import { expect, test } from "vitest";
import { messageFor } from "../../src/cli/messages.js";
import type { ClientErrorCode } from "../../src/client/errors/client-errors.js";
import { CanisterError, ClientError } from "../../src/client/index.js";
import type { ErrorCode, WireError } from "../../src/protocol/index.js";
import { ofCanister, ofClient } from "../client/support/error-details.js";

/** Messages for a user of the command: they name options, and no advice that only a program can follow. */

/** No command makes these: they are about sources, buffers and batches of a program. */
const OF_PROGRAMS: readonly string[] = [
	"source_invalid",
	"items_failed",
	"part_not_loaded",
	"json_invalid",
	"too_large_for_memory",
	"batch_refused",
	"batch_broken",
	"batch_dropped",
	"batch_bytes_too_many",
	"batch_too_large",
	"batch_not_found",
	"batch_finished",
	"batch_revealing",
];
/** Words of the library. */
const OF_LIBRARY =
	/agent|localNetwork|trust:|allowEmpty|chunkBytes|maxBytes|stream\(|the options|option encryption|canisterId|contentType|visibility:|prepareUpload|a Blob/;

const client = (Object.keys(ofClient) as ClientErrorCode[]).map(
	(code) => new ClientError(code, ofClient[code]),
);
const canister = (Object.keys(ofCanister) as ErrorCode[]).map(
	(code) => new CanisterError({ [code]: ofCanister[code] } as unknown as WireError),
);
const more = [
	new ClientError("http", { status: 400, body: "b", retryAfterMs: undefined }),
	new ClientError("http", { status: 404, body: "<html>", retryAfterMs: undefined }),
	new ClientError("http", { status: 400, body: "canister_not_found", retryAfterMs: undefined }),
	new ClientError("http", { status: 413, body: "", retryAfterMs: undefined }),
	new ClientError("option_invalid", { option: "canisterId", reason: "it must be a principal" }),
	new ClientError("option_invalid", { option: "contentType", reason: "it is too long" }),
	new ClientError("rejected", { ...ofClient.rejected, rejectCode: 3, errorCode: "IC0301" }),
	new ClientError("rejected", { ...ofClient.rejected, rejectCode: 4, errorCode: "IC0406" }),
];

test("no word of the library's is left", () => {
	const said = [...client, ...canister, ...more]
		.filter(({ code }) => !OF_PROGRAMS.includes(code))
		.map((error) => `${error.code}: ${messageFor(error)}`);
	expect(said.length).toBeGreaterThan(70);
	// The example of an option that no command has.
	expect(said.filter((text) => OF_LIBRARY.test(text))).toEqual([
		expect.stringMatching(/^option_invalid: The argument chunkBytes/),
	]);
});

test.each<[Error, string]>([
	[
		new ClientError("range_invalid", { start: 500, end: 601, size: 100 }),
		"The range from 500 to 600 is not within",
	],
	[
		new ClientError("option_invalid", { option: "contentType", reason: "no" }),
		"The argument --type is not valid",
	],
	[
		new CanisterError({ invalid_argument: { field: "expires_at", reason: "no", limit: 0n } }),
		"The argument --expires is not valid",
	],
	[new CanisterError({ anonymous: {} }), "Give --identity."],
	[new Error("anything"), "anything"],
])("%s", (error, says) => {
	expect(messageFor(error)).toContain(says);
});
