import { randomBytes } from "node:crypto";
import { IDL } from "@dfinity/candid";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeArgs, encodeReply, isAcceptable } from "../../../src/canister/candid/codec.js";
import { Refusal } from "../../../src/canister/engine/index.js";
import {
	METHODS,
	type MethodName,
	toRefusal,
	type WireError,
	WireErrorType,
} from "../../../src/protocol/index.js";
import { idlOf, idlsOf } from "../../support/idl.js";
import { runs } from "../../support/long.js";
import { newId, publication, sha256 } from "../../support/store.js";
import bombs from "./bombs.json" with { type: "json" };
import { hex, plain, valuesOf } from "./support.js";

/** Requests of every method, and what is sent in their place. */

const UNSUPPORTED = "of a later version";
const reasonFor = (name: MethodName, message: Uint8Array): string | undefined => {
	try {
		decodeArgs(name, message);
		return undefined;
	} catch (error) {
		if (error instanceof Refusal && "malformed" in error.wire) return error.wire.malformed.reason;
		if (error instanceof Refusal && "version_unsupported" in error.wire) return UNSUPPORTED;
		throw error;
	}
};
const names = Object.keys(METHODS) as MethodName[];
const argsOf = (name: MethodName) => idlsOf(METHODS[name].args);
const encode = (name: MethodName, args: unknown[]) => IDL.encode(argsOf(name), args);

describe("a bomb is refused by every method", () => {
	for (const bomb of bombs)
		test(bomb.name, () => {
			const message = hex(bomb.hex);
			for (const name of names) {
				const reason = reasonFor(name, message);
				if (bomb.mayPass && reason === undefined) continue;
				expect(reason, name).toMatch(/^[\w ,'.-]{1,80}$/);
				// What is of a later version comes as far as an answer that says so.
				expect(isAcceptable(name, message)).toBe(reason === UNSUPPORTED);
			}
		});
});

const id = newId();
const large = new Uint8Array(randomBytes(100_000));
const metadata = Array.from({ length: 32 }, (_, i): [string, string] => [`name${i}`, "é".repeat(56)]);
const published = publication(sha256(large), { metadata, sha256: [sha256(large)] });
const requests: [MethodName, unknown[]][] = [
	["blobs_begin_upload", [{ id, key: "a/b", size: [5n], chunk_size: 65536 }]],
	["blobs_put_chunk", [id, 7, large]],
	["blobs_commit_upload", [{ id, size: 5n, ...published }]],
	["blobs_abort_upload", [id]],
	["blobs_put_blob", [{ id, key: "k".repeat(1024), ...published }, large]],
	["blobs_get_chunk", ["a", { sequence: 1n, canister_version: 2n }, 0]],
	["blobs_list", [{ prefix: "", recursive: true, after: ["x"], limit: 1, min_version: [] }]],
];

describe("requests", () => {
	for (const [name, args] of requests) {
		test(`${name} is decoded to what was encoded`, () => {
			expect(decodeArgs(name, encode(name, args))).toEqual(args);
			expect(isAcceptable(name, encode(name, args))).toBe(true);
		});

		test(`${name} is decoded from any other type table`, () => {
			// Types in the reverse order, an argument and a field more: as an encoder of another language, or a later one.
			const types = argsOf(name).map((type) => {
				if (!(type instanceof IDL.RecordClass)) return type;
				return IDL.Record({ ...Object.fromEntries(type._fields), later: IDL.Opt(IDL.Text) });
			});
			const values = args.map((arg, i) =>
				argsOf(name)[i] instanceof IDL.RecordClass ? { ...(arg as object), later: [] } : arg,
			);
			const later = IDL.Opt(IDL.Vec(IDL.Nat64));
			const message = (more: [] | [bigint[]]) => IDL.encode([...types, later], [...values, more]);
			expect(decodeArgs(name, message([]))).toEqual(args);
			expect(reasonFor(name, message([[1n, 2n]]))).toBe(UNSUPPORTED);
		});
	}

	test("blobs are views into the message", () => {
		for (const extra of [[], [[]]]) {
			const args = [{ id, key: "k", ...published }, large, ...extra];
			const types = [...argsOf("blobs_put_blob"), ...extra.map(() => IDL.Opt(IDL.Bool))];
			const message = IDL.encode(types, args);
			const [request, bytes] = decodeArgs("blobs_put_blob", message);
			expect([request.id, request.root, bytes].map(({ buffer }) => buffer === message.buffer)).toEqual([
				true,
				true,
				true,
			]);
		}
	});

	test("a name that is no method is not acceptable", () => {
		expect(isAcceptable("blobs_format_disk", hex("4449444c 00 00"))).toBe(false);
	});
});

test("random arguments of every method are read as they were written, a reply written as the library does", () => {
	for (const name of names)
		fc.assert(
			fc.property(fc.tuple(...argsOf(name).map(valuesOf)), (args) => {
				expect(plain(decodeArgs(name, encode(name, args)))).toEqual(plain(args));
			}),
			runs(15, 150),
		);
	for (const name of names) {
		const type = idlOf(METHODS[name].result);
		const ok = valuesOf(type).filter((result) => "ok" in (result as object));
		fc.assert(
			fc.property(ok, valuesOf(idlOf(WireErrorType)), (result, error) => {
				expect([...encodeReply(name, result as never)]).toEqual([...IDL.encode([type], [result])]);
				const refused = { err: toRefusal(error as WireError) };
				expect([...encodeReply(name, { err: error as WireError })]).toEqual([
					...IDL.encode([type], [refused]),
				]);
			}),
			runs(15, 150),
		);
	}
});

describe("cut and changed messages", () => {
	const changes = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 3 });
	const anyRequest = fc
		.constantFrom(...names)
		.chain((name) => fc.tuple(fc.constant(name), fc.tuple(...argsOf(name).map(valuesOf))));

	test("are refused, or read as the library reads them", () => {
		fc.assert(
			fc.property(anyRequest, changes, fc.option(fc.nat(300)), ([name, args], changed, cut) => {
				const message = encode(name, args).slice(0, cut ?? Number.MAX_SAFE_INTEGER);
				for (const [at, value] of changed) if (at < message.length) message[at] = value;
				if (reasonFor(name, message) !== undefined) return;
				const ours = plain(decodeArgs(name, message));
				const theirs = decodedByLibrary(argsOf(name), message);
				if (theirs !== undefined) expect(ours).toEqual(plain(theirs));
			}),
			runs(600, 6_000),
		);
	});
});

/**
 * What the library reads; undefined for a message that declares a type of a later version of Candid, which a reader
 * must pass over by its length (Candid specification, "Type Definition", future types) and the library refuses.
 */
function decodedByLibrary(types: IDL.Type[], message: Uint8Array): unknown[] | undefined {
	try {
		return IDL.decode(types, message) as unknown[];
	} catch (error) {
		if (error instanceof Error && /^Illegal op_code: -(2[5-9]|[3-9]\d|\d{3,})$/.test(error.message))
			return undefined;
		throw error;
	}
}
