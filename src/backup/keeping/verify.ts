import type { BlobClient } from "../../client/index.js";
import { throwIfAborted } from "../../client/util/abort.js";
import { checkOptions, VERIFY } from "../checks.js";
import { isBackupError } from "../errors.js";
import type { SnapshotSummary } from "../format/generation.js";
import { CHUNKS, hex, PACKS, parseChunkName, parsePackName, sha256 } from "../format/names.js";
import { itemBytes, MAX_PACK_BYTES, packItems } from "../format/pack.js";
import { inOrder } from "../in-order.js";
import { checkPlain } from "../plain-client.js";
import type { Repository } from "../repository/repository.js";
import type { SinkObject } from "../sink.js";
import { findEntry } from "../tree/cursor.js";
import type { BlobEntry } from "../tree/entry.js";
import { RecordSet, visit } from "./needed.js";

/** A part of the objects of a repository. */
export interface VerifiedPart {
	/** Number of the part, from 1. */
	readonly part: number;
	/** Number of parts. */
	readonly of: number;
}

/** Options of `verify`. */
export interface VerifyOptions {
	/**
	 * Bytes to read: `all`, `none`, or part n of t (from 1), so that t runs read everything.
	 * @default "all"
	 */
	readonly read?: "all" | "none" | VerifiedPart | undefined;
	/** A store, whose certified roots are compared with its newest snapshot. */
	readonly client?: BlobClient | undefined;
	/** The store's canister, in text. */
	readonly canister?: string | undefined;
	/** Called for each damage. */
	readonly onDamage?: (((damage: Damage) => void) | undefined) | undefined;
	/** Called with the number of bytes that were read. */
	readonly onBytes?: (((bytes: number) => void) | undefined) | undefined;
	/** Aborts the verification. */
	readonly signal?: AbortSignal | undefined;
}

/** A deviation from a sound repository. */
export interface Damage {
	/** Key of the blob that cannot be restored; undefined if no blob is affected. */
	readonly key: string | undefined;
	/** SHA-256 of the affected item, if there is one. */
	readonly sha256: string | undefined;
	/** Index of the chunk in the blob. */
	readonly chunk: number | undefined;
	/** Name of the affected object, if it is known. */
	readonly object: string | undefined;
	/** What is wrong. */
	readonly reason: string;
}

/** Result of a verification. */
export interface VerifyResult {
	/** Snapshots that were verified. */
	readonly snapshots: number;
	/** Objects whose bytes were read. */
	readonly objectsRead: number;
	/** Number of bytes that were read. */
	readonly bytesRead: number;
	/** Number of damages found. With 0 the verified part of the repository is sound. */
	readonly damages: number;
	/** Blobs whose root in the store equals the one in the snapshot. */
	readonly sameAsStore: number;
	/** Blobs that changed in the store after the snapshot. */
	readonly changedSince: number;
}

/** Verifies that each snapshot can be restored: its structure, its bytes, and their equality with the store. */
export async function verify(repository: Repository, options: VerifyOptions = {}): Promise<VerifyResult> {
	checkOptions(options, VERIFY);
	const count = { objectsRead: 0, bytesRead: 0, damages: 0, sameAsStore: 0, changedSince: 0 };
	const report = (damage: Partial<Damage> & { readonly reason: string }) => {
		count.damages++;
		options.onDamage?.({ key: undefined, sha256: undefined, chunk: undefined, object: undefined, ...damage });
	};
	for await (const { details, message } of repository.generations.check())
		report({ object: "object" in details ? details.object : undefined, reason: message });
	const { snapshots } = await repository.refresh();
	const bad = await readObjects(repository, options, count, report);
	await checkNeeded(repository, snapshots, bad, options, report);
	if (options.client) await compareWithStore(repository, options.client, snapshots, options, count, report);
	return { snapshots: snapshots.length, ...count };
}

type Report = (damage: Partial<Damage> & { readonly reason: string }) => void;
/** Items that cannot be read where an index places them, by object and SHA-256. */
type Bad = Set<string>;
/** Concurrent reads of objects, each of up to 16 MiB. */
const OBJECTS_AHEAD = 2;
const nameOf = (object: string, sha: string) => `${object} ${sha}`;

/** Reads objects whole. Damage is reported by affected blob, which a later step finds. */
async function readObjects(
	{ sink, index }: Repository,
	{ read = "all", onBytes, signal }: VerifyOptions,
	count: { objectsRead: number; bytesRead: number },
	report: Report,
): Promise<Bad> {
	const bad: Bad = new Set();
	if (read === "none") return bad;
	const isRead = (name: string) =>
		read === "all" || (sha256(Buffer.from(name)).readUInt32BE(0) % read.of) + 1 === read.part;
	async function* objects(): AsyncGenerator<SinkObject> {
		for (const prefix of [CHUNKS, PACKS])
			for await (const object of sink.list(prefix)) {
				throwIfAborted(signal);
				if (isRead(object.name) && !index.isCondemned(object.name)) yield object;
			}
	}
	const readWhole = async (object: SinkObject) => ({
		...object,
		bytes: await sink.get(object.name, 0, MAX_PACK_BYTES),
	});
	for await (const { name, size, bytes } of inOrder(objects(), OBJECTS_AHEAD, readWhole)) {
		count.objectsRead++;
		count.bytesRead += bytes?.length ?? 0;
		onBytes?.(bytes?.length ?? 0);
		// Deleted after the listing: items that are lost by that are reported below.
		if (bytes === undefined) continue;
		const found = badIn(name, size, bytes);
		for (const sha of found) bad.add(nameOf(name, sha));
		if (found.length > 0) report({ object: name, reason: "its bytes are not those of its name" });
	}
	return bad;
}

/** Items that an object should contain and does not; `*` for all of a pack whose table is unreadable. */
function badIn(name: string, size: number, bytes: Uint8Array): readonly string[] {
	const sha = hex(sha256(bytes));
	const chunk = parseChunkName(name);
	if (chunk) return bytes.length === size && sha === chunk.sha ? [] : [chunk.sha];
	const pack = parsePackName(name);
	if (pack === undefined || pack === sha) return [];
	const items = badItems(name, bytes);
	return items.length > 0 ? items : ["*"];
}

function badItems(name: string, bytes: Uint8Array): string[] {
	try {
		return packItems(name, bytes)
			.filter(
				({ sha, isGzip, offset, length }) =>
					itemBytes(hex(sha), isGzip, bytes.subarray(offset, offset + length)) === undefined,
			)
			.map(({ sha }) => hex(sha));
	} catch (error) {
		if (!isBackupError(error, "repository_damaged")) throw error;
		return [];
	}
}

/** Visits all items that snapshots need, and finds each item that no sound object contains. */
async function checkNeeded(
	repository: Repository,
	snapshots: readonly SnapshotSummary[],
	bad: Bad,
	{ signal }: VerifyOptions,
	report: Report,
): Promise<void> {
	const { sink, index } = repository;
	const sound = new RecordSet();
	const ids = new Set(snapshots.map(({ id }) => id));
	/** Sizes of packs, cached because a pack holds many items. */
	const sizes = new Map<string, number | undefined>();
	const sizeOf = async (object: string) => {
		if (parseChunkName(object)) return sink.size(object);
		if (!sizes.has(object)) {
			if (sizes.size >= MAX_SIZES) sizes.clear();
			sizes.set(object, await sink.size(object));
		}
		return sizes.get(object);
	};
	await visit(repository, snapshots, {
		item: async (sha, blob, chunk) => {
			throwIfAborted(signal);
			const found = await index.find(sha);
			if (found.some((record) => sound.has(record))) return "seen";
			let object: string | undefined;
			for (const record of found) {
				const { location } = record;
				object = location.object;
				if (bad.has(nameOf(object, sha)) || bad.has(nameOf(object, "*"))) continue;
				if ((await sizeOf(object)) !== location.objectBytes) continue;
				sound.add(record);
				return "new";
			}
			const reason = found.length === 0 ? "no index names it" : "no object has it whole";
			const what = blob ? "" : ids.has(sha) ? "a snapshot: " : "a page of a tree: ";
			report({ key: blob?.key, sha256: sha, chunk, object, reason: `${what}${reason}` });
			return "bad";
		},
		broken: (what, reason, blob) => report({ key: blob?.key, reason: `${what}: ${reason}` }),
	});
}

const MAX_SIZES = 10_000;

async function compareWithStore(
	repository: Repository,
	client: BlobClient,
	snapshots: readonly SnapshotSummary[],
	{ canister, signal }: VerifyOptions,
	count: { sameAsStore: number; changedSince: number },
	report: Report,
): Promise<void> {
	checkPlain(client);
	const newest = snapshots.filter((each) => canister === undefined || each.canister === canister).at(-1);
	if (!newest) return;
	const { blobs, sequence } = await repository.read(newest.id);
	for await (const listed of client.list(signal ? { signal } : {})) {
		if (listed.type !== "blob") continue;
		const { key, root, sequence: changed } = listed.blob;
		const entry: BlobEntry | undefined = await findEntry(repository.blobs, blobs.root, key).catch(
			() => undefined,
		);
		if (entry?.root === hex(root)) count.sameAsStore++;
		else if (changed > BigInt(sequence)) count.changedSince++;
		else
			report({
				key,
				reason: entry ? "the store certifies another root" : "the store has it, and the snapshot has not",
			});
	}
}
