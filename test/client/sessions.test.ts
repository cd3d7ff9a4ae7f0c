import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClientError } from "../../src/client/errors/errors.js";
import type { BlobSource, SessionNote, SessionStore, Transfer } from "../../src/client/index.js";
import { fileSessions } from "../../src/client/node/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { abortUpload } from "../../src/client/upload/list.js";
import { fromHex } from "../../src/client/util/bytes.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";

const S = 300_000;
const bytes = pseudoBytes(8 * S - 7);

let directory: string;
beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), "canister-blobs-sessions-"));
});
afterEach(() => rm(directory, { recursive: true }));

/** An upload that fails after this many chunks. */
async function cutOff(store: MemoryStore, sessions: SessionStore, chunks: number): Promise<void> {
	store.hooks = {
		before: ({ method, nth }) => {
			if (method === "blobs_put_chunk" && nth >= chunks) throw new ClientError("network", { url: "" });
		},
	};
	const transfer = upload(store, sessions, bytes);
	await expect(transfer.done.then(() => "whole")).rejects.toThrow();
	store.hooks = {};
	store.calls.length = 0;
}

const upload = (store: MemoryStore, sessions: SessionStore, source: BlobSource): Transfer =>
	startUpload(store.context({ chunkBytes: S, sessions }), source, { key: "a", handle: "/a/path" });

/** Notes that were left have been written. */
const settled = async (sessions: SessionStore, count: number): Promise<SessionNote[]> => {
	for (;;) {
		const notes = await sessions.list();
		if (notes.length === count) return notes;
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
};

describe("notes of uploads in files", () => {
	it("are there while an upload is open, and lead to it without a question", async () => {
		const store = new MemoryStore();
		const sessions = fileSessions(directory);
		await cutOff(store, sessions, 3);
		const [note] = await settled(sessions, 1);
		expect(note).toMatchObject({ canisterId: "aaaaa-aa", key: "a", size: bytes.length, handle: "/a/path" });
		// Another process with the same directory.
		await upload(store, fileSessions(directory), bytes).done;
		expect(store.count("blobs_list_uploads")).toBe(0);
		expect(store.count("blobs_put_chunk")).toBe(5);
		await settled(sessions, 0);
		expect(await readdir(directory)).toEqual([]);
	});

	it("are never believed: an upload goes on by what the canister has open", async () => {
		const store = new MemoryStore();
		const sessions = fileSessions(directory);
		await cutOff(store, sessions, 3);
		const [note] = await settled(sessions, 1);
		await sessions.remove(note!);
		await sessions.put({ ...note!, id: "07".repeat(16) });
		await writeFile(join(directory, "aaaaa-aa-ffff.json"), '{"half a no');
		await upload(store, sessions, bytes).done;
		expect(store.count("blobs_put_chunk")).toBe(5);
		// The one that led nowhere is gone, too.
		await settled(sessions, 0);
	});

	it("are left again for an upload that was found without one", async () => {
		const store = new MemoryStore();
		const sessions = fileSessions(directory);
		await cutOff(store, sessions, 3);
		const [note] = await settled(sessions, 1);
		await sessions.remove(note!);
		await cutOff(store, sessions, 2);
		const [again] = await settled(sessions, 1);
		expect({ ...again, startedAt: note!.startedAt }).toEqual(note);
		await upload(store, sessions, bytes).done;
		expect(store.count("blobs_list_uploads")).toBe(0);
		expect(store.count("blobs_put_chunk")).toBe(3);
		await settled(sessions, 0);
	});

	it("keep the handle that they have where an upload goes on without one", async () => {
		const store = new MemoryStore();
		const sessions = fileSessions(directory);
		await cutOff(store, sessions, 3);
		await settled(sessions, 1);
		store.hooks = {
			before: ({ method }) => {
				if (method === "blobs_put_chunk") throw new ClientError("network", { url: "" });
			},
		};
		const bare = startUpload(store.context({ chunkBytes: S, sessions }), bytes, { key: "a" });
		await expect(bare.done.then(() => "whole")).rejects.toThrow();
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect((await sessions.list())[0]).toMatchObject({ handle: "/a/path" });
	});

	it("are dropped when the upload is gone, whichever key it was to, and no others are", async () => {
		const store = new MemoryStore();
		const sessions = fileSessions(directory);
		await cutOff(store, sessions, 3);
		const [open] = await settled(sessions, 1);
		const gone = { ...open!, key: "another", id: "07".repeat(16) };
		const kept = [
			// Of another canister, and of another principal: this client cannot tell of them.
			{ ...gone, canisterId: "2vxsx-fae", id: "08".repeat(16) },
			{ ...gone, owner: "2vxsx-fae", id: "09".repeat(16) },
		];
		for (const note of [gone, ...kept]) await sessions.put(note);
		// One to the key "a" that is open stays while another key's upload looks after the notes.
		const other = startUpload(store.context({ chunkBytes: S, sessions }), pseudoBytes(8 * S), { key: "b" });
		await other.done;
		const left = await settled(sessions, 3);
		expect(left.map(({ id }) => id).sort()).toEqual([open!.id, kept[0]!.id, kept[1]!.id].sort());
	});

	it("go with an upload that is aborted by its id, or discarded", async () => {
		const store = new MemoryStore();
		const sessions = fileSessions(directory);
		await cutOff(store, sessions, 3);
		const [note] = await settled(sessions, 1);
		await abortUpload(store.context({ sessions }), fromHex(note!.id));
		await settled(sessions, 0);
	});

	it("are not needed: a store that fails, hangs or loses all stops no upload", async () => {
		const fail = () => Promise.reject(new Error("quota exceeded"));
		const hang = () => new Promise<never>(() => {});
		const throws = () => {
			throw new Error("no IndexedDB here");
		};
		for (const act of [fail, hang, throws]) {
			const store = new MemoryStore();
			const sessions: SessionStore = { put: act, remove: act, list: act };
			await cutOff(store, sessions, 3);
			expect((await upload(store, sessions, bytes).done).size).toBe(bytes.length);
			expect(store.count("blobs_put_chunk")).toBe(5);
		}
	});
});
