import { isBlobError } from "../../client/errors/errors.js";
import type { BlobClient, Manifest, UploadOptions } from "../../client/index.js";
import { throwIfAborted } from "../../client/util/abort.js";
import { MAX_CHUNK_BYTES, MAX_SINGLE_CALL_BYTES } from "../../protocol/index.js";
import { checkOptions, RESTORE_STORE } from "../checks.js";
import { BackupError } from "../errors.js";
import { hex, unhex } from "../format/names.js";
import type { Snapshot } from "../format/snapshot.js";
import { checkPlain } from "../plain-client.js";
import type { Repository } from "../repository/repository.js";
import { entriesOf } from "../tree/cursor.js";
import type { BlobEntry } from "../tree/entry.js";
import { isBefore } from "../tree/page.js";
import { sourceOf } from "./blob-source.js";
import { restoreSettings } from "./restore-settings.js";

/** What is restored into a store, and how. */
export interface RestoreStoreOptions {
	/** Only keys that begin so. @default "" (all) */
	readonly prefix?: string | undefined;
	/** SHA-256 of the module that the canister runs, as hexadecimal digits: compared with the one recorded. */
	readonly wasmHash?: string | undefined;
	/** Go on though the modules differ. @default false */
	readonly acceptOtherWasm?: boolean | undefined;
	/** Only count what would be done, and compare the modules. @default false */
	readonly dryRun?: boolean | undefined;
	/** Told of each blob that failed. */
	readonly onFailed?: (((key: string, reason: string) => void) | undefined) | undefined;
	/** Told of what a person should know, such as a grant that has ended. */
	readonly onNote?: (((text: string) => void) | undefined) | undefined;
	/** Told of each blob that is in the store. */
	readonly onBlob?: (((bytes: number) => void) | undefined) | undefined;
	/** Ends the restore. The next one goes on. */
	readonly signal?: AbortSignal | undefined;
}

/** What a restore into a store did. */
export interface RestoreStoreResult {
	/** Blobs that were put into it. */
	readonly restored: number;
	/** Blobs that it held already. */
	readonly unchanged: number;
	/** Blobs that ended meanwhile. */
	readonly ended: number;
	/** Blobs that are not in it. The store stays in the mode `importing` then. */
	readonly failed: number;
	/** Bytes of all that are in it. */
	readonly bytes: number;
	/** Settings that were set: roles, quotas, grants, rules. */
	readonly settings: number;
	/** Blobs that the snapshot itself lacks. */
	readonly missing: number;
	/** Whether the import was ended: the store is live. */
	readonly isLive: boolean;
}

/**
 * Fills an empty store with what a snapshot has, with owners, times, roles, quotas and grants, by its import mode. Takes a
 * controller of the canister. Run again after a kill, it sends only what is not there. The store is live in the end only
 * if every blob is there.
 * @throws BackupError `wasm_differs`; CanisterError `not_importable` of a store that is not empty
 */
export async function restoreStore(
	repository: Repository,
	id: string,
	client: BlobClient,
	options: RestoreStoreOptions = {},
): Promise<RestoreStoreResult> {
	checkOptions(options, RESTORE_STORE);
	const { signal } = options;
	checkPlain(client);
	const snapshot = await repository.read(id);
	const { wasmHash: recorded, missingCount: missing } = snapshot;
	const { wasmHash: found } = options;
	if (recorded !== undefined && found !== undefined && recorded !== found && !options.acceptOtherWasm)
		throw new BackupError("wasm_differs", { recorded, found });
	const call = signal ? { signal } : {};
	const { mode } = await client.mode(call);
	if (options.dryRun) return planned(repository, snapshot, client, mode, options);
	// One that was killed has left it so.
	if (mode !== "importing") await client.admin.beginImport(call);
	const settings = await restoreSettings(repository, snapshot.settings.root, client, options);
	const counts = await restoreBlobs(repository, snapshot.blobs.root, client, options);
	const isLive = counts.failed === 0;
	if (isLive) await client.admin.endImport(call);
	return { ...counts, settings, missing, isLive };
}

/** What a restore would do. */
async function planned(
	repository: Repository,
	{ blobs, settings, missingCount: missing }: Snapshot,
	client: BlobClient,
	mode: string,
	{ prefix = "", signal }: RestoreStoreOptions,
): Promise<RestoreStoreResult> {
	const counts: Counts = { restored: 0, unchanged: 0, ended: 0, failed: 0, bytes: 0 };
	const isThere = await rootsIn(client, signal);
	for await (const entry of entriesOf(repository.blobs, blobs.root, { prefix })) {
		throwIfAborted(signal);
		if (hasEnded(entry)) counts.ended++;
		else {
			counts[(await isThere(entry)) ? "unchanged" : "restored"]++;
			counts.bytes += entry.size;
		}
	}
	return { ...counts, settings: settings.entries, missing, isLive: mode === "live" };
}

const hasEnded = ({ expiresAt }: BlobEntry): boolean =>
	expiresAt !== undefined && Date.parse(expiresAt) <= Date.now();

/** Blobs of one transfer: it holds something of each until it ends. */
const GROUP = 1_000;

interface Counts {
	restored: number;
	unchanged: number;
	ended: number;
	failed: number;
	bytes: number;
}

async function restoreBlobs(
	repository: Repository,
	root: string,
	client: BlobClient,
	options: RestoreStoreOptions,
): Promise<Counts> {
	const { prefix = "", signal, onBlob } = options;
	const counts: Counts = { restored: 0, unchanged: 0, ended: 0, failed: 0, bytes: 0 };
	const isThere = await rootsIn(client, signal);
	let group: BlobEntry[] = [];
	for await (const entry of entriesOf(repository.blobs, root, { prefix })) {
		throwIfAborted(signal);
		if (hasEnded(entry)) counts.ended++;
		else if (await isThere(entry)) {
			counts.unchanged++;
			counts.bytes += entry.size;
			onBlob?.(entry.size);
		} else group.push(entry);
		if (group.length < GROUP) continue;
		await sendGroup(repository, group, client, counts, options);
		group = [];
	}
	await sendGroup(repository, group, client, counts, options);
	return counts;
}

/** Whether the store holds a blob. Asked in the order of keys, beside which its list is read. */
async function rootsIn(client: BlobClient, signal: AbortSignal | undefined) {
	const list = client.list(signal ? { signal } : {});
	let listed = await list.next();
	return async ({ key, root }: BlobEntry): Promise<boolean> => {
		for (; !listed.done; listed = await list.next()) {
			const { value } = listed;
			if (value.type !== "blob" || isBefore(value.blob.key, key)) continue;
			return value.blob.key === key && hex(value.blob.root) === root;
		}
		return false;
	};
}

/**
 * What a store makes of one call has always the largest chunk size, and so another root than a small blob that a session
 * has made with smaller chunks: such a one goes through a session again.
 */
const needsSession = ({ size, chunkBytes }: BlobEntry): boolean =>
	size <= Math.min(MAX_SINGLE_CALL_BYTES, chunkBytes) && chunkBytes !== MAX_CHUNK_BYTES;

async function sendGroup(
	{ items }: Repository,
	group: readonly BlobEntry[],
	client: BlobClient,
	counts: Counts,
	{ signal, onBlob, onFailed }: RestoreStoreOptions,
): Promise<void> {
	const roots = new Map(group.map(({ key, root }) => [key, root]));
	const stored = ({ key, root, size }: Pick<Manifest, "key" | "root" | "size">) => {
		if (hex(root) !== roots.get(key)) return failed(key, "the store has made another root of it");
		counts.restored++;
		counts.bytes += size;
		onBlob?.(size);
	};
	const failed = (key: string, reason: string) => {
		counts.failed++;
		onFailed?.(key, reason);
	};
	const call = signal ? { signal } : {};
	const plain = group.filter((entry) => !needsSession(entry));
	const transfer = client.uploadMany(
		plain.map((entry) => ({ source: () => sourceOf(items, entry), ...optionsOf(entry) })),
		call,
	);
	transfer.on("item", (result) =>
		result.status === "failed" ? failed(result.key, result.error.message) : stored(result.manifest),
	);
	await transfer.done;
	for (const entry of group.filter(needsSession)) {
		try {
			const upload = await client.prepareUpload(sourceOf(items, entry), { ...optionsOf(entry), ...call })
				.done;
			await client.batch([{ type: "commit", upload }], call);
			stored({ key: entry.key, root: upload.root, size: entry.size });
		} catch (error) {
			if (!isBlobError(error) && !(error instanceof BackupError)) throw error;
			failed(entry.key, error.message);
		}
	}
}

const optionsOf = (entry: BlobEntry): UploadOptions => ({
	key: entry.key,
	chunkBytes: entry.chunkBytes,
	contentType: entry.contentType,
	visibility: entry.visibility === "public" ? "public" : "private",
	metadata: entry.metadata,
	size: entry.size,
	importAs: {
		owner: entry.owner,
		createdAt: new Date(entry.createdAt),
		modifiedAt: new Date(entry.modifiedAt),
	},
	...(entry.expiresAt !== undefined && { expiresAt: new Date(entry.expiresAt) }),
	...(entry.wholeSha256 !== undefined && { wholeSha256: new Uint8Array(unhex(entry.wholeSha256)) }),
});
