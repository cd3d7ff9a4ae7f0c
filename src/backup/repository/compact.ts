import { encodeIndex, type Location, MAX_INDEX_RECORDS } from "../format/index-file.js";
import { indexName } from "../format/names.js";
import { readIndex, type Segment } from "./item-index.js";
import type { Repository } from "./repository.js";

/** More small indexes than this are merged, so that a look-up reads few. */
const MAX_SMALL = 24;
const SMALL_RECORDS = MAX_INDEX_RECORDS / 4;

/**
 * Merges small indexes. Deletes an index only after another one has all its records, so that each record is in an index
 * at any time, even if processes run concurrently or are killed.
 */
export async function compactIndexes(repository: Repository): Promise<void> {
	const small = repository.index.segments.filter(({ tables }) => tables.count < SMALL_RECORDS);
	if (small.length > MAX_SMALL) await rewriteIndexes(repository, small, () => true);
}

/** Writes new indexes with the records to keep of other indexes, then deletes the others. */
export async function rewriteIndexes(
	repository: Repository,
	segments: readonly Segment[],
	isKept: (location: Location) => boolean,
): Promise<void> {
	const { sink, index } = repository;
	let locations: Location[] = [];
	let replaced: Segment[] = [];
	const write = async () => {
		const names = new Set<string>();
		if (locations.length > 0) {
			const bytes = encodeIndex(locations);
			const name = indexName(bytes);
			names.add(name);
			await sink.put(name, bytes);
		}
		for (const { name } of replaced) if (!names.has(name)) await sink.delete(name);
		locations = [];
		replaced = [];
	};
	for (const segment of segments) {
		if (locations.length + segment.tables.count > MAX_INDEX_RECORDS) await write();
		const bytes = await readIndex(sink, segment.name);
		// Another process merges the index, too.
		if (bytes === undefined) continue;
		replaced.push(segment);
		for (const location of segment.tables.locations(bytes)) if (isKept(location)) locations.push(location);
	}
	await write();
	await index.refresh();
}
