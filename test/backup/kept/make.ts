/**
 * Makes the repositories that every later release must read. They are in git, and are made once: `npx tsx
 * test/backup/kept/make.ts NAME` refuses to replace one. A release that writes another format adds another: of `format-1`
 * the pages stand as they are, of `format-1-gzip` compressed; `format-2` is encrypted.
 */
import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { backup, DirectorySink, Repository } from "../../../src/backup/index.js";
import { changeRole, setQuota } from "../../../src/client/administration/administration.js";
import { deleteBlob, updateBlob } from "../../../src/client/blobs/changing.js";
import { startUpload } from "../../../src/client/upload/index.js";
import { MemoryStore, pseudoBytes } from "../../client/support/memory-store.js";
import { clientOf } from "../support/client.js";
import { contentOf } from "../support/content.js";

const PASSPHRASE = "kept for every later release";
const SOMEBODY = "2chl6-4hpzw-vqaaa-aaaaa-c";

async function make(name: string): Promise<void> {
	const folder = join(import.meta.dirname, name);
	const isEncrypted = name.startsWith("format-2");
	if (
		await access(folder).then(
			() => true,
			() => false,
		)
	)
		throw new Error(`${folder} is there: it is never replaced`);
	const store = new MemoryStore();
	const context = store.context({ chunkBytes: 65_536 });
	const put = (key: string, bytes: Uint8Array, chunkBytes = 65_536) =>
		startUpload(context, new Uint8Array(bytes), { key, chunkBytes }).done;
	// Of many chunks the leaves are an item of their own. What is sealed compresses no more.
	const many = (isEncrypted ? 1 : 5) * 65_536;
	await put("dir/many", pseudoBytes(many + 5, 1).fill(7, 1_000, many - 10_000));
	await put("dir/small", Buffer.from("small"));
	await put("empty", new Uint8Array(0));
	await put("ä/ключ", Buffer.from("a key of other scripts"));
	// One chunk that is an object of its own.
	if (!isEncrypted) await put("alone", Buffer.alloc(524_288, "alone "), 524_288);
	await changeRole(context, "blobs_grant_role", SOMEBODY, "writer");
	await setQuota(context, SOMEBODY, undefined);
	await mkdir(folder);
	const repository = await Repository.init(
		new DirectorySink(folder),
		isEncrypted ? { encryptFor: { passphrase: PASSPHRASE, logN: 14, note: "kept" } } : {},
	);
	const take = async (tag: string) => {
		const options = { client: clientOf(store), canister: "aaaaa-aa", tags: [tag], wasmHash: "ab".repeat(32) };
		return (await backup(repository, options)).summary.id;
	};
	const ids = [await take("first")];
	await deleteBlob(context, "dir/small");
	await updateBlob(context, "empty", { contentType: "text/x", replaceMetadata: { by: "me" } });
	await put("new", Buffer.from("new"));
	ids.push(await take("second"));
	const snapshots = [];
	for (const id of ids) snapshots.push({ id, content: await contentOf(repository, id) });
	await writeFile(`${folder}.json`, `${JSON.stringify({ snapshots }, undefined, "\t")}\n`);
}

await make(process.argv[2] ?? "");
