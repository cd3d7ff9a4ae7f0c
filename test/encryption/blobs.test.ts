import { createHash } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { stat } from "../../src/client/blobs/stat.js";
import type { ClientContext } from "../../src/client/context.js";
import { Download } from "../../src/client/download/download.js";
import type {
	BlobClientOptions,
	BlobSource,
	UploadItem,
	UploadManyOptions,
	UploadOptions,
} from "../../src/client/index.js";
import { startBatch } from "../../src/client/upload/batch/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { ENVELOPE } from "../../src/encryption/envelope.js";
import { Encryption, type EncryptionOptions, MasterKey } from "../../src/encryption/index.js";
import { padded } from "../../src/encryption/layout.js";
import { MemoryStore, pseudoBytes } from "../client/support/memory-store.js";

const CHUNK = 65_536;
const FRAME = CHUNK - 16;

const keyOf = (seed: number) => MasterKey.of(pseudoBytes(32, seed));

async function open(
	store: MemoryStore,
	encryption: Partial<EncryptionOptions> = {},
	options: Partial<BlobClientOptions> = {},
): Promise<ClientContext> {
	const masterKey = encryption.masterKey ?? (await keyOf(1));
	return store.context({
		chunkBytes: CHUNK,
		encryption: await Encryption.of({ ...encryption, masterKey }),
		...options,
	});
}

const upload = (context: ClientContext, source: BlobSource, options: Partial<UploadOptions> = {}) =>
	startUpload(context, source, { key: "f", ...options });
const read = (context: ClientContext, key = "f") => new Download(context, key, {}).bytes();
const same = (a: Uint8Array, b: Uint8Array) => expect(Buffer.compare(a, b)).toBe(0);
const raw = (store: MemoryStore, key = "f") => stat(store.context(), key);

async function* streamOf(bytes: Uint8Array, step = 10_000) {
	for (let at = 0; at < bytes.length; at += step) yield bytes.slice(at, at + step);
}

describe("C116 a blob that is encrypted comes back as it was", () => {
	const SIZES = [0, 1, 255, 256, 257, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 3 * FRAME + 77, 300_000];

	test.each(SIZES)("of %s bytes, from bytes and from a stream", async (size) => {
		const store = new MemoryStore();
		const context = await open(store);
		const bytes = pseudoBytes(size, 5);
		for (const source of [bytes, streamOf(bytes)]) {
			const manifest = await upload(context, source, {
				contentType: "text/x-secret",
				metadata: { author: "ann" },
				allowEmpty: true,
			}).done;
			expect(manifest).toMatchObject({ size, contentType: "text/x-secret", metadata: { author: "ann" } });
			same(await read(await open(store)), bytes);
			const stored = await raw(store);
			expect(stored.size).toBe(padded(size) + 16 * Math.ceil(padded(size) / FRAME));
		}
	});

	test("every range of it, by the chunks that hold it", async () => {
		const store = new MemoryStore();
		const context = await open(store);
		const bytes = pseudoBytes(5 * FRAME + 9, 5);
		await upload(context, bytes).done;
		for (const [start, end] of [
			[0, 1],
			[FRAME - 1, FRAME + 1],
			[FRAME, 2 * FRAME],
			[2 * FRAME + 5, 4 * FRAME],
			[bytes.length - 3, bytes.length],
			[bytes.length, bytes.length],
		] as const) {
			store.calls.length = 0;
			const download = new Download(await open(store), "f", { range: { start, end } });
			same(await download.bytes(), bytes.subarray(start, end));
			const chunks = end > start ? Math.ceil(end / FRAME) - Math.floor(start / FRAME) : 0;
			expect(store.count("blobs_get_chunk"), `${start}-${end}`).toBe(chunks);
		}
		const parts: Uint8Array[] = [];
		for await (const part of new Download(context, "f", {})) parts.push(part);
		same(Buffer.concat(parts), bytes);
		const blob = await new Download(context, "f", {}).blob();
		same(new Uint8Array(await blob.arrayBuffer()), bytes);
	});

	test("also where the chunks of the store had to be halved on the way", async () => {
		const store = new MemoryStore();
		const context = await open(store, {}, { chunkBytes: 2 * CHUNK });
		context.sendLimit.bytes = CHUNK + 1_000;
		const bytes = pseudoBytes(500_000, 5);
		await upload(context, bytes).done;
		expect((await raw(store)).chunkBytes).toBe(CHUNK + 1_000);
		same(await read(context), bytes);
		same(
			await new Download(context, "f", { range: { start: 200_000, end: 400_000 } }).bytes(),
			bytes.subarray(200_000, 400_000),
		);
	});

	test("with many others in one message, and again without sending what is stored", async () => {
		const store = new MemoryStore();
		const context = await open(store, { names: true });
		const items = (type?: string): UploadItem[] =>
			Array.from({ length: 20 }, (_, i) => ({
				key: `d/${i}`,
				source: pseudoBytes(i === 19 ? 3 * CHUNK : 1_000 + i, i + 1),
				...(type && { contentType: type }),
			}));
		const all = (list: UploadItem[], options: UploadManyOptions = {}) => startBatch(context, list, options);
		const first = all(items());
		expect(await first.done).toMatchObject({ uploaded: 20, failed: 0 });
		expect(first.progress).toMatchObject({ loaded: first.progress.total });
		same(await read(context, "d/7"), pseudoBytes(1_007, 8));
		same(await read(context, "d/19"), pseudoBytes(3 * CHUNK, 20));
		const again = await all(items(), { skipUnchanged: true, prefix: "" }).done;
		expect(again).toMatchObject({ unchanged: 20, uploaded: 0 });
		expect(again.items[7]).toMatchObject({ key: "d/7", manifest: { key: "d/7", size: 1_007 } });
		const renamed = await all(items("text/plain"), { skipUnchanged: true }).done;
		expect(renamed).toMatchObject({ updated: 20, failed: 0 });
		const manifest = await new Download(context, "d/7", {}).manifest();
		expect(manifest).toMatchObject({ contentType: "text/plain", size: 1_007 });
		same(await read(context, "d/7"), pseudoBytes(1_007, 8));
	});
});

describe("C50 the store is told nothing of an encrypted blob but its padded size", () => {
	test("no plaintext, hash, type or size in what it is sent", async () => {
		const store = new MemoryStore();
		const bytes = Buffer.from("the same secret sentence, again and again. ".repeat(4_000));
		const wholeSha256 = new Uint8Array(createHash("sha256").update(bytes).digest());
		const context = await open(store, { names: true });
		const options = {
			key: "clients/ann smith",
			contentType: "text/x-secret",
			metadata: { note: "hush" },
			wholeSha256,
		};
		await upload(context, bytes, options).done;
		await startBatch(context, [{ ...options, key: "clients/bob", source: bytes.subarray(0, 500) }], {}).done;
		const said = store.calls.flatMap(({ args }) =>
			JSON.stringify(args, (_, value) =>
				typeof value === "bigint"
					? value.toString()
					: value instanceof Uint8Array
						? `${Buffer.from(value).toString("hex")} ${Buffer.from(value).toString("latin1")}`
						: value,
			),
		);
		const leaf = createHash("sha256").update(bytes.subarray(0, FRAME)).digest("hex");
		const secrets = ["ann smith", "clients", "x-secret", "hush", "secret sentence", leaf, `${bytes.length}`];
		for (const secret of [...secrets, Buffer.from(wholeSha256).toString("hex")])
			expect(
				said.filter((text) => text.includes(secret)),
				secret,
			).toEqual([]);
	});

	test("sizes of one class look alike, and so do types", async () => {
		const seen = new Set<string>();
		for (const [size, contentType] of [
			[100_000, "text/plain"],
			[100_001, "image/png"],
			[98_400, "application/x-tar"],
		] as const) {
			const store = new MemoryStore();
			await upload(await open(store), pseudoBytes(size, 3), { contentType }).done;
			const { size: stored, contentType: type, metadata } = await raw(store);
			seen.add(`${stored} ${type} ${metadata[ENVELOPE]?.length} ${Object.keys(metadata)}`);
		}
		expect([...seen]).toHaveLength(1);
	});

	test.each([1, 255, 256, 1_000, 10_001, 1_234_567, 10 ** 9 + 7, 2 ** 40 + 1])(
		"a size of %s is padded by at most 12 percent, or to 256 bytes",
		(size) => {
			expect(padded(size)).toBeGreaterThanOrEqual(size);
			expect(padded(size)).toBeLessThanOrEqual(Math.max(256, size * 1.12));
		},
	);

	test("equal blobs look equal only under one key, or where they are to be deduplicated", async () => {
		const store = new MemoryStore();
		const bytes = pseudoBytes(2 * CHUNK, 4);
		const [plain, dedup] = [await open(store), await open(store, { deduplicate: true })];
		const rootOf = async (context: ClientContext, key: string) =>
			Buffer.from((await upload(context, bytes, { key }).done).root).toString("hex");
		expect(await rootOf(plain, "a")).toBe(await rootOf(plain, "a"));
		expect(await rootOf(plain, "a")).not.toBe(await rootOf(plain, "b"));
		expect(await rootOf(dedup, "a")).toBe(await rootOf(dedup, "b"));
		expect(await rootOf(dedup, "a")).not.toBe(await rootOf(plain, "a"));
		const other = await open(store, { deduplicate: true, masterKey: await keyOf(2) });
		expect(await rootOf(dedup, "a")).not.toBe(await rootOf(other, "a"));
	});
});

describe("C118 what was changed, moved or cut is noticed", () => {
	/** Publishes other bytes under the envelope of a blob, as whoever runs the store could. */
	async function forged(
		change: (sealed: Uint8Array, chunks: Uint8Array[]) => Uint8Array,
		source?: BlobSource,
	) {
		const store = new MemoryStore();
		await upload(await open(store), source ?? pseudoBytes(3 * FRAME, 6)).done;
		const sealed = await new Download(store.context(), "f", {}).bytes();
		const chunks = Array.from({ length: Math.ceil(sealed.length / CHUNK) }, (_, i) =>
			sealed.slice(i * CHUNK, (i + 1) * CHUNK),
		);
		const { metadata } = await raw(store);
		await startUpload(store.context({ chunkBytes: CHUNK }), change(sealed, chunks), { key: "f", metadata })
			.done;
		return read(await open(store));
	}
	const damage = { code: "decryption_failed" };

	test("one bit", async () => {
		const flipped = forged((sealed) => {
			sealed[70_000]! ^= 1;
			return sealed;
		});
		await expect(flipped).rejects.toMatchObject(damage);
	});

	test("two chunks that changed places, of bytes and of a stream", async () => {
		const swap = (_: Uint8Array, [a, b, ...rest]: Uint8Array[]) => Buffer.concat([b!, a!, ...rest]);
		await expect(forged(swap)).rejects.toMatchObject(damage);
		await expect(forged(swap, streamOf(pseudoBytes(3 * FRAME, 6)))).rejects.toMatchObject(damage);
	});

	test("a chunk that was cut off, or put behind", async () => {
		await expect(forged((sealed) => sealed.slice(0, 2 * CHUNK))).rejects.toMatchObject(damage);
		await expect(forged((sealed, [a]) => Buffer.concat([sealed, a!]))).rejects.toMatchObject(damage);
	});

	test("a chunk of another blob of the same length", async () => {
		const store = new MemoryStore();
		const context = await open(store);
		for (const [key, seed] of [
			["f", 1],
			["g", 2],
		] as const)
			await upload(context, pseudoBytes(2 * FRAME, seed), { key }).done;
		const [f, g] = await Promise.all(["f", "g"].map((key) => new Download(store.context(), key, {}).bytes()));
		const { metadata } = await raw(store);
		const mixed = Buffer.concat([f!.subarray(0, CHUNK), g!.subarray(CHUNK)]);
		await startUpload(store.context({ chunkBytes: CHUNK }), mixed, { key: "f", metadata }).done;
		await expect(read(context)).rejects.toMatchObject(damage);
	});

	test("an envelope that was changed, and one of another blob", async () => {
		const store = new MemoryStore();
		const context = await open(store);
		await upload(context, pseudoBytes(1_000, 1), { key: "f" }).done;
		await upload(context, pseudoBytes(1_000, 2), { key: "g" }).done;
		const sealed = await new Download(store.context(), "f", {}).bytes();
		const publish = (metadata: Record<string, string>) =>
			startUpload(store.context({ chunkBytes: CHUNK }), sealed, { key: "f", metadata });
		await publish((await raw(store, "g")).metadata as Record<string, string>).done;
		await expect(read(context)).rejects.toMatchObject(damage);
		const own = (await raw(store, "g")).metadata[ENVELOPE] as string;
		await publish({ [ENVELOPE]: `${own.slice(0, -1)}${own.endsWith("A") ? "B" : "A"}` }).done;
		await expect(read(context)).rejects.toMatchObject(damage);
	});

	test("without the key it is a typed error that names it, with an older one it is read", async () => {
		const store = new MemoryStore();
		await upload(await open(store), pseudoBytes(1_000, 1)).done;
		const [first, second] = [await keyOf(1), await keyOf(2)];
		await expect(read(await open(store, { masterKey: second }))).rejects.toMatchObject({
			code: "encryption_key_missing",
			details: { masterKey: first.id },
		});
		same(await read(await open(store, { masterKey: second, olderKeys: [first] })), pseudoBytes(1_000, 1));
	});
});

describe("C119 what cannot be encrypted is refused", () => {
	afterEach(() => vi.restoreAllMocks());

	test("a page without WebCrypto", async () => {
		vi.spyOn(globalThis.crypto, "subtle", "get").mockReturnValue(undefined as never);
		await expect(MasterKey.of(pseudoBytes(32, 1))).rejects.toMatchObject({ code: "encryption_unavailable" });
	});

	test("`encrypt` without an encryption", async () => {
		const transfer = startUpload(new MemoryStore().context(), pseudoBytes(9), { key: "f", encrypt: true });
		await expect(transfer.done).rejects.toMatchObject({ code: "encryption_unavailable" });
	});

	test("a stream that shall be resumed, and one whose session is lost", async () => {
		const store = new MemoryStore();
		const context = await open(store);
		const asked = upload(context, streamOf(pseudoBytes(10)), { resume: true });
		await expect(asked.done).rejects.toMatchObject({ code: "source_not_repeatable" });
		store.hooks.before = async ({ method, args, nth }) => {
			if (method === "blobs_put_chunk" && nth === 2) await store.direct("blobs_abort_upload", args[0]);
		};
		const lost = upload(context, streamOf(pseudoBytes(5 * CHUNK)));
		await expect(lost.done).rejects.toMatchObject({ code: "source_not_repeatable" });
	});

	test("a stream never takes up an upload that another began", async () => {
		const store = new MemoryStore();
		const killed = new AbortController();
		store.hooks.before = ({ method, nth }) => {
			if (method === "blobs_put_chunk" && nth === 2) killed.abort();
		};
		const bytes = pseudoBytes(4 * CHUNK, 2);
		const first = upload(await open(store), streamOf(bytes), { size: bytes.length, signal: killed.signal });
		await expect(first.done).rejects.toMatchObject({ code: "aborted" });
		store.hooks = {};
		const transfer = upload(await open(store), streamOf(bytes), { size: bytes.length });
		await transfer.done;
		expect(transfer.progress.reused).toBe(0);
		same(await read(await open(store)), bytes);
	});

	test("type and metadata that are too long once they are sealed, before anything is read", async () => {
		const store = new MemoryStore();
		const source = { size: 10, read: vi.fn(() => new Uint8Array(10)) };
		const transfer = upload(await open(store), source, { metadata: { a: "x".repeat(3_500) } });
		await expect(transfer.done).rejects.toMatchObject({
			code: "option_invalid",
			details: { option: "metadata" },
		});
		expect(source.read).not.toHaveBeenCalled();
	});

	test("a key that is too long once it is sealed", async () => {
		const transfer = upload(await open(new MemoryStore(), { names: true }), pseudoBytes(9), {
			key: "k".repeat(800),
		});
		await expect(transfer.done).rejects.toMatchObject({ code: "invalid_argument" });
	});
});
