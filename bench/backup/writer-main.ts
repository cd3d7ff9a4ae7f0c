/** Runs in a process of its own: backs up a synthetic store, and prints the CPU and memory that it took. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { backup, DirectorySink, Repository, type Sink } from "canister-blobs/backup";
import { fileBlobs, type MadeUp, madeUpClient } from "./source.js";

const [kind, place = "", count = "0"] = process.argv.slice(2);
const CHUNK = 2_080_768;

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

async function filesIn(folder: string) {
	const found = await readdir(folder, { recursive: true, withFileTypes: true });
	const paths = found.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
	return Promise.all(paths.map(async (path) => ({ path, size: (await stat(path)).size })));
}

const directory = new DirectorySink(join(place, "repository"));
const sink = kind === "files" ? directory : withoutChunks(directory);
const repository = await Repository.init(sink);
const take = async (blobs: () => Iterable<MadeUp>, canister: string) =>
	backup(repository, { client: madeUpClient(blobs), canister, hold: "feed" });
if (kind === "files") {
	const files = fileBlobs(await filesIn(join(place, "files")));
	const before = process.cpuUsage();
	await take(() => files, "aaaaa-aa");
	const { user, system } = process.cpuUsage(before);
	console.log(JSON.stringify({ cpuMs: (user + system) / 1_000 }));
} else {
	const made = kind === "entries" ? entries : chunks;
	// A first run loads and compiles the code.
	await take(() => made(200), "2vxsx-fae");
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
