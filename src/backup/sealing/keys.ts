import {
	KeyFile,
	KeyFileError,
	type KeyHolder,
	type KeySecrets,
	type KeySlot,
	type MasterKey,
} from "../../encryption/index.js";
import { BackupError, damaged } from "../errors.js";
import type { Sink } from "../sink.js";

/** Key files of one slot each, named by the slot: two processes that change the keys at once lose no slot. */
export const KEYS = "keys/";
const MAX_BYTES = 64 * 1_024;
const MAX_KEYS = 100;

const utf8 = new TextDecoder();
const nameOf = (slot: string): string => `${KEYS}${slot}`;

/** The key files of an encrypted repository, each with its one slot. @throws BackupError, KeyFileError */
async function keyFiles(sink: Sink): Promise<KeyFile[]> {
	const files: KeyFile[] = [];
	for await (const { name } of sink.list(KEYS)) {
		const bytes = await sink.get(name, 0, MAX_BYTES + 1);
		// Removed after the listing.
		if (bytes === undefined) continue;
		if (bytes.length > MAX_BYTES || files.length >= MAX_KEYS)
			throw damaged(name, "it is no key of a repository");
		files.push(KeyFile.parse(utf8.decode(bytes)));
	}
	return files;
}

/** The key slots of a repository, one for each holder that can open it. */
export async function listKeys(sink: Sink): Promise<readonly KeySlot[]> {
	return (await keyFiles(sink)).flatMap(({ slots }) => slots);
}

/**
 * The master key of an encrypted repository.
 * @param master id of the master key that the repository names
 * @throws KeyFileError `key_file_locked` if none of these secrets opens it
 */
export async function openKey(sink: Sink, master: string, secrets: KeySecrets): Promise<MasterKey> {
	const files = (await keyFiles(sink)).filter((file) => file.master === master);
	if (files.length === 0)
		throw new BackupError("repository_damaged", {
			object: KEYS,
			reason: "there is no key of this repository",
		});
	let locked: unknown;
	for (const file of files) {
		try {
			return await file.open(secrets);
		} catch (error) {
			if (!(error instanceof KeyFileError)) throw error;
			locked = error;
		}
	}
	throw locked;
}

/** Wraps the master key for another holder. No object is encrypted again. */
export async function addKey(sink: Sink, master: MasterKey, holder: KeyHolder): Promise<KeySlot> {
	const file = await KeyFile.wrap(master, holder);
	const [slot] = file.slots;
	const name = nameOf((slot as KeySlot).id);
	if (!(await sink.create(name, Buffer.from(`${file}`))))
		throw new BackupError("sink_failed", { object: name, reason: "it exists" });
	return slot as KeySlot;
}

/**
 * Removes a holder's slot. A holder that has opened the repository before may have kept the master key.
 * @param slot its id, or a prefix of the id
 * @throws KeyFileError `key_slot_not_found`, `key_slot_last`
 */
export async function removeKey(sink: Sink, slot: string): Promise<KeySlot> {
	const files = await keyFiles(sink);
	const found = files.flatMap((file) => file.slots.filter(({ id }) => slot !== "" && id.startsWith(slot)));
	const [only] = found;
	if (only === undefined || found.length > 1) throw new KeyFileError("key_slot_not_found", { slot });
	if (files.length === 1) throw new KeyFileError("key_slot_last", { slot: only.id });
	const name = nameOf(only.id);
	const bytes = await sink.get(name, 0, MAX_BYTES);
	await sink.delete(name);
	// If two processes each remove the slot that the other left, both find none left.
	if (bytes && (await keyFiles(sink)).length === 0) {
		await sink.put(name, bytes);
		throw new KeyFileError("key_slot_last", { slot: only.id });
	}
	return only;
}
