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

/** Options of `restoreStore`. */
export interface RestoreStoreOptions {
	/** Only keys with this prefix. @default "" (all) */
	readonly prefix?: string | undefined;
	/** SHA-256 of the module that the canister runs, as hexadecimal digits: compared with the one recorded. */
	readonly wasmHash?: string | undefined;
	/** Restores although the modules differ. @default false */
	readonly acceptOtherWasm?: boolean | undefined;
	/** Counts what would be done and compares the modules, and changes nothing. @default false */
	readonly dryRun?: boolean | undefined;
	/** Called for each blob that failed. */
	readonly onFailed?: (((key: string, reason: string) => void) | undefined) | undefined;
	/** Called with notes for the operator, for example about an expired grant. */
	readonly onNote?: (((text: string) => void) | undefined) | undefined;
	/** Called with the size of each blob that the store now holds. */
	readonly onBlob?: (((bytes: number) => void) | undefined) | undefined;
	/** Aborts the restore. The next restore resumes. */
	readonly signal?: AbortSignal | undefined;
}

/** Result of a restore into a store. */
export interface RestoreStoreResult {
	/** Blobs that were written to the store. */
	readonly restored: number;
	/** Blobs that the store held already. */
	readonly unchanged: number;
	/** Blobs that expired meanwhile. */
	readonly ended: number;
	/** Blobs that are not in the store. It then stays in the mode `importing`. */
	readonly failed: number;
	/** Size in bytes of all restored and unchanged blobs. */
	readonly bytes: number;
	/** Settings that were applied: roles, quotas, grants, rules. */
	readonly settings: number;
	/** Blobs that the snapshot lacks. */
	readonly missing: number;
	/** Whether the import has ended and the store is live. */
	readonly isLive: boolean;
}

/**
 * Fills an empty store with the contents of a snapshot, including owners, times, roles, quotas and grants, in the mode
 * `importing`. Requires a controller of the canister. A second run, for example after a kill, sends only what the store
 * lacks. The store becomes live only if it holds every blob.
 * @throws BackupError `wasm_differs`; CanisterError `not_importable` if the store is not empty
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
	// A killed restore has left the store in this mode.
	if (mode !== "importing") await client.admin.beginImport(call);
	const settings = await restoreSettings(repository, snapshot.settings.root, client, options);
	const counts = await restoreBlobs(repository, snapshot.blobs.root, client, options);
	const isLive = counts.failed === 0;
	if (isLive) await client.admin.endImport(call);
	return { ...counts, settings, missing, isLive };
}

/** The result of a dry run. */
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

/** Blobs per transfer, which keeps a record of each in memory until it ends. */
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

/** Whether the store holds a blob. Call it in the order of keys: it reads the store's list alongside. */
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
 * A small blob put in one call always has the largest chunk size, and so another root than one that an upload session
 * made with smaller chunks. Such a blob needs a session again.
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
