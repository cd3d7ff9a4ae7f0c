import { randomBytes } from "node:crypto";
import { IDL } from "@dfinity/candid";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeArgs } from "../../../src/canister/candid/codec.js";
import { checkMessage } from "../../../src/canister/candid/guard.js";
import { Refusal } from "../../../src/canister/engine/index.js";
import { METHODS, type MethodName } from "../../../src/protocol/index.js";
import { newId, publication, sha256 } from "../../support/store.js";

/** The check before every decoder: what a request may be passes, what only costs work does not. */

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const reason = (act: () => unknown): string => {
	try {
		act();
		return "passed";
	} catch (error) {
		if (error instanceof Refusal && "malformed" in error.wire) return error.wire.malformed.reason;
		throw error;
	}
};

describe("bombs", () => {
	const bombs: Record<string, string> = {
		"100,000 empty records": "4449444c 02 6d7b 6d7f 02 00 01 00 80c2d72f",
		"vec of null, 2^32 of them": "4449444c 01 6d7f 01 00 ffffffff0f",
		"vec of empty record": "4449444c 02 6c00 6d00 01 01 80897a",
		"vec of reserved": "4449444c 01 6d70 01 00 80897a",
		"nested opts, one type that names itself": `4449444c 01 6e00 01 00 ${"01".repeat(40)}00`,
		"a vec of itself, deep": `4449444c 01 6d00 01 00 ${"01".repeat(40)}00`,
		"a million types": "4449444c c0843d",
		"a record with a million fields": "4449444c 01 6c c0843d",
		"a million arguments": "4449444c 00 c0843d",
		"text of 2 MB": `4449444c 00 01 71 80897a`,
		"a nat without end": `4449444c 00 01 7d ${"80".repeat(100)}00`,
		"surplus arguments": `4449444c 01 6d7f 03 00 00 00 00 00 80897a`,
		"a function reference": "4449444c 01 6a000000 01 00 01 01 00 01 61",
		"a type of the future": "4449444c 01 60 00 00",
		"an empty variant": "4449444c 01 6b00 01 00 00",
		"a type that is not there": "4449444c 00 01 05",
		"a principal of 200 bytes": `4449444c 00 01 68 01 c801 ${"00".repeat(200)}`,
		"two long blobs": `4449444c 01 6d7b 02 00 00 ${`8110 ${"00".repeat(2049)}`.repeat(2)}`,
		"a long blob in a record": `4449444c 02 6d7b 6c01 00 00 01 01 8110 ${"00".repeat(2049)}`,
	};
	for (const [name, bytes] of Object.entries(bombs))
		test(name, () => expect(reason(() => checkMessage(hex(bytes)))).not.toBe("passed"));
});

const id = newId();
const large = new Uint8Array(randomBytes(100_000));
const metadata = Array.from({ length: 32 }, (_, i): [string, string] => [`name${i}`, "x".repeat(100)]);
const published = publication(sha256(large), { metadata, sha256: [sha256(large)] });
const requests: [MethodName, unknown[]][] = [
	["blobs_begin_upload", [{ id, key: "a/b", size: [5n], chunk_size: 65536 }]],
	["blobs_put_chunk", [id, 7, large]],
	["blobs_commit_upload", [{ id, size: 5n, ...published }]],
	["blobs_abort_upload", [id]],
	["blobs_put_blob", [{ id, key: "k".repeat(1024), ...published }, large]],
	["blobs_get_chunk", ["a", 1n, 0]],
	["blobs_list", [{ prefix: "", recursive: true, after: ["x"], limit: 1, min_sequence: [] }]],
];

describe("requests", () => {
	for (const [name, args] of requests)
		test(`${name} is decoded to what was encoded`, () => {
			const decoded = decodeArgs(name, IDL.encode(METHODS[name].args, args));
			expect(decoded).toEqual(args);
		});

	test("a small blob of any length is decoded, also where it is as long as ids and hashes may be", () => {
		for (const length of [0, 1, 900, 976, 1_000, 1_023, 1_024, 1_025, 2_000]) {
			const args = [{ id, key: "k", ...published }, large.subarray(0, length)];
			const message = IDL.encode(METHODS.blobs_put_blob.args, args);
			expect(decodeArgs("blobs_put_blob", message)[1]).toEqual(args[1]);
		}
	});

	test("a put from an encoder with another type table is the same put", () => {
		const Bytes = IDL.Vec(IDL.Nat8);
		const surplus = IDL.encode([Bytes, IDL.Nat32, Bytes, IDL.Opt(IDL.Text)], [id, 7, large, ["later"]]);
		expect(decodeArgs("blobs_put_chunk", surplus)).toEqual([id, 7, large]);
		const blobLast = IDL.encode([Bytes, IDL.Nat32, Bytes, Bytes], [id, 7, id, large]);
		expect(decodeArgs("blobs_put_chunk", blobLast)).toEqual([id, 7, id]);
	});

	test("a cut or changed message is refused or decoded, and never anything else", () => {
		const messages = requests.map(([name, args]) => [name, IDL.encode(METHODS[name].args, args)] as const);
		fc.assert(
			fc.property(
				fc.constantFrom(...messages),
				fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 3 }),
				fc.option(fc.nat(300)),
				([name, message], changes, cut) => {
					const bytes = message.slice(0, cut ?? message.length);
					for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
					reason(() => decodeArgs(name, bytes));
				},
			),
			{ numRuns: 3_000 },
		);
	});
});
