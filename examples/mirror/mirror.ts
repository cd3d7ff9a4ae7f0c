import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { BlobClient, Manifest } from "canister-blobs/node";
import pLimit from "p-limit";
import { CONNECTION, CONNECTION_USAGE, connect, PARALLEL_FILES } from "../support/connect.js";
import { removeFile } from "./directory.js";
import { IndexFile } from "./index-file.js";
import { mirrorFile } from "./mirror-file.js";
import { planPaths, STATE_DIRECTORY } from "./paths.js";
import { readsAll } from "./reader.js";

const USAGE = `Makes a directory hold what a store holds: fetches what is new or changed, verified against the store's hashes.

  npx tsx examples/mirror/mirror.ts DIR --canister ID [--prefix P] [--delete] [--verify] [options]

  --prefix P        only what is under P/, which becomes the top of the directory
  --delete          remove files that the mirror put there and the store no longer holds
  --max-delete N    refuse to remove more than N percent of the mirror's files; default 50
  --new-reader      go on as another caller than the mirror was made with, or with fewer rights to read
  --verify          read every file again and compare its hashes; a damaged one is fetched anew${CONNECTION_USAGE}
`;

const INDEX = "index.json";
/** How often to repeat the mirror if the store changes meanwhile. */
const PASSES = 4;

/** The proven list of a prefix, by path below it. Read completely before any file changes. */
async function listStored(client: BlobClient, prefix: string): Promise<Map<string, Manifest>> {
	const stored = new Map<string, Manifest>();
	for await (const entry of client.list({ prefix }))
		if (entry.type === "blob") stored.set(entry.blob.key.slice(prefix.length), entry.blob);
	return stored;
}

/** Whether the lists before and after are equal: then everything downloaded in between is of one state of the store. */
const isSameState = (one: Map<string, Manifest>, other: Map<string, Manifest>): boolean =>
	one.size === other.size &&
	[...one].every(([path, { sequence, canisterVersion }]) => {
		const its = other.get(path);
		return its?.sequence === sequence && its.canisterVersion === canisterVersion;
	});

async function main(): Promise<void> {
	const { values, positionals } = parseArgs({
		options: {
			...CONNECTION,
			prefix: { type: "string", default: "" },
			delete: { type: "boolean", default: false },
			"max-delete": { type: "string", default: "50" },
			"new-reader": { type: "boolean", default: false },
			verify: { type: "boolean", default: false },
		},
		allowPositionals: true,
	});
	const [target, ...more] = positionals;
	if (target === undefined || more.length > 0) throw new Error(USAGE);
	const maxDelete = Number(values["max-delete"]);
	if (!(maxDelete >= 0 && maxDelete <= 100)) throw new Error("--max-delete takes a number from 0 to 100.");
	const { client, caller } = await connect(values);
	const prefix = values.prefix.replace(/\/*$/, values.prefix ? "/" : "");
	const state = join(target, STATE_DIRECTORY);
	await mkdir(state, { recursive: true });
	const reader = { principal: caller.toText(), readsAll: await readsAll(client, caller) };
	const mirrored = `${values.canister}/${prefix}`;
	const index = await IndexFile.open(join(state, INDEX), mirrored, reader, values["new-reader"]);

	let failed: { path: string; reason: string }[] = [];
	const count = { fetched: 0, damaged: 0, unchanged: 0, removed: 0, bytes: 0 };
	const changed = () => count.fetched + count.damaged + count.removed;
	const attempt = async (path: string, work: () => Promise<void>) => {
		try {
			await work();
		} catch (error) {
			failed.push({ path, reason: (error as Error).message });
		}
	};

	/** Makes the directory equal to the list. */
	const mirrorAll = async (stored: Map<string, Manifest>, verify: boolean): Promise<void> => {
		const { files, refused } = planPaths(stored);
		const gone = values.delete ? [...index.entries.keys()].filter((path) => !stored.has(path)) : [];
		if (gone.length * 100 > index.entries.size * maxDelete)
			throw new Error(
				`The store no longer holds ${gone.length} of the mirror's ${index.entries.size} files, more than ${maxDelete} %: ` +
					"nothing was removed. If that is right, give a higher --max-delete.",
			);
		failed = [...refused].map(([path, reason]) => ({ path, reason }));
		count.unchanged = 0;
		try {
			// Before the downloads: a file may be replaced by a directory of its name.
			for (const path of gone)
				await attempt(path, async () => {
					await removeFile(target, path);
					index.entries.delete(path);
					count.removed++;
				});
			await pLimit(PARALLEL_FILES).map(files, ([path, listed]) =>
				attempt(path, async () => {
					const known = index.entries.get(path);
					const made = await mirrorFile(client, target, path, listed, known, verify);
					index.entries.set(path, made.entry);
					count[made.outcome]++;
					count.bytes += made.fetchedBytes;
					if (made.outcome !== "unchanged") process.stderr.write(`${made.outcome} ${path}\n`);
				}),
			);
		} finally {
			await index.save();
		}
	};

	let stored = await listStored(client, prefix);
	for (let pass = 1; ; pass++) {
		const before = changed();
		await mirrorAll(stored, values.verify && pass === 1);
		// A batch may have been revealed meanwhile: the directory must show the state before or after it.
		if (failed.length === 0 && changed() === before) break;
		const now = await listStored(client, prefix);
		if (isSameState(stored, now)) break;
		if (pass === PASSES) {
			process.stderr.write(`the store changed in each of ${PASSES} passes: mirror it again\n`);
			break;
		}
		stored = now;
	}

	// After a complete download no attempt resumes the parts of an earlier one.
	if (failed.length === 0)
		for (const name of await readdir(state)) if (name !== INDEX) await rm(join(state, name));

	// As JSON, so that keys cannot send escape sequences to a terminal.
	for (const { path, reason } of failed) process.stderr.write(`failed ${JSON.stringify(path)}: ${reason}\n`);
	console.log(
		`${count.fetched} fetched, ${count.damaged} damaged and fetched anew, ${count.unchanged} unchanged, ` +
			`${count.removed} removed, ${failed.length} failed, ${count.bytes} bytes`,
	);
	if (failed.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
	process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
	process.exitCode = 1;
});
