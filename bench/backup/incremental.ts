import { IDL } from "@dfinity/candid";
import { backup, Repository } from "../../src/backup/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MAX_CHUNK_BYTES, METHODS } from "../../src/protocol/index.js";
import { clientOf } from "../../test/backup/support/client.js";
import { MemorySink } from "../../test/backup/support/sinks.js";
import { MemoryStore, pseudoBytes } from "../../test/client/support/memory-store.js";
import { idlOf } from "../../test/support/idl.js";
import { newId, publication, rootOf } from "../../test/support/published.js";

const CHANGED = 10;
const BYTES = 10_000;
const AT_ONCE = 150;

/** A blob with unique bytes, so that its hashes do not compress. */
function contentOf(index: number): Uint8Array {
	const bytes = pseudoBytes(BYTES, 1);
	bytes.set(pseudoBytes(16, index));
	return bytes;
}

/**
 * Calls and bytes of a backup after 10 of 100,000 blobs have changed. The store's engine runs without a network; its
 * replies are counted as Candid.
 */
export async function measureIncremental(many = 100_000) {
	const store = new MemoryStore();
	// Each call counts those before it: of 100,000 that would be all that is measured.
	store.hooks.before = () => {
		store.calls.length = 0;
	};
	const context = store.context();
	for (let from = 0; from < many; from += AT_ONCE) {
		const blobs = Array.from({ length: Math.min(AT_ONCE, many - from) }, (_, index) => {
			const content = contentOf(from + index);
			const key = `dir-${(from + index) % 1_000}/blob-${from + index}`;
			return { key, content, ...publication(rootOf(content, MAX_CHUNK_BYTES)) };
		});
		await store.direct("blobs_put_many", { id: newId(), blobs });
	}
	const sink = new MemorySink();
	const repository = await Repository.init(sink);
	const options = { client: clientOf(store), canister: "aaaaa-aa" };
	await backup(repository, options);
	for (let index = 0; index < CHANGED; index++) {
		const at = (index * 9_973) % many;
		await startUpload(context, contentOf(many + index), { key: `dir-${at % 1_000}/blob-${at}` }).done;
	}
	store.calls.length = 0;
	store.hooks = {};
	let read = 0;
	store.hooks.answer = ({ method }, answer) => {
		read += IDL.encode([idlOf(METHODS[method].result)], [{ ok: answer }]).length;
		return answer;
	};
	const before = sink.written;
	// A new process, without cached content.
	const opened = await Repository.open(new MemorySink(sink.objects), { writes: true });
	const written = opened.sink as MemorySink;
	const { summary, hold } = await backup(opened, options);
	if (summary.blobs !== many || hold !== "lease")
		throw new Error("the backup is not what was to be measured");
	return {
		backupIncrementalCalls: store.calls.length,
		backupIncrementalBytes: read + written.written + (sink.written - before),
	};
}
