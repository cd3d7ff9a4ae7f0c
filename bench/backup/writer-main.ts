/** In a process of its own: backs a made-up store up, and prints what that took of CPU and memory. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { backup, DirectorySink, Repository, type Sink } from "canister-blobs/backup";
import { fileBlobs, type MadeUp, madeUpClient } from "./source.js";

const [kind, place = "", count = "0"] = process.argv.slice(2);
const CHUNK = 2_080_768;
const WARM_ENTRIES = 10_000;
const WARM_CHUNKS = 200;

/** Discards large chunks: writing 10 GB to disk would not affect the memory of this process. */
function withoutChunks(sink: Sink): Sink {
	const sizes = new Map<string, number>();
	const isChunk = (name: string) => name.startsWith("chunks/");
	return Object.assign(Object.create(sink) as Sink, {
		get: sink.get.bind(sink),
		create: sink.create.bind(sink),
		delete: sink.delete.bind(sink),
		list: sink.list.bind(sink),
		size: async (name: string) => (isChunk(name) ? sizes.get(name) : sink.size(name)),
		put: async (name: string, bytes: Uint8Array) => {
			if (isChunk(name)) sizes.set(name, bytes.length);
			else await sink.put(name, bytes);
		},
	});
}

function* entries(many: number): Generator<MadeUp> {
	for (let index = 0; index < many; index++)
		yield { key: `dir-${index % 1_000}/blob-${index}`, size: 0, bytes: undefined };
}

function* chunks(many: number): Generator<MadeUp> {
	for (let index = 0; index < many; index++)
		yield {
			key: `blob-${index}`,
			size: CHUNK,
			bytes: async () => {
				const bytes = Buffer.alloc(CHUNK, "a chunk ");
				bytes.writeUInt32BE(index);
				return bytes;
			},
		};
}

async function filesIn(folder: string): Promise<string[]> {
	const found = await readdir(folder, { recursive: true, withFileTypes: true });
	return found.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
}

const directory = new DirectorySink(join(place, "repository"));
const sink = kind === "files" ? directory : withoutChunks(directory);
const repository = await Repository.init(sink);
const take = async (blobs: () => Iterable<MadeUp>, canister: string) =>
	backup(repository, { client: madeUpClient(blobs), canister, hold: "feed" });
if (kind === "files") {
	const files = await fileBlobs(await filesIn(join(place, "files")));
	const before = process.cpuUsage();
	await take(() => files, "aaaaa-aa");
	const { user, system } = process.cpuUsage(before);
	console.log(JSON.stringify({ cpuMs: (user + system) / 1_000 }));
} else {
	const made = kind === "entries" ? entries : chunks;
	// What runs once is loaded and compiled, and V8 gives a heap that allocates at all its 48 MB for what is young.
	await take(() => made(kind === "entries" ? WARM_ENTRIES : WARM_CHUNKS), "2vxsx-fae");
	globalThis.gc?.();
	const before = process.memoryUsage().rss;
	let most = before;
	const watch = setInterval(() => {
		most = Math.max(most, process.memoryUsage().rss);
	}, 20);
	await take(() => made(Number(count)), "aaaaa-aa");
	clearInterval(watch);
	console.log(JSON.stringify({ grownMB: (most - before) / 1e6 }));
}
