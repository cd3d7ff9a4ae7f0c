import { encodeIndex, type Location, MAX_INDEX_RECORDS } from "../format/index-file.js";
import { indexName } from "../format/names.js";
import { readIndex, type Segment } from "./item-index.js";
import type { Repository } from "./repository.js";

/** More small indexes than this are merged, so that a look-up asks few. */
const MAX_SMALL = 24;
const SMALL_RECORDS = MAX_INDEX_RECORDS / 4;

/**
 * Merges small indexes. An index is deleted only after another has all its records, so that at any time, whatever runs at
 * once or is killed, each record is in one.
 */
export async function compactIndexes(repository: Repository): Promise<void> {
	const small = repository.index.segments.filter(({ tables }) => tables.count < SMALL_RECORDS);
	if (small.length > MAX_SMALL) await rewriteIndexes(repository, small, () => true);
}

/** Writes indexes with those records of others that are to be kept, then deletes the others. */
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
		// Another process merges it, too.
		if (bytes === undefined) continue;
		replaced.push(segment);
		for (const location of segment.tables.locations(bytes)) if (isKept(location)) locations.push(location);
	}
	await write();
	await index.refresh();
}
