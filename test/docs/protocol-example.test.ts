import { createHash } from "node:crypto";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { expect, test } from "vitest";
import { decodeArgs } from "../../src/canister/candid/codec.js";
import {
	chunkCount,
	chunkLength,
	MAX_CHUNK_BYTES,
	METHODS,
	manifests,
	publicManifestPath,
	rootPreimage,
} from "../../src/protocol/index.js";
import { Manifest } from "../../src/protocol/wire/blob.js";
import { idlOf, idlsOf } from "../support/idl.js";
import { blocksIn, readDocument, sectionOf } from "./document.js";

/** The worked example of docs/PROTOCOL.md, computed again. */

const S = 65_536;
const first = Buffer.alloc(S, "a");
const last = Buffer.from("hello");
const size = BigInt(first.length + last.length);
const id = Uint8Array.from({ length: 16 }, (_, i) => i);

const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The named hex of the document; spaces and the lines that follow a name belong to it. */
const vectors = new Map(
	blocksIn(sectionOf(readDocument("PROTOCOL.md"), "Worked example"), "vectors")
		.flatMap((block) => block.split(/\n(?! )/))
		.filter((entry) => entry !== "")
		.map((entry): [string, string] => {
			const [name, value] = entry.split(":") as [string, string];
			return [name, value.replace(/\s/g, "")];
		}),
);
const given = (name: string): string => vectors.get(name) ?? `no vector named ${name}`;
const bytes = (name: string): Uint8Array => Uint8Array.from(Buffer.from(given(name), "hex"));

test("leaves, preimage and root", () => {
	expect(chunkCount(size, S)).toBe(2);
	expect([0, 1].map((index) => chunkLength(size, S, index))).toEqual([first.length, last.length]);
	const leaves = [sha256(first), sha256(last)];
	const preimage = rootPreimage(size, S, Buffer.concat(leaves));
	expect(given("leaf 0")).toBe(hex(leaves[0]!));
	expect(given("leaf 1")).toBe(hex(leaves[1]!));
	expect(given("root preimage")).toBe(hex(preimage));
	expect(given("root")).toBe(hex(sha256(preimage)));
});

test("the preimage from the document's own words, without src/protocol", () => {
	const header = Buffer.alloc(32);
	header.write("canister-blobs root1", "ascii");
	header.writeBigUInt64BE(size, 20);
	header.writeUInt32BE(S, 28);
	expect(given("root preimage")).toBe(hex(Buffer.concat([header, sha256(first), sha256(last)])));
});

test("the Candid of begin and put, which the canister's own decoder reads", () => {
	const begin = { id, key: "docs/a", size: [size] as [bigint], chunk_size: S };
	expect(given("begin argument")).toBe(hex(IDL.encode(idlsOf(METHODS.blobs_begin_upload.args), [begin])));
	expect(decodeArgs("blobs_begin_upload", bytes("begin argument"))).toEqual([begin]);
	expect(given("put argument")).toBe(hex(IDL.encode(idlsOf(METHODS.blobs_put_chunk.args), [id, 1, last])));
	const [putId, index, chunk] = decodeArgs("blobs_put_chunk", bytes("put argument"));
	expect([hex(putId), index, hex(chunk)]).toEqual([hex(id), 1, hex(last)]);
	const reply = IDL.encode([idlOf(METHODS.blobs_put_chunk.result)], [{ ok: sha256(last) }]);
	expect(hex(reply).endsWith(given("put reply ends"))).toBe(true);
});

test("blobs of one call", () => {
	const hello = rootPreimage(5n, MAX_CHUNK_BYTES, sha256(last));
	const empty = rootPreimage(0n, MAX_CHUNK_BYTES, new Uint8Array(0));
	expect(given("hello preimage")).toBe(hex(hello));
	expect(given("hello root")).toBe(hex(sha256(hello)));
	expect(given("empty preimage")).toBe(hex(empty));
	expect(given("empty root")).toBe(hex(sha256(empty)));
	expect(vectors.size).toBe(13);
});

test("the bytes of a manifest, which any reader of Candid reads, and their hash", () => {
	const at = 1_800_000_000_000_000_000n;
	const manifest = {
		key: "docs/a",
		sequence: 1n,
		canister_version: 7n,
		root: bytes("root"),
		size,
		chunk_size: S,
		content_type: "text/plain",
		visibility: "public",
		owner: Principal.fromUint8Array(Uint8Array.from(Buffer.from("000000000000002a0101", "hex"))),
		created_at: at,
		modified_at: at,
		metadata: [["by", "anna"]] as [string, string][],
		sha256: [] as [],
		expires_at: [] as [],
	};
	expect(given("manifest")).toBe(hex(manifests.encode(manifest)));
	expect(bytes("manifest").length).toBe(222);
	expect(manifests.decode(bytes("manifest"))).toEqual(manifest);
	expect(IDL.decode([idlOf(Manifest)], bytes("manifest"))).toEqual([manifest]);
	expect(given("manifest hash")).toBe(hex(sha256(bytes("manifest"))));
	// The place that the document names is the one where readers look for it.
	expect(publicManifestPath("docs/a").map((label) => Buffer.from(label).toString())).toEqual([
		...["http_expr", "docs", "a", "<$>", "manifest"],
	]);
});
