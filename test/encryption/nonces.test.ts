import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Download } from "../../src/client/download/download.js";
import type { RandomAccessSource } from "../../src/client/index.js";
import { openSource } from "../../src/client/source/open.js";
import { startUpload } from "../../src/client/upload/index.js";
import { Encryption, MasterKey } from "../../src/encryption/index.js";
import { padded } from "../../src/encryption/layout.js";
import { SealedSource } from "../../src/encryption/sealed-source.js";
import { type Call, MemoryStore, pseudoBytes } from "../client/support/memory-store.js";
import { recordSeals, type Seals } from "./support/seals.js";

/** Property 51 of the checklist: no pair of key and nonce ever seals two plaintexts. */

const CHUNK = 65_536;
const MASTER = pseudoBytes(32, 51);
const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());

/** Numbers that are the same in every run: a failure can be looked at again. */
function numbers(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
}

let seals: Seals;
beforeEach(() => {
	seals = recordSeals();
});
afterEach(() => seals.stop());

/** What a network may say of uploads that are open, and of the chunks that they hold. */
function lie(next: (below: number) => number, { method }: Call, answer: unknown): unknown {
	if (method === "blobs_upload_status" && next(3) === 0) {
		const { leaves, ...rest } = answer as { leaves: Uint8Array };
		return { ...rest, leaves: next(2) === 0 ? leaves.map((byte) => byte ^ 1) : leaves.slice(0, 0) };
	}
	if (method === "blobs_list_uploads" && next(3) === 0) return { uploads: [], next: [] };
	return answer;
}

/** Reads its bytes as they are now; they may be edited at any time, between the hash and the seal, too. */
const editable = (bytes: Uint8Array, onRead: () => void): RandomAccessSource => ({
	size: bytes.length,
	read: (start, end) => {
		onRead();
		return bytes.subarray(start, end);
	},
});

describe("C51 no pair of key and nonce seals two plaintexts", () => {
	test("over random edits, kills, resumes, processes at once, larger and smaller chunks, and a network that lies", async () => {
		let [stored, changed] = [0, 0];
		for (let seed = 1; seed <= 12; seed++) {
			const next = numbers(seed);
			const store = new MemoryStore();
			let isLying = true;
			store.hooks.answer = (call, answer) => (isLying ? lie(next, call, answer) : answer);
			const bytes = pseudoBytes(2 * CHUNK + next(2 * CHUNK), seed);
			const edit = () => {
				const at = next(bytes.length);
				bytes[at] = (bytes[at] as number) ^ (1 + next(255));
			};
			// A process of its own has its own client and its own keys, out of the same master.
			const attempt = async (isCut: boolean) => {
				const encryption = await Encryption.of({
					masterKey: await MasterKey.of(MASTER),
					deduplicate: next(4) === 0,
				});
				const chunkBytes = next(4) === 0 ? CHUNK + 4_096 : CHUNK;
				const context = store.context({ chunkBytes, encryption });
				if (next(3) === 0) context.sendLimit.bytes = CHUNK;
				const controller = new AbortController();
				let reads = 0;
				const onRead = () => {
					if (next(12) === 0) edit();
					if (isCut && ++reads === 4 + next(4)) controller.abort(new Error("killed"));
				};
				const source =
					next(4) === 0
						? (async function* () {
								yield bytes.slice(0, CHUNK);
								onRead();
								yield bytes.slice(CHUNK);
							})()
						: editable(bytes, onRead);
				try {
					await startUpload(context, source, { key: `f/${next(2)}`, signal: controller.signal }).done;
					stored++;
				} catch (error) {
					if ((error as { code: string }).code === "source_changed") changed++;
				}
			};
			for (let round = 0; round < 4; round++) {
				await Promise.all(Array.from({ length: 1 + next(3) }, () => attempt(next(2) === 0)));
				if (next(2) === 0) edit();
			}
			expect(seals.repeated(), `seed ${seed}`).toEqual([]);
			isLying = false;
		}
		// The histories have gone where they were to go.
		expect(stored).toBeGreaterThan(20);
		expect(changed).toBeGreaterThan(5);
		expect(seals.all.length).toBeGreaterThan(100);
		expect(seals.all.some(({ key }) => key === "unknown")).toBe(false);
	});

	test("an upload that goes on in another process seals the same", async () => {
		const store = new MemoryStore();
		const bytes = pseudoBytes(5 * CHUNK, 7);
		const open = async () =>
			store.context({
				chunkBytes: CHUNK,
				encryption: await Encryption.of({ masterKey: await MasterKey.of(MASTER) }),
			});
		const killed = new AbortController();
		store.hooks.before = ({ method, nth }) => {
			if (method === "blobs_put_chunk" && nth === 3) killed.abort(new Error("killed"));
		};
		const first = startUpload(await open(), bytes, { key: "f", signal: killed.signal });
		await expect(first.done).rejects.toMatchObject({ code: "aborted" });
		store.hooks = {};
		const transfer = startUpload(await open(), bytes, { key: "f" });
		await transfer.done;
		expect(transfer.progress.reused).toBeGreaterThan(0);
		expect(Buffer.compare(await new Download(await open(), "f", {}).bytes(), bytes)).toBe(0);
		expect(seals.repeated()).toEqual([]);
	});

	test("the recorder finds a key that is derived from too little", async () => {
		const layout = (size: number) => ({ size, padded: padded(size), frameBytes: CHUNK - 16 });
		const key = sha256(Buffer.from("of the name alone"));
		for (const edit of [0, 1]) {
			const bytes = pseudoBytes(2 * CHUNK, 3);
			bytes[70_000] = edit;
			const source = new SealedSource(openSource(bytes), layout(bytes.length), sha256, async () => key);
			await source.chunk(0, CHUNK);
			await source.chunk(1, CHUNK);
		}
		expect(seals.repeated()).toEqual([`${Buffer.from(key).toString("hex")} ${"0".repeat(23)}1`]);
	});

	test("what changes between hash and seal is not sealed", async () => {
		const store = new MemoryStore();
		const bytes = pseudoBytes(3 * CHUNK, 9);
		let reads = 0;
		// The whole is read to be hashed in 4 reads; the next ones are those that are sealed.
		const source = editable(bytes, () => {
			if (++reads === 6) bytes[CHUNK + 5]! ^= 1;
		});
		const context = store.context({
			chunkBytes: CHUNK,
			concurrency: { uploads: 1, downloads: 1 },
			encryption: await Encryption.of({ masterKey: await MasterKey.of(MASTER) }),
		});
		await expect(startUpload(context, source, { key: "f" }).done).rejects.toMatchObject({
			code: "source_changed",
			details: { reason: expect.stringMatching(/^chunk 1 has other bytes than when it was hashed/) },
		});
		expect(seals.all.map(({ nonce }) => nonce)).toEqual(["0".repeat(24)]);
	});
});
