import { randomBytes } from "node:crypto";
import { link, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { addKey, BackupError, listKeys, Repository, removeKey } from "../../backup/index.js";
import { syncDirectory } from "../../client/node/sync-directory.js";
import { KeyFile, type KeyHolder, type KeySlot, MasterKey } from "../../encryption/index.js";
import { type RepositoryValues, secretsOf, sinkOf } from "../backup/options.js";
import { UsageError } from "../command.js";
import { writingTo } from "../disk.js";
import { keyFileAt } from "./encryption.js";
import { keySecretsFrom } from "./secrets.js";

/** A place that holds a wrapped master key. */
export interface KeyPlace {
	list(): Promise<readonly KeySlot[]>;
	find(slot: string): Promise<KeySlot>;
	/** The master key itself. */
	open(): Promise<MasterKey>;
	add(master: MasterKey, holder: KeyHolder): Promise<KeySlot>;
	remove(slot: string): Promise<KeySlot>;
}

interface PlaceValues extends RepositoryValues {
	readonly "key-file"?: string | undefined;
}

export async function placeOfKeys(values: PlaceValues): Promise<KeyPlace> {
	const path = values["key-file"];
	if (path === undefined) return ofRepository(values);
	if (values.repo !== undefined) throw new UsageError("give --repo or --key-file");
	return ofFile(path, values);
}

async function ofRepository(values: RepositoryValues): Promise<KeyPlace> {
	const sink = await sinkOf(values);
	return {
		list: () => listKeys(sink),
		find: async (slot) => {
			const found = (await listKeys(sink)).filter(({ id }) => id.startsWith(slot));
			if (found.length === 1 && found[0]) return found[0];
			throw new UsageError(`no slot, or more than one, begins with ${JSON.stringify(slot)}`);
		},
		open: async () => {
			const { masterKey } = await Repository.open(sink, { secrets: secretsOf(values) });
			if (masterKey) return masterKey;
			throw new BackupError("option_invalid", {
				option: "--repo",
				reason: "the repository is not encrypted",
			});
		},
		add: (master, holder) => addKey(sink, master, holder),
		remove: (slot) => removeKey(sink, slot),
	};
}

function ofFile(path: string, values: PlaceValues): KeyPlace {
	const replaced = async (change: (file: KeyFile) => KeyFile | Promise<KeyFile>) => {
		const file = await change(await keyFileAt(path));
		await write(path, file, rename);
		return file;
	};
	return {
		list: async () => (await keyFileAt(path)).slots,
		find: async (slot) => (await keyFileAt(path)).find(slot),
		open: async () => (await keyFileAt(path)).open(await keySecretsFrom(values, "Passphrase of the key")),
		add: async (master, holder) =>
			(await replaced((file) => file.add(master, holder))).slots.at(-1) as KeySlot,
		remove: async (slot) => {
			const old = (await keyFileAt(path)).find(slot);
			await replaced((file) => file.remove(old.id));
			return old;
		},
	};
}

/** Makes a key file at a free path. @returns id of the new master key */
export async function newKeyFile(path: string, holder: KeyHolder): Promise<string> {
	const master = await MasterKey.random();
	try {
		await write(path, await KeyFile.wrap(master, holder), link);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
		throw new UsageError(`${path} exists: a key file is never replaced by one of another key`);
	}
	return master.id;
}

/** Writes a temporary file and syncs it first: a partial key file would be a lost key. */
async function write(
	path: string,
	file: KeyFile,
	publish: (aside: string, path: string) => Promise<void>,
): Promise<void> {
	const aside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}`);
	await writingTo(path, async () => writeAside(aside, path, file, publish));
}

async function writeAside(
	aside: string,
	path: string,
	file: KeyFile,
	publish: (aside: string, path: string) => Promise<void>,
): Promise<void> {
	try {
		const handle = await open(aside, "wx", 0o600);
		try {
			await handle.writeFile(`${file}`);
			await handle.sync();
		} finally {
			await handle.close();
		}
		await publish(aside, path);
		await syncDirectory(dirname(path));
	} finally {
		await rm(aside, { force: true });
	}
}
