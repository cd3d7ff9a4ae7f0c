import { Principal } from "@dfinity/principal";
import { Engine, Refusal, type Settings } from "../../../src/canister/engine/index.js";
import {
	type ErrorCode,
	MAX_CHUNK_BYTES,
	type MethodArgs,
	type MethodName,
	MIN_CHUNK_BYTES,
	type WireError,
	type WirePublication,
	type WireQuota,
	type WireUpdate,
} from "../../../src/protocol/index.js";
import { type PlainOk, versionOf } from "../../support/plain.js";
import { newId, publication, rootOf, sha256 } from "../../support/store.js";
import { ask } from "./ask.js";
import { FakeHost, MapStorage } from "./surroundings.js";

/** A store for tests of one concept each: who asks is named with every call, what a test does not care about is not. */

export const S = MIN_CHUNK_BYTES;
export const person = (n: number): Principal => Principal.fromUint8Array(Uint8Array.of(n, n, n));
/** The controller, two writers, a reader. */
export const [OWNER, ANNA, BEN, READER] = [person(1), person(2), person(3), person(4)] as const;
export const DAY_MS = 86_400_000;

export class TestStore {
	readonly storage = new MapStorage();
	readonly host = new FakeHost(OWNER.toUint8Array());
	readonly settings: Settings;
	engine: Engine;

	constructor(settings: Settings = {}) {
		this.settings = settings;
		this.engine = this.open();
		for (const [who, role] of [
			[ANNA, "writer"],
			[BEN, "writer"],
			[READER, "reader"],
		] as const)
			this.ask(OWNER, "blobs_grant_role", { id: newId(), who, role: { [role]: null } as never });
	}

	/** As after an upgrade. */
	open(): Engine {
		const engine = new Engine(this.storage, this.host, this.settings);
		engine.start();
		return engine;
	}

	upgrade(): void {
		this.engine = this.open();
	}

	ask<Name extends MethodName>(who: Principal, method: Name, ...args: MethodArgs<Name>): PlainOk<Name> {
		this.host.sender = who.toUint8Array();
		return ask(this.engine, method, ...args);
	}

	/** How a call is refused; it must have changed nothing. */
	refusal<Name extends MethodName>(who: Principal, method: Name, ...args: MethodArgs<Name>): Refusal {
		const before = this.storage.writes;
		try {
			this.ask(who, method, ...args);
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			if (this.storage.writes !== before || this.engine.isChanged) throw new Error("wrote before it refused");
			return error;
		}
		throw new Error(`${method} was done, and should have been refused`);
	}

	/** Its error. */
	refused<Name extends MethodName>(who: Principal, method: Name, ...args: MethodArgs<Name>): WireError {
		return this.refusal(who, method, ...args).wire;
	}

	code<Name extends MethodName>(who: Principal, method: Name, ...args: MethodArgs<Name>): ErrorCode {
		return Object.keys(this.refused(who, method, ...args))[0] as ErrorCode;
	}

	begin(who: Principal, key: string, size?: number, id = newId()): Uint8Array {
		this.ask(who, "blobs_begin_upload", beginOf(id, key, size));
		return id;
	}

	put(who: Principal, id: Uint8Array, index: number, bytes: Uint8Array): Uint8Array {
		return this.ask(who, "blobs_put_chunk", id, index, bytes);
	}

	commit(who: Principal, id: Uint8Array, bytes: Uint8Array, parts: Partial<WirePublication> = {}) {
		return this.ask(who, "blobs_commit_upload", commitOf(id, bytes, parts));
	}

	/** A blob of several chunks. */
	upload(who: Principal, key: string, bytes: Uint8Array, parts: Partial<WirePublication> = {}) {
		const id = this.begin(who, key, bytes.length);
		for (let index = 0; index * S < bytes.length; index++)
			this.put(who, id, index, bytes.subarray(index * S, (index + 1) * S));
		return this.commit(who, id, bytes, parts);
	}

	putBlob(
		who: Principal,
		key: string,
		bytes: Uint8Array,
		parts: Partial<WirePublication> = {},
		id = newId(),
	) {
		return this.ask(who, "blobs_put_blob", wholeOf(id, key, bytes, parts), bytes);
	}

	delete(who: Principal, key: string, id = newId()) {
		return this.ask(who, "blobs_delete", deleteOf(key, id));
	}

	setMode(mode: "live" | "draining" | "maintenance") {
		const { generation } = this.ask(OWNER, "blobs_status");
		return this.ask(OWNER, "blobs_set_mode", { id: newId(), mode: { [mode]: null } as never, generation });
	}

	setQuota(who: Principal | undefined, quota: Partial<WireQuota> | undefined) {
		return this.ask(OWNER, "blobs_set_quota", {
			id: newId(),
			who: who === undefined ? [] : [who],
			quota: quota === undefined ? [] : [quotaOf(quota)],
		});
	}

	usage(who: Principal) {
		return this.ask(OWNER, "blobs_account", [who]).usage;
	}

	stats() {
		return this.ask(OWNER, "blobs_stats");
	}

	/** Until nothing waits to be cleaned away. */
	clean(): void {
		do this.engine.clean();
		while (this.stats().cleaning > 0n);
	}

	keys(who: Principal): string[] {
		const list = { prefix: "", recursive: true, after: [] as [], limit: 1_000, min_version: [] as [] };
		return this.ask(who, "blobs_list", list).entries.map((entry) =>
			"blob" in entry ? entry.blob.key : entry.directory,
		);
	}

	manifest(who: Principal, key: string) {
		return this.ask(who, "blobs_stat", { key, min_version: [] }).manifest[0];
	}

	/** Everything that a key holds. */
	read(who: Principal, key: string): Buffer {
		const manifest = this.manifest(who, key);
		if (manifest === undefined) throw new Error(`${key} holds nothing`);
		const chunks: Uint8Array[] = [];
		for (let at = 0n; at < manifest.size; at += BigInt(manifest.chunk_size))
			chunks.push(this.ask(who, "blobs_get_chunk", key, versionOf(manifest), chunks.length));
		return Buffer.concat(chunks);
	}
}

const MANY = 2n ** 40n;
export const quotaOf = (quota: Partial<WireQuota>): WireQuota => ({
	open_uploads: 1_000,
	blobs: MANY,
	bytes: MANY,
	received_per_day: MANY,
	changes_per_day: MANY,
	cycles_per_day: MANY,
	...quota,
});

/** What is stored about a public blob of the type that tests give, without metadata. */
export const aboutOf = (key: string): number =>
	896 + 4 * key.length + 256 * (key.split("/").length - 1) + "application/octet-stream".length;
/** What an end counts for. */
export const endOf = (key: string): number => 256 + key.length;
/** What an open upload counts for beside its chunks. */
export const sessionOf = (key: string): number =>
	896 + 4 * key.length + 512 * (key.split("/").length - 1) + 128 + 2 * 4_096 + endOf(key);

export const fillOf = (fill: number, length: number): Uint8Array => new Uint8Array(length).fill(fill);

export const leavesOf = (...chunks: Uint8Array[]): Uint8Array =>
	new Uint8Array(Buffer.concat(chunks.map(sha256)));

export const beginOf = (id: Uint8Array, key: string, size?: number) => ({
	id,
	key,
	size: (size === undefined ? [] : [BigInt(size)]) as [] | [bigint],
	chunk_size: S,
});

export const commitOf = (id: Uint8Array, bytes: Uint8Array, parts: Partial<WirePublication> = {}) => ({
	id,
	size: BigInt(bytes.length),
	...publication(rootOf(bytes, S), parts),
});

export const wholeOf = (
	id: Uint8Array,
	key: string,
	bytes: Uint8Array,
	parts: Partial<WirePublication> = {},
) => ({ id, key, ...publication(rootOf(bytes, MAX_CHUNK_BYTES), parts) });

export const itemOf = (key: string, content: Uint8Array, parts: Partial<WirePublication> = {}) => ({
	key,
	content,
	...publication(rootOf(content, MAX_CHUNK_BYTES), parts),
});

export const deleteOf = (key: string, id = newId()) => ({ id, key, precondition: { none: null } });

export const moveOf = (from: string, to: string, id = newId()) => ({
	id,
	from,
	source: { none: null },
	to,
	precondition: { none: null },
});

export const updateOf = (key: string, id = newId()) => ({
	id,
	key,
	precondition: { none: null },
	content_type: [] as [] | [string],
	visibility: [] as [] | [{ public: null } | { private: null }],
	metadata: [] as [] | [[string, string][]],
	expiry: [] as WireUpdate["expiry"],
});

export const PRIVATE = { visibility: { private: null } };
