import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stat } from "../../src/client/blobs/stat.js";
import { Download } from "../../src/client/download/download.js";
import { startUpload } from "../../src/client/upload/index.js";
import { ENVELOPE } from "../../src/encryption/envelope.js";
import { Encryption, KeyFile, MasterKey } from "../../src/encryption/index.js";
import { padded } from "../../src/encryption/layout.js";
import { Names } from "../../src/encryption/names.js";
import { MemoryStore } from "../client/support/memory-store.js";

/** Test vectors of vectors.py, a second implementation (docs/ENCRYPTION.md). */

interface BlobVector {
	readonly size: number;
	readonly name: string | null;
	readonly frame: number;
	readonly key: string;
	readonly sealedSize: number;
	readonly sealedSha256: string;
	readonly envelope: string;
}

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, "vectors/vectors.json"), "utf8")) as {
	master: string;
	id: string;
	envelopeKey: string;
	namesKey: string;
	padded: [number, number][];
	blobs: BlobVector[];
	stream: { size: number; sealed: string; envelope: string };
	names: [string, string][];
	keyFile: string;
	passphrase: string;
};

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const plaintext = (size: number) =>
	Uint8Array.from({ length: size }, (_, at) => (7 * at + Math.floor(at / 251)) % 256);
const master = () => MasterKey.of(Buffer.from(vectors.master, "hex"));

describe("C120 a second implementation makes the same", () => {
	test("ids and keys out of a master key", async () => {
		const key = await master();
		expect(key.id).toBe(vectors.id);
		expect(hex(await key.derive("envelope", 64))).toBe(vectors.envelopeKey);
		expect(hex(await key.derive("names", 64))).toBe(vectors.namesKey);
	});

	test("padded sizes", () => {
		for (const [size, expected] of vectors.padded) expect(padded(size), `${size}`).toBe(expected);
	});

	test.each(vectors.blobs)(
		"a blob of $size bytes under the name $name",
		async ({ name, frame, ...expected }) => {
			const store = new MemoryStore();
			const encryption = await Encryption.of({ masterKey: await master(), deduplicate: name === null });
			const context = store.context({ chunkBytes: frame + 16, encryption });
			const key = name ?? "f";
			const said = { contentType: "text/plain", metadata: { author: "ann" } };
			await startUpload(context, plaintext(expected.size), { key, ...said }).done;
			const sealed = await new Download(store.context(), key, {}).bytes();
			expect(sealed.length).toBe(expected.sealedSize);
			expect(createHash("sha256").update(sealed).digest("hex")).toBe(expected.sealedSha256);
			expect((await stat(store.context(), key)).metadata).toEqual({ [ENVELOPE]: expected.envelope });
		},
	);

	test("a stream, under a random key, is opened", async () => {
		const { size, sealed, envelope } = vectors.stream;
		const store = new MemoryStore();
		await startUpload(store.context(), Buffer.from(sealed, "hex"), {
			key: "f",
			metadata: { [ENVELOPE]: envelope },
		}).done;
		const context = store.context({ encryption: await Encryption.of({ masterKey: await master() }) });
		const download = new Download(context, "f", {});
		expect(await download.manifest()).toMatchObject({ size, contentType: "text/plain" });
		expect(hex(await download.bytes())).toBe(hex(plaintext(size)));
	});

	test("names", async () => {
		const names = new Names(await (await master()).derive("names", 64));
		for (const [key, sealed] of vectors.names) {
			expect(names.seal(key)).toBe(sealed);
			expect(names.open(sealed)).toBe(key);
		}
	});

	test("a key file for a passphrase is opened", async () => {
		const opened = await KeyFile.parse(vectors.keyFile).open({ passphrase: vectors.passphrase });
		expect(hex(opened.secret)).toBe(vectors.master);
	});
});
