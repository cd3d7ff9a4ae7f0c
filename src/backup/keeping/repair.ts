import { isBlobError } from "../../client/errors/errors.js";
import type { BlobClient } from "../../client/index.js";
import { rootPreimage } from "../../protocol/hash.js";
import { checkOptions, REPAIR } from "../checks.js";
import { isBackupError } from "../errors.js";
import { MAX_MARKS } from "../format/generation.js";
import { MAX_INDEX_BYTES } from "../format/index-file.js";
import { hex, INDEXES, indexName, parsePackName, sha256 } from "../format/names.js";
import { type ItemKind, itemBytes, MAX_PACK_BYTES, packItems } from "../format/pack.js";
import { adoptOrphans } from "../making/adopt.js";
import { readableOf } from "../making/drafts.js";
import { checkPlain } from "../plain-client.js";
import type { ItemWriter } from "../repository/item-writer.js";
import type { Repository } from "../repository/repository.js";
import type { Sink } from "../sink.js";
import { findEntry } from "../tree/cursor.js";
import { forgetInIndexes } from "./prune.js";
import { type Damage, verify } from "./verify.js";

/** Sources for lost items. */
export interface RepairOptions {
	/** The store. */
	readonly client?: BlobClient | undefined;
	/** Another repository with snapshots of it. */
	readonly from?: Repository | undefined;
	/** Called for each damage that remains. */
	readonly onDamage?: (((damage: Damage) => void) | undefined) | undefined;
}

/** Result of a repair. */
export interface RepairResult {
	/** Items written again. */
	readonly repaired: number;
	/** Damaged objects that were replaced. */
	readonly replaced: number;
	/** Damages that remain. */
	readonly damages: number;
}

/** Rounds of a repair: the children of a lost page are known only after the page is restored. */
const MAX_ROUNDS = 8;
const MAX_DAMAGES = 100_000;

/** Deletes unreadable indexes so that a repository can be opened; `repair` rebuilds them. */
export async function dropDamagedIndexes(sink: Sink): Promise<number> {
	let dropped = 0;
	for await (const { name } of sink.list(INDEXES)) {
		const bytes = await sink.get(name, 0, MAX_INDEX_BYTES);
		if (bytes === undefined || indexName(bytes) === name) continue;
		await sink.delete(name);
		dropped++;
	}
	return dropped;
}

/** Rebuilds lost indexes from packs and names of chunks, and restores lost items from another copy of the store. */
export async function repair(repository: Repository, options: RepairOptions = {}): Promise<RepairResult> {
	checkOptions(options, REPAIR);
	if (options.client) checkPlain(options.client);
	const { sink } = repository;
	const counts = { repaired: 0, replaced: 0 };
	for (let round = 1; ; round++) {
		await repository.refresh();
		const writer = repository.writer(new AbortController().signal);
		await adoptOrphans(repository, writer, undefined);
		await writer.writeIndex();
		const found: Damage[] = [];
		const { damages } = await verify(repository, {
			onDamage: (damage) => {
				if (found.length < MAX_DAMAGES) found.push(damage);
			},
		});
		const before = counts.repaired + counts.replaced;
		for (const damage of found) if (await bringBack(repository, writer, damage, options)) counts.repaired++;
		const objects = found.flatMap(({ object, sha256 }) =>
			object !== undefined && sha256 === undefined ? [object] : [],
		);
		// Items beyond the limit wait for the next round.
		const damagedObjects = objects.filter((object) => /^(chunks|packs)\//.test(object)).slice(0, MAX_MARKS);
		for (const object of damagedObjects) await saveSound(sink, writer, object);
		await writer.flush();
		counts.replaced += await replace(repository, damagedObjects);
		if (damages === 0 || round === MAX_ROUNDS || counts.repaired + counts.replaced === before) {
			for (const damage of found) options.onDamage?.(withRemedy(damage));
			return { ...counts, damages };
		}
	}
}

/** Of pages and snapshots the store has no copy, and a backup relies on the pages of the one before. */
const withRemedy = (damage: Damage): Damage =>
	damage.sha256 === undefined || damage.key !== undefined
		? damage
		: {
				...damage,
				reason: `${damage.reason}; another repository may have it, or forget the snapshots that need it and back up again`,
			};

async function bringBack(
	repository: Repository,
	writer: ItemWriter,
	damage: Damage,
	{ client, from }: RepairOptions,
): Promise<boolean> {
	const { sha256: sha, key, chunk } = damage;
	if (sha === undefined) return false;
	const kind: ItemKind = chunk !== undefined ? "chunk" : key !== undefined ? "leaves" : "page";
	const bytes =
		(await itemFrom(from, sha)) ??
		(client && key !== undefined ? await fetch(repository, client, damage) : undefined);
	if (bytes === undefined || hex(sha256(bytes)) !== sha) return false;
	await writer.rewrite(kind, sha, bytes);
	return true;
}

async function itemFrom(from: Repository | undefined, sha: string): Promise<Uint8Array | undefined> {
	try {
		return await from?.items.get(sha);
	} catch (error) {
		if (!isBackupError(error, "item_missing")) throw error;
		return undefined;
	}
}

/** From the store, if it still holds this blob of the snapshot under the key. */
async function fetch(
	repository: Repository,
	client: BlobClient,
	{ key, chunk }: Damage,
): Promise<Uint8Array | undefined> {
	for (const { id } of [...(await repository.snapshots())].reverse()) {
		try {
			const { blobs } = await repository.read(id);
			const entry = await findEntry(repository.blobs, blobs.root, key as string);
			if (!entry) continue;
			const manifest = await client.stat(entry.key);
			if (hex(manifest.root) !== entry.root) continue;
			const blob = await client
				.download(manifest)
				.openProven(readableOf({ ...entry, ...versionOf(manifest) }));
			if (chunk !== undefined) return await blob.chunk(chunk);
			const leaves = Array.from({ length: blob.count }, (_, index) => blob.leaf(index));
			return rootPreimage(BigInt(entry.size), entry.chunkBytes, Buffer.concat(leaves));
		} catch (error) {
			if (!isBlobError(error) && !isBackupError(error)) throw error;
		}
	}
	return undefined;
}

const versionOf = (version: { readonly sequence: bigint; readonly canisterVersion: bigint }) => ({
	sequence: version.sequence.toString(),
	canisterVersion: version.canisterVersion.toString(),
});

/** Rewrites the intact items of a damaged pack. */
async function saveSound(sink: Sink, writer: ItemWriter, object: string): Promise<void> {
	if (parsePackName(object) === undefined) return;
	const bytes = await sink.get(object, 0, MAX_PACK_BYTES);
	if (bytes === undefined) return;
	try {
		for (const { sha, kind, isGzip, offset, length } of packItems(object, bytes)) {
			const item = itemBytes(hex(sha), isGzip, bytes.subarray(offset, offset + length));
			if (item) await writer.rewrite(kind, hex(sha), item);
		}
	} catch (error) {
		if (!isBackupError(error, "repository_damaged")) throw error;
	}
}

/** Condemns damaged objects, in a generation of its own as `prune` does, and deletes them. */
async function replace(repository: Repository, objects: readonly string[]): Promise<number> {
	if (objects.length === 0) return 0;
	const { sink, generations } = repository;
	await generations.commit("repair", async ({ generation, condemned, condemnedAt, marked }) => {
		for (const object of condemned) await sink.delete(object);
		return {
			marked: marked.filter(({ object }) => !objects.includes(object)),
			condemned: [...objects],
			condemnedAt: generation + 1,
			condemnedBefore: condemnedAt,
		};
	});
	await repository.refresh();
	for (const object of objects) await sink.delete(object);
	await forgetInIndexes(repository, new Set(objects));
	return objects.length;
}
