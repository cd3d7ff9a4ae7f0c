import { BackupError } from "../errors.js";
import type { Location } from "../format/index-file.js";
import { CHUNKS, hex, PACKS, parseChunkName, parsePackName } from "../format/names.js";
import { readPackTable } from "../format/pack.js";
import type { ItemWriter } from "../repository/item-writer.js";
import type { Repository } from "../repository/repository.js";

/** Maximum number of adopted objects before they are written into an index. */
const MAX_ADOPTED = 16_384;

/**
 * Adopts objects that no index names: objects of running or killed backups.
 * @param runs whose chunks are adopted; undefined: all runs
 */
export async function adoptOrphans(
	{ sink, index }: Repository,
	writer: ItemWriter,
	runs: ReadonlySet<string> | undefined,
): Promise<void> {
	let adopted = 0;
	const adopt = async (locations: readonly Location[]) => {
		writer.adopt(locations);
		adopted += locations.length;
		if (adopted < MAX_ADOPTED) return;
		adopted = 0;
		await writer.writeIndex();
	};
	for await (const { name, size } of sink.list(CHUNKS)) {
		const parsed = parseChunkName(name);
		if (!parsed || index.isCondemned(name) || (runs && !runs.has(parsed.run))) continue;
		const known = await index.find(parsed.sha);
		if (known.some(({ location }) => location.object === name)) continue;
		await adopt([
			{
				sha: parsed.sha,
				kind: "chunk",
				isGzip: false,
				object: name,
				objectBytes: size,
				offset: 0,
				length: size,
			},
		]);
	}
	for await (const { name, size } of sink.list(PACKS)) {
		const sha = parsePackName(name);
		if (sha === undefined || index.isCondemned(name)) continue;
		if (index.segments.some(({ tables }) => tables.hasPack(sha))) continue;
		try {
			const items = await readPackTable(sink, name, size);
			await adopt(items.map((item) => ({ ...item, sha: hex(item.sha), object: name, objectBytes: size })));
		} catch (error) {
			// A damaged pack is unreliable. `verify` reports it.
			if (!(error instanceof BackupError) || error.code !== "repository_damaged") throw error;
		}
	}
}
