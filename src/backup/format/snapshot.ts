import { damaged } from "../errors.js";
import { FORMAT_VERSION, type SnapshotSummary } from "./generation.js";
import { decodeJson, encodeJson, type Fields, type Json } from "./json.js";

const FORMAT = "canister-blobs backup snapshot";
export const MAX_SNAPSHOT_BYTES = 2 * 2 ** 20;
/** Maximum number of missing blobs that a snapshot names. `missingCount` counts all. */
const MAX_NAMED_MISSING = 1_000;
/** Maximum size of these as JSON: half a snapshot, whose other fields are far shorter than the other half. */
const MAX_NAMED_BYTES = MAX_SNAPSHOT_BYTES / 2;
const MAX_REASON_CHARACTERS = 1_000;

/** A tree of pages. */
export interface SnapshotTree {
	/** SHA-256 of its root page. */
	readonly root: string;
	/** Level of the root page; 0 if it holds entries. */
	readonly level: number;
	/** Number of entries in the tree. */
	readonly entries: number;
	/** Bytes that the entries stand for. */
	readonly bytes: number;
}

/** A blob that the store had and the snapshot lacks. */
export interface MissingBlob {
	/** Key of the blob. */
	readonly key: string;
	/** Why it is missing. */
	readonly reason: string;
}

/** A snapshot: a store at one position of its feed. */
export interface Snapshot {
	/** The store's canister. */
	readonly canister: string;
	/** Time of the snapshot, by the clock of the machine that made it. */
	readonly at: string;
	/** Words that find the snapshot and that keep rules select. */
	readonly tags: readonly string[];
	/** Sequence number of the last change in the snapshot. */
	readonly sequence: string;
	/** Head of the feed at that change, certified by the subnet. */
	readonly head: string;
	/** The blobs. */
	readonly blobs: SnapshotTree;
	/** Roles, quotas, grants, rules and the mode. */
	readonly settings: SnapshotTree;
	/** Whether the settings are complete. */
	readonly settingsComplete: boolean;
	/** SHA-256 of the module that the canister ran. */
	readonly wasmHash: string | undefined;
	/** The previous snapshot. */
	readonly parent: string | undefined;
	/** How it was made: from the feed alone, or by comparing lists. */
	readonly method: "feed" | "lists";
	/** The first missing blobs: at most 1,000, and at most 1 MiB of JSON. */
	readonly missing: readonly MissingBlob[];
	/** Number of missing blobs. */
	readonly missingCount: number;
	/** Makes each snapshot a distinct item. */
	readonly nonce: string;
}

const encodeTree = ({ root, level, entries, bytes }: SnapshotTree): Json => ({ root, level, entries, bytes });

/** As many missing blobs, from the first on, as a snapshot can name. */
export function namedOf(lost: readonly MissingBlob[]): MissingBlob[] {
	const named: MissingBlob[] = [];
	let bytes = 0;
	for (const { key, reason } of lost.slice(0, MAX_NAMED_MISSING)) {
		const missing = { key, reason: reason.slice(0, MAX_REASON_CHARACTERS) };
		bytes += encodeJson(missing).length + 1;
		if (bytes > MAX_NAMED_BYTES) break;
		named.push(missing);
	}
	return named;
}

/** @throws RangeError if `decodeSnapshot` would refuse it for its size */
export function encodeSnapshot(snapshot: Snapshot): Buffer {
	const bytes = encodeJson({
		format: FORMAT,
		version: FORMAT_VERSION,
		canister: snapshot.canister,
		at: snapshot.at,
		tags: snapshot.tags,
		sequence: snapshot.sequence,
		head: snapshot.head,
		blobs: encodeTree(snapshot.blobs),
		settings: encodeTree(snapshot.settings),
		settingsComplete: snapshot.settingsComplete,
		wasmHash: snapshot.wasmHash,
		parent: snapshot.parent,
		method: snapshot.method,
		missing: snapshot.missing.map(({ key, reason }) => ({ key, reason })),
		missingCount: snapshot.missingCount,
		nonce: snapshot.nonce,
	});
	if (bytes.length > MAX_SNAPSHOT_BYTES)
		throw new RangeError(`a snapshot has at most ${MAX_SNAPSHOT_BYTES} bytes, and not ${bytes.length}`);
	return bytes;
}

const decodeTree = (fields: Fields): SnapshotTree => ({
	root: fields.sha256("root"),
	level: fields.integer("level", 64),
	entries: fields.integer("entries"),
	bytes: fields.integer("bytes"),
});

export function decodeSnapshot(id: string, bytes: Uint8Array): Snapshot {
	if (bytes.length > MAX_SNAPSHOT_BYTES) throw damaged(id, "a snapshot is too long");
	const fields = decodeJson(id, bytes);
	if (fields.text("format") !== FORMAT || fields.integer("version") !== FORMAT_VERSION)
		throw damaged(id, "it is not a snapshot of this format");
	const method = fields.text("method");
	if (method !== "feed" && method !== "lists") throw damaged(id, "its method is neither feed nor lists");
	return {
		canister: fields.text("canister", 128),
		at: fields.time("at"),
		tags: fields.texts("tags", 32, 256),
		sequence: fields.digits("sequence"),
		head: fields.sha256("head"),
		blobs: decodeTree(fields.object("blobs")),
		settings: decodeTree(fields.object("settings")),
		settingsComplete: fields.raw.settingsComplete === true,
		wasmHash: fields.has("wasmHash") ? fields.sha256("wasmHash") : undefined,
		parent: fields.has("parent") ? fields.sha256("parent") : undefined,
		method,
		missing: fields
			.objects("missing", MAX_NAMED_MISSING)
			.map((each) => ({ key: each.text("key", 1_024), reason: each.text("reason", 4_096) })),
		missingCount: fields.integer("missingCount"),
		nonce: fields.text("nonce", 64),
	};
}

export const summaryOf = (id: string, snapshot: Snapshot): SnapshotSummary => ({
	id,
	canister: snapshot.canister,
	at: snapshot.at,
	tags: snapshot.tags,
	blobs: snapshot.blobs.entries,
	bytes: snapshot.blobs.bytes,
	sequence: snapshot.sequence,
	missing: snapshot.missingCount,
});
