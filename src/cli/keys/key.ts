/** `canister-blobs key`: manages the key slots of an encrypted repository, or of a key file. */
import type { KeySlot } from "../../encryption/index.js";
import { REPOSITORY, REPOSITORY_HELP, type RepositoryValues } from "../backup/options.js";
import { type Command, parsed, UsageError } from "../command.js";
import { type Report, reported } from "../report.js";
import { holderFrom } from "./holder.js";
import { type KeyPlace, newKeyFile, placeOfKeys } from "./key-places.js";
import { HOLDER, HOLDER_HELP, type HolderValues } from "./options.js";

const help = `Usage: canister-blobs key list [--repo <place> | --key-file <file>]
       canister-blobs key add [--repo <place> | --key-file <file>] [options]
       canister-blobs key remove <slot> [--repo <place> | --key-file <file>]
       canister-blobs key change <slot> [--repo <place> | --key-file <file>] [options]
       canister-blobs key new --key-file <file> [options]

Shows and changes who can open an encrypted repository, or a key file that blobs are
encrypted with. Each holder has a slot. Adding, removing or changing a slot does not
encrypt the data again, and does not lock out a holder who has opened the key before.
change replaces a slot; new makes a key file with a new key. If no holder can open a slot
any more, the data is lost.

      --key-file <file> a key file; not that of a repository
${HOLDER_HELP}
${REPOSITORY_HELP}`;

type Values = RepositoryValues & HolderValues & { readonly "key-file"?: string | undefined };

/** Escaped: a note may come from any holder. */
const shown = ({ id, type, recipient, note, createdAt }: KeySlot): string =>
	`${id}  ${createdAt.slice(0, 19)}Z  ${type === "age" ? recipient : "passphrase"}` +
	(note === undefined ? "" : `  ${JSON.stringify(note)}`);

async function added(place: KeyPlace, values: Values): Promise<KeySlot> {
	const master = await place.open();
	return place.add(master, await holderFrom(values));
}

const ACTIONS: Readonly<
	Record<string, (report: Report, place: KeyPlace, values: Values, slot: string) => Promise<number>>
> = {
	list: async (report, place) => {
		const slots = await place.list();
		for (const slot of slots) report.item({ type: "key", slot }, shown(slot));
		return report.end(0, { keys: slots.length }, `${slots.length} can open it`);
	},
	add: async (report, place, values) => {
		const slot = await added(place, values);
		return report.end(0, { added: slot }, `added ${shown(slot)}`);
	},
	remove: async (report, place, _, name) => {
		const slot = await place.remove(name);
		return report.end(0, { removed: slot }, `removed ${shown(slot)}`);
	},
	change: async (report, place, values, name) => {
		// Adds the new slot first, so that there always is one.
		const old = await place.find(name);
		const slot = await added(place, values);
		await place.remove(old.id);
		return report.end(0, { removed: old, added: slot }, `changed ${old.id} to ${shown(slot)}`);
	},
};

async function run(args: readonly string[]): Promise<number> {
	const { values, positionals } = parsed(args, { ...REPOSITORY, ...HOLDER, "key-file": { type: "string" } });
	const [action = "", slot = "", ...more] = positionals;
	const takesSlot = action === "remove" || action === "change";
	if (more.length > 0 || (slot !== "") !== takesSlot)
		throw new UsageError("key takes list, add or new; or remove or change and a slot");
	if (action === "new") {
		const path = values["key-file"];
		if (path === undefined) throw new UsageError("key new needs --key-file");
		return reported(values, async (report) => {
			const master = await newKeyFile(path, await holderFrom(values));
			return report.end(
				0,
				{ masterKey: master, file: path },
				`${path}: key file of the master key ${master} made`,
			);
		});
	}
	const act = ACTIONS[action];
	if (act === undefined)
		throw new UsageError(`key takes list, add, remove, change or new, not ${JSON.stringify(action)}`);
	return reported(values, async (report) => act(report, await placeOfKeys(values), values, slot));
}

export const key: Command = { help, run };
