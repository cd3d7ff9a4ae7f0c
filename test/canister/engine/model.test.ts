import { createHash } from "node:crypto";
import { Principal } from "@dfinity/principal";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Engine, Refusal } from "../../../src/canister/engine/index.js";
import { MEMORY } from "../../../src/canister/memory.js";
import {
	chunkCount,
	errorCode,
	MAX_CHUNK_BYTES,
	MIN_CHUNK_BYTES,
	rootPreimage,
	type WirePublication,
} from "../../../src/protocol/index.js";
import { ask as call } from "./ask.js";
import { FakeHost, MapStorage } from "./surroundings.js";

/**
 * The engine against a model that anybody can read: random histories of all methods by three principals, with
 * restarts (upgrades) and cleaning between, and a clock that moves on.
 */

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());
const principal = (n: number) => Principal.fromUint8Array(Uint8Array.of(n, n, n));
const [controller, writer, reader] = [principal(1), principal(2), principal(3)];
const callers = [controller, writer, reader];
const keys = ["a", "a/b", "a/c/d", "b"];
const S = MIN_CHUNK_BYTES;

interface ModelBlob {
	sequence: bigint;
	bytes: Uint8Array;
	chunkSize: number;
	owner: number;
	isPublic: boolean;
}
interface ModelUpload {
	key: string;
	size: number | undefined;
	chunks: Map<number, Uint8Array>;
}

const rootOf = (bytes: Uint8Array, chunkSize: number) => {
	const leaves: Uint8Array[] = [];
	for (let at = 0; at < bytes.length; at += chunkSize)
		leaves.push(sha256(bytes.subarray(at, at + chunkSize)));
	return sha256(rootPreimage(BigInt(bytes.length), chunkSize, Buffer.concat(leaves)));
};

const publication = (root: Uint8Array, isPublic: boolean, precondition: WirePublication["precondition"]) => ({
	root,
	content_type: "application/octet-stream",
	visibility: isPublic ? { public: null } : { private: null },
	metadata: [["n", "1"]] as [string, string][],
	sha256: [] as [],
	precondition,
});

const who = fc.oneof({ weight: 9, arbitrary: fc.nat(1) }, { weight: 1, arbitrary: fc.constant(2) });
const id = fc.nat(1);
const size = fc.option(fc.constantFrom(0, 1, S, S + 1, 3 * S + 7), { freq: 2 });
const sizes = { key: fc.nat(3), isPublic: fc.boolean() };
const put = { who, id, index: fc.nat(3), fill: fc.nat(2), length: fc.constantFrom(1, 7, S) };
const step = (weight: number, name: string, parts: Record<string, fc.Arbitrary<unknown>>) => ({
	weight,
	arbitrary: fc.record({ do: fc.constant(name), ...parts }),
});
const command = fc.oneof(
	step(4, "begin", { who, id, key: fc.nat(3), size }),
	step(3, "put", put),
	step(4, "fillUp", put),
	step(5, "commit", { who, id, isPublic: fc.boolean(), absent: fc.boolean() }),
	step(1, "abort", { who, id }),
	step(2, "putBlob", {
		who,
		id: fc.integer({ min: 4, max: 9 }),
		length: fc.constantFrom(0, 1, 100),
		...sizes,
	}),
	step(2, "delete", { who, id: fc.integer({ min: 10, max: 14 }), key: fc.nat(3) }),
	step(1, "restart", {}),
	step(2, "clean", { later: fc.constantFrom(0, 60_000, 20 * 60_000) }),
);

type Command = {
	do: string;
	who: number;
	id: number;
	key: number;
	size: number | null;
	index: number;
	fill: number;
	length: number;
	isPublic: boolean;
	absent: boolean;
	later: number;
};

class World {
	/** How many commits published something: a history that never does tests nothing. */
	static readonly committed = { unknown: 0, several: 0 };
	readonly storage = new MapStorage();
	readonly host = new FakeHost(controller.toUint8Array());
	engine = this.start();
	readonly blobs = new Map<string, ModelBlob>();
	readonly uploads = new Map<string, ModelUpload>();
	/** What each finished id answered. */
	readonly finished = new Map<string, unknown>();
	readonly finishedAt = new Map<string, number>();
	sequence = 3n;

	constructor() {
		this.as(0);
		for (const who of [writer, principal(9)])
			call(this.engine, "blobs_grant_role", {
				id: new Uint8Array(16).fill(100 + who.toUint8Array()[0]!),
				who,
				role: { writer: null },
			});
		call(this.engine, "blobs_grant_role", {
			id: new Uint8Array(16).fill(99),
			who: reader,
			role: { reader: null },
		});
	}

	start(): Engine {
		const engine = new Engine(this.storage, this.host);
		engine.start();
		return engine;
	}

	as(who: number): void {
		this.host.sender = callers[who]!.toUint8Array();
	}

	/** What the engine answers, or the code of its refusal; a refusal must not have written anything. */
	ask<T>(act: () => T): T | string {
		const before = this.storage.writes;
		try {
			return act();
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			expect(this.storage.writes).toBe(before);
			return errorCode(error.wire);
		}
	}

	run(c: Command): void {
		if (c.do === "restart") this.engine = this.start();
		else if (c.do === "clean") this.clean(c.later);
		else {
			this.as(c.who);
			const id = new Uint8Array(16).fill(c.id);
			const mine = `${c.who}/${c.id}`;
			if (c.who === 2) this.readerIsRefused(c, id);
			else if (c.do === "begin") this.begin(c, id, mine);
			else if (c.do === "put") this.put(c, id, mine);
			else if (c.do === "fillUp") this.fillUp(c, id, mine);
			else if (c.do === "commit") this.commit(c, id, mine);
			else if (c.do === "abort") this.abort(id, mine);
			else if (c.do === "putBlob") this.putBlob(c, id, mine);
			else this.delete(c, id, mine);
		}
		this.compare();
	}

	readerIsRefused(c: Command, id: Uint8Array): void {
		const refused =
			c.do === "delete"
				? this.ask(() => call(this.engine, "blobs_delete", { id, key: "a", precondition: { none: null } }))
				: this.ask(() => call(this.engine, "blobs_begin_upload", { id, key: "a", size: [], chunk_size: S }));
		expect(refused).toBe("not_authorized");
	}

	begin(c: Command, id: Uint8Array, mine: string): void {
		const key = keys[c.key]!;
		const got = this.ask(() =>
			call(this.engine, "blobs_begin_upload", {
				id,
				key,
				size: c.size === null ? [] : [BigInt(c.size)],
				chunk_size: S,
			}),
		);
		const size = c.size ?? undefined;
		const open = this.uploads.get(mine);
		if (open !== undefined) {
			if (open.key !== key || open.size !== size) expect(got).toBe("upload_conflict");
			else expect(got).toMatchObject({ received: open.chunks.size });
		} else if (this.finished.has(mine)) expect(got).toBe("upload_finished");
		else if (!this.mayChange(c.who, key)) expect(got).toBe("not_authorized");
		else {
			expect(got).toMatchObject({ key, received: 0 });
			this.uploads.set(mine, { key, size, chunks: new Map() });
		}
	}

	put(c: Command, id: Uint8Array, mine: string): void {
		const bytes = new Uint8Array(c.length).fill(c.fill);
		const got = this.ask(() => call(this.engine, "blobs_put_chunk", id, c.index, bytes));
		const open = this.uploads.get(mine);
		if (open === undefined) {
			expect(got).toBe(this.finished.has(mine) ? "upload_finished" : "upload_not_found");
			return;
		}
		const { size, chunks } = open;
		if (size !== undefined && c.index >= chunkCount(BigInt(size), S)) expect(got).toBe("chunk_out_of_range");
		else {
			const expected = size === undefined ? S : Math.min(S, size - c.index * S);
			const short = [...chunks].find(([, chunk]) => chunk.length < S)?.[0] ?? c.index;
			if (c.length !== expected && !(size === undefined && short === c.index))
				expect(got).toBe("chunk_wrong_size");
			else {
				expect(got).toEqual(sha256(bytes));
				chunks.set(c.index, bytes);
			}
		}
	}

	/** Puts what is still missing, so that commits have something to publish. */
	fillUp(c: Command, id: Uint8Array, mine: string): void {
		const open = this.uploads.get(mine);
		if (open === undefined) return;
		const size = open.size ?? c.index * S + c.length;
		for (let index = 0; index < chunkCount(BigInt(size), S); index++)
			if (!open.chunks.has(index)) this.put({ ...c, index, length: Math.min(S, size - index * S) }, id, mine);
	}

	commit(c: Command, id: Uint8Array, mine: string): void {
		const open = this.uploads.get(mine);
		const held = open === undefined ? undefined : this.blobs.get(open.key);
		const count =
			open === undefined
				? 0
				: open.size === undefined
					? Math.max(-1, ...open.chunks.keys()) + 1
					: chunkCount(BigInt(open.size), S);
		const parts = Array.from({ length: count }, (_, i) => open?.chunks.get(i));
		const isWhole = parts.every((part) => part !== undefined);
		const bytes = Buffer.concat(parts.map((part) => part ?? new Uint8Array(0)));
		const isTailWrong = parts.some((part, i) => part !== undefined && part.length < S && i < count - 1);
		// A hole is filled with full chunks, so that the size is one that the chunks could make.
		const size = isWhole ? bytes.length : (open?.size ?? (count - 1) * S + (parts.at(-1)?.length ?? S));
		const before = this.finished.get(mine) as { root: Uint8Array } | "aborted" | undefined;
		const root = typeof before === "object" ? before.root : rootOf(bytes, S);
		const got = this.ask(() =>
			call(this.engine, "blobs_commit_upload", {
				id,
				size: BigInt(size),
				...publication(root, c.isPublic, c.absent ? { absent: null } : { none: null }),
			}),
		);
		if (open === undefined) {
			if (before === undefined) expect(got).toBe("upload_not_found");
			else if (before === "aborted") expect(got).toBe("upload_finished");
			else expect(got).toEqual(before);
		} else if (isTailWrong) expect(typeof got).toBe("string");
		else if (!this.mayChange(c.who, open.key)) expect(got).toBe("not_authorized");
		else if (c.absent && held !== undefined) expect(got).toBe("precondition_failed");
		else if (!isWhole) expect(got).toBe("missing_chunks");
		else {
			this.published(open.key, bytes, S, c, got, mine);
			if (open.size === undefined && bytes.length > 0) World.committed.unknown++;
			if (bytes.length > S) World.committed.several++;
			this.uploads.delete(mine);
		}
	}

	published(key: string, bytes: Uint8Array, chunkSize: number, c: Command, got: unknown, mine: string): void {
		this.sequence++;
		expect(got).toMatchObject({
			key,
			sequence: this.sequence,
			size: BigInt(bytes.length),
			root: rootOf(bytes, chunkSize),
		});
		this.blobs.set(key, { sequence: this.sequence, bytes, chunkSize, owner: c.who, isPublic: c.isPublic });
		this.finish(mine, got);
	}

	finish(mine: string, answer: unknown): void {
		this.finished.set(mine, answer);
		this.finishedAt.set(mine, this.host.time);
	}

	abort(id: Uint8Array, mine: string): void {
		const got = this.ask(() => call(this.engine, "blobs_abort_upload", id));
		if (this.uploads.delete(mine)) {
			expect(got).toEqual({ sequence: this.sequence });
			this.finish(mine, "aborted");
		} else if (!this.finished.has(mine)) {
			expect(got).toEqual({ sequence: this.sequence });
			this.finish(mine, "aborted");
		} else if (this.finished.get(mine) === "aborted") expect(got).toEqual({ sequence: this.sequence });
		else expect(got).toBe("upload_finished");
	}

	putBlob(c: Command, id: Uint8Array, mine: string): void {
		const key = keys[c.key]!;
		const bytes = new Uint8Array(c.length).fill(c.length);
		const got = this.ask(() =>
			call(
				this.engine,
				"blobs_put_blob",
				{ id, key, ...publication(rootOf(bytes, MAX_CHUNK_BYTES), c.isPublic, { none: null }) },
				bytes,
			),
		);
		const before = this.finished.get(mine) as { key: string; root: Uint8Array } | undefined;
		const isSame = before?.key === key && Buffer.compare(before.root, rootOf(bytes, MAX_CHUNK_BYTES)) === 0;
		if (before !== undefined) expect(got).toEqual(isSame ? before : "upload_finished");
		else if (!this.mayChange(c.who, key)) expect(got).toBe("not_authorized");
		else this.published(key, bytes, MAX_CHUNK_BYTES, c, got, mine);
	}

	delete(c: Command, id: Uint8Array, mine: string): void {
		const key = keys[c.key]!;
		const got = this.ask(() => call(this.engine, "blobs_delete", { id, key, precondition: { none: null } }));
		if (this.finished.has(mine)) expect(got).toEqual(this.finished.get(mine));
		else if (!this.mayChange(c.who, key)) expect(got).toBe("not_authorized");
		else {
			const deleted = this.blobs.delete(key);
			if (deleted) this.sequence++;
			expect(got).toEqual({ deleted, sequence: this.sequence });
			this.finish(mine, got);
		}
	}

	mayChange(who: number, key: string): boolean {
		const held = this.blobs.get(key);
		return who === 0 || held === undefined || held.owner === who;
	}

	clean(later: number): void {
		this.host.time += later;
		for (let step = 0; step < 20; step++) this.engine.clean();
		for (const [id, at] of this.finishedAt)
			if (at + 15 * 60_000 <= this.host.time) {
				this.finished.delete(id);
				this.finishedAt.delete(id);
			}
		const chunks = [...this.blobs.values()].reduce(
			(n, blob) => n + Math.ceil(blob.bytes.length / blob.chunkSize),
			0,
		);
		const held = [...this.uploads.values()].reduce((n, upload) => n + upload.chunks.size, 0);
		expect(this.storage.filled(MEMORY.slots)).toBe(chunks + held);
		expect(this.storage.size(MEMORY.receipts)).toBe(
			this.finished.size + (this.host.time - 1_800_000_000_000 < 15 * 60_000 ? 3 : 0),
		);
	}

	/** Everything that a reader sees is what the model holds, and a stranger sees the public part of it. */
	compare(): void {
		for (const [who, isVisible] of [
			[2, () => true],
			[1, (blob: ModelBlob) => blob.isPublic || blob.owner === 1],
		] as const) {
			this.as(who);
			const expected = [...this.blobs].filter(([, blob]) => isVisible(blob)).map(([key]) => key);
			const page = call(this.engine, "blobs_list", {
				prefix: "",
				recursive: true,
				after: [],
				limit: 1000,
				min_sequence: [],
			});
			const listed = page.entries.map((entry) => ("blob" in entry ? entry.blob.key : entry.directory));
			expect(listed).toEqual(expected.sort());
			const folded = call(this.engine, "blobs_list", {
				prefix: "a/",
				recursive: false,
				after: [],
				limit: 1000,
				min_sequence: [],
			});
			expect(folded.entries.some((entry) => "directory" in entry && entry.directory === "a/c/")).toBe(
				expected.includes("a/c/d"),
			);
		}
		this.as(2);
		for (const [key, blob] of this.blobs) {
			const stat = call(this.engine, "blobs_stat", { key, min_sequence: [] }).manifest[0]!;
			expect(stat.sequence).toBe(blob.sequence);
			const count = chunkCount(stat.size, stat.chunk_size);
			const chunks = Array.from({ length: count }, (_, i) =>
				call(this.engine, "blobs_get_chunk", key, stat.sequence, i),
			);
			expect(Buffer.compare(Buffer.concat(chunks), blob.bytes)).toBe(0);
		}
	}
}

test("random histories of every method, restarts and cleaning between, leave what the model says", () => {
	fc.assert(
		fc.property(fc.array(command, { minLength: 10, maxLength: 60, size: "max" }), (commands) => {
			const world = new World();
			for (const c of commands) world.run(c as Command);
		}),
		{ numRuns: 300 },
	);
	expect(World.committed.unknown).toBeGreaterThan(5);
	expect(World.committed.several).toBeGreaterThan(5);
});
