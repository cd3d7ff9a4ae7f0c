import { runInNewContext } from "node:vm";
import { IDL } from "@dfinity/candid";
import { describe, expect, it } from "vitest";
import { CLIENT_ERRORS, type ClientErrorCode } from "../../src/client/client-errors.js";
import { BlobError, CanisterError, ClientError, isBlobError } from "../../src/client/index.js";
import { ERROR_TABLE, type ErrorCode, type WireError } from "../../src/protocol/index.js";

const ACTIONS = ["retry", "fix", "give_up", "ask"];

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
		expect(error.message.length).toBeGreaterThan(20);
		expect(isBlobError(error, code)).toBe(true);
	});

	const samples: { [Code in ClientErrorCode]: ConstructorParameters<typeof ClientError<Code>>[1] } = {
		aborted: { reason: "r" },
		network: { url: "u" },
		timeout: { waitedMs: 1, waitedFor: "answer" },
		http: { status: 503, body: "b", retryAfterMs: undefined },
		rejected: { rejectCode: 4, rejectMessage: "m", errorCode: "IC0406", method: "x" },
		certificate_invalid: { reason: "r" },
		certificate_stale: { from: new Date(0), ageMs: 2, maxAgeMs: 1 },
		witness_invalid: { reason: "r" },
		manifest_corrupt: { key: "k", reason: "r" },
		feed_corrupt: { sequence: 1n, reason: "r" },
		reply_invalid: { method: "m", reason: "r" },
		chunk_corrupt: { index: 1, attempts: 3 },
		leaves_corrupt: { key: "k", attempts: 3 },
		source_changed: { reason: "r" },
		source_too_short: { expected: 2, actual: 1 },
		source_too_long: { expected: 1 },
		source_invalid: { got: "text" },
		source_failed: { reason: "r" },
		source_not_repeatable: { reason: "r" },
		message_too_large: { bytes: 2, limit: 1, over: 1 },
		identity_expired: { expiredAt: new Date(0) },
		identity_differs: { expected: "a", actual: "b" },
		identity_unusable: { reason: "r" },
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
		expect(isBlobError(error, code)).toBe(true);
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
