import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, describe, expect, it, vi } from "vitest";
import {
	BlobClient,
	type BlobSource,
	fromPath,
	type RandomAccessSource,
} from "../../src/client/node/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";
import { failure, readAll, S, SIZE as SIZE_OF_MANY } from "./support/transfers.js";

/** Memory of an upload: a chunk and the message around it share one buffer where possible. */

const SIZE = 100_000;
const bytes = pseudoBytes(SIZE);
const directory = await mkdtemp(join(tmpdir(), "blobs-room-"));
afterAll(() => rm(directory, { recursive: true }));

/** Uploads to a host that refuses, and answers what it was sent: the body of the one request. */
async function bodyOf(source: BlobSource): Promise<Uint8Array> {
	const bodies: Uint8Array[] = [];
	const agent = HttpAgent.createSync({
		host: "http://127.0.0.1:1",
		identity: Ed25519KeyIdentity.generate(),
		fetch: async (_url, init) => {
			bodies.push(init?.body as Uint8Array);
			return new Response("no", { status: 400 });
		},
	});
	await failure(new BlobClient({ agent, canisterId: "aaaaa-aa" }).upload(source, { key: "a" }).done);
	expect(bodies).toHaveLength(1);
	return bodies[0]!;
}

/** Where in the body the blob is: at its end. */
const carried = (body: Uint8Array) => body.subarray(body.length - SIZE);

describe("the signed message is made around the chunk, without a copy", () => {
	it("of a source that fills what it is given", async () => {
		const given: ArrayBufferLike[] = [];
		const body = await bodyOf({
			size: SIZE,
			read: () => Promise.reject(new Error("it would have to be copied")),
			readInto: (start, target) => {
				given.push(target.buffer);
				target.set(bytes.subarray(start, start + target.length));
			},
		});
		expect(given).toEqual([body.buffer]);
		expect(Buffer.compare(carried(body), bytes)).toBe(0);
	});

	it("of a file", async () => {
		const path = join(directory, "file");
		await writeFile(path, bytes);
		const source = (await fromPath(path)) as RandomAccessSource;
		const read = vi.spyOn(source, "read");
		expect(Buffer.compare(carried(await bodyOf(source)), bytes)).toBe(0);
		expect(read).not.toHaveBeenCalled();
	});
});

it("a chunk that has arrived leaves its buffer to a later one", async () => {
	const store = new MemoryStore();
	const given = new Set<ArrayBufferLike>();
	const content = pseudoBytes(SIZE_OF_MANY);
	const context = store.context({ chunkBytes: S, concurrency: { uploads: 3, downloads: 3 } });
	await startUpload(
		context,
		{
			size: content.length,
			read: () => Promise.reject(new Error("it would have to be copied")),
			readInto: (start, target) => {
				given.add(target.buffer);
				target.set(content.subarray(start, start + target.length));
			},
		},
		{ key: "a/b" },
	).done;
	// Three under way, one in hand, one read when its predecessor was not given back yet; and the last, which is shorter.
	expect(given.size).toBeLessThanOrEqual(6);
	expect(Buffer.compare(await readAll(context), content)).toBe(0);
});

it("never writes around bytes that are the caller's", async () => {
	const whole = new Uint8Array(SIZE + 65_536).fill(7);
	const own = whole.subarray(32_768, 32_768 + SIZE);
	own.set(bytes);
	const body = await bodyOf({ size: SIZE, read: () => own });
	expect(Buffer.compare(carried(body), bytes)).toBe(0);
	expect(body.buffer).not.toBe(whole.buffer);
	expect(new Set(whole.subarray(0, 32_768))).toEqual(new Set([7]));
});
