import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { type BlobClient, fromPath, type Manifest, type RandomAccessSource } from "canister-blobs/node";
import pLimit from "p-limit";
import { CONNECTION, CONNECTION_USAGE, connect, PARALLEL_FILES } from "../support/connect.js";
import { ImportProgress } from "./progress.js";
import { type FoundFile, walk } from "./walk.js";

const USAGE = `Uploads every file of a directory that a store does not hold yet.

  npx tsx examples/import/import-directory.ts DIR --canister ID [--prefix P] [options]

  --prefix P        put everything under P/; default: at the top${CONNECTION_USAGE}
`;

const HASH_BYTES = 1 << 20;

/** SHA-256 of a source, read the way that an upload reads it: of a file that changes meanwhile, neither is kept. */
async function hash(source: RandomAccessSource): Promise<Uint8Array> {
	const sha256 = createHash("sha256");
	for (let at = 0; at < source.size; at += HASH_BYTES)
		sha256.update(await source.read(at, Math.min(at + HASH_BYTES, source.size)));
	return new Uint8Array(sha256.digest());
}

/** What the store holds below a prefix, by key. */
async function listStored(client: BlobClient, prefix: string): Promise<Map<string, Manifest>> {
	const stored = new Map<string, Manifest>();
	for await (const entry of client.list({ prefix }))
		if (entry.type === "blob") stored.set(entry.blob.key, entry.blob);
	return stored;
}

interface ImportedFile {
	readonly isNew: boolean;
	/** Bytes sent, which may be fewer than the file has where an earlier import was cut off. */
	readonly sent: number;
}

/** Uploads a file, unless `stored` has the same bytes by the SHA-256 that an import leaves with each blob. */
async function importFile(
	client: BlobClient,
	{ path, size }: FoundFile,
	key: string,
	stored: Manifest | undefined,
	progress: ImportProgress,
): Promise<ImportedFile> {
	const source = await fromPath(path);
	let wholeSha256: Uint8Array;
	try {
		wholeSha256 = await hash(source);
	} catch (error) {
		await source.close?.();
		throw error;
	}
	if (stored?.wholeSha256 && stored.size === source.size && equal(stored.wholeSha256, wholeSha256)) {
		await source.close?.();
		progress.add(size);
		return { isNew: false, sent: 0 };
	}
	const transfer = client.upload(source, {
		key,
		wholeSha256,
		// Only over what the list showed: what somebody else has stored since then is not overwritten.
		precondition: stored ? { sequence: stored.sequence } : "absent",
	});
	let shown = 0;
	transfer.on("progress", ({ acknowledged }) => {
		progress.add(acknowledged - shown);
		shown = acknowledged;
	});
	await transfer;
	return { isNew: true, sent: transfer.progress.sent };
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

async function main(): Promise<void> {
	const { values, positionals } = parseArgs({
		options: { ...CONNECTION, prefix: { type: "string", default: "" } },
		allowPositionals: true,
	});
	const [directory, ...more] = positionals;
	if (directory === undefined || more.length > 0) throw new Error(USAGE);
	const client = await connect(values);
	const prefix = values.prefix.replace(/\/*$/, values.prefix ? "/" : "");

	const [{ files, skipped, failed }, stored] = await Promise.all([
		walk(directory),
		listStored(client, prefix),
	]);
	for (const path of skipped) process.stderr.write(`skipped ${path}: neither a file nor a directory\n`);

	const progress = new ImportProgress(
		files.length,
		files.reduce((sum, { size }) => sum + size, 0),
	);
	const count = { uploaded: 0, unchanged: 0, sent: 0 };
	const limit = pLimit(PARALLEL_FILES);
	await limit.map(files, async (file) => {
		const key = prefix + file.relative;
		try {
			const { isNew, sent } = await importFile(client, file, key, stored.get(key), progress);
			count[isNew ? "uploaded" : "unchanged"]++;
			count.sent += sent;
			progress.fileDone(`${isNew ? "uploaded" : "unchanged"} ${key}`);
		} catch (error) {
			failed.push({ path: file.path, error });
			progress.fileDone(`failed ${key}`);
		}
	});

	for (const { path, error } of failed) process.stderr.write(`${path}: ${(error as Error).message}\n`);
	console.log(
		`${count.uploaded} uploaded, ${count.unchanged} unchanged, ${skipped.length} skipped, ` +
			`${failed.length} failed, ${count.sent} bytes sent`,
	);
	if (failed.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
	process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
	process.exitCode = 1;
});
