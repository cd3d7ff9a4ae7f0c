import * as is from "../../client/arguments.js";
import { hex } from "../../client/util/bytes.js";
import { toBase64Url } from "../base64.js";
import { MasterKey } from "../master-key.js";
import { randomBytes } from "../subtle.js";
import { unwrapByIdentities, wrapForRecipient } from "./age.js";
import { KeyFileError } from "./errors.js";
import { unwrapByPassphrase, wrapForPassphrase } from "./passphrase.js";
import { FORMAT, readKeyFile, type Slot, VERSION } from "./slots.js";

const SLOT_ID_BYTES = 4;

/** The holder of a wrapped master key: of an age identity, or of a passphrase. */
export type KeyHolder = {
	/** Note that identifies the slot for people. */
	readonly note?: string | undefined;
} & (
	| {
			/** The public key of an age identity: `age1…`, or `age1pq1…` for a post-quantum one. */
			readonly recipient: string;
	  }
	| {
			/**
			 * A passphrase of at least five random words. An attacker with the file can try others at the speed of
			 * scrypt.
			 */
			readonly passphrase: string;
			/** Binary logarithm of scrypt's cost, from 14 to 20. @default 17 */
			readonly logN?: number;
	  }
);

/** Secrets that open a key file. */
export interface KeySecrets {
	/** Secret keys of age: `AGE-SECRET-KEY-…`. */
	readonly identities?: readonly string[] | undefined;
	/** A passphrase. */
	readonly passphrase?: string | undefined;
}

/** One of the ways to open a key file. */
export interface KeySlot {
	/** Id of 8 hexadecimal digits. */
	readonly id: string;
	/** Kind of the slot. */
	readonly type: "age" | "scrypt";
	/** Public key of the age identity. */
	readonly recipient?: string | undefined;
	/** Note that identifies the slot for people. */
	readonly note?: string | undefined;
	/** When it was made, by the clock of the machine that made it. */
	readonly createdAt: string;
}

/**
 * A master key, wrapped for its holders. Adding or removing a holder, or changing a passphrase, makes another file and
 * re-encrypts no blob. A holder that opened the file may have kept the master key: to exclude that holder, use a new
 * master key.
 */
export class KeyFile {
	/** Id of the master key. */
	readonly master: string;
	readonly #slots: readonly Slot[];

	private constructor(master: string, slots: readonly Slot[]) {
		this.master = master;
		this.#slots = slots;
	}

	/** Wraps a master key. @throws KeyFileError `key_secret_invalid` */
	static async wrap(master: MasterKey, holder: KeyHolder): Promise<KeyFile> {
		checkKey(master, holder);
		return new KeyFile(master.id, [await slotFor(master, holder)]);
	}

	/** Reads a key file. @throws KeyFileError `key_file_invalid`, `key_file_unsupported` */
	static parse(text: string): KeyFile {
		const { master, slots } = readKeyFile(text);
		return new KeyFile(master, slots);
	}

	/** The slots of the file. */
	get slots(): readonly KeySlot[] {
		return this.#slots.map((slot) => ({
			id: slot.id,
			type: slot.type,
			createdAt: slot.createdAt,
			...(slot.type === "age" && { recipient: slot.recipient }),
			...(slot.note !== undefined && { note: slot.note }),
		}));
	}

	/** The master key. @throws KeyFileError `key_file_locked` if none of these secrets opens a slot */
	async open(secrets: KeySecrets): Promise<MasterKey> {
		checkSecrets(secrets);
		for (const slot of this.#slots) {
			const bytes = await unwrap(slot, secrets, this.master);
			if (bytes === undefined) continue;
			const master = await MasterKey.of(bytes);
			if (master.id === this.master) return master;
			throw new KeyFileError("key_file_invalid", { reason: "a slot holds another key than the file names" });
		}
		const kinds = [
			...new Set(this.#slots.map(({ type }) => (type === "age" ? "an age identity" : "a passphrase"))),
		];
		const { identities = [], passphrase } = secrets;
		const given = identities.length > 0 || passphrase !== undefined;
		const reason = given ? "none of the secrets that were given opens it" : `it takes ${kinds.join(" or ")}`;
		throw new KeyFileError("key_file_locked", { reason });
	}

	/** A file with one more holder. */
	async add(master: MasterKey, holder: KeyHolder): Promise<KeyFile> {
		checkKey(master, holder);
		if (master.id !== this.master)
			throw new KeyFileError("key_file_invalid", { reason: "it is the file of another master key" });
		return new KeyFile(this.master, [...this.#slots, await slotFor(master, holder)]);
	}

	/**
	 * A file without a slot, which is named by its id or a prefix of the id.
	 * @throws KeyFileError `key_slot_not_found`, `key_slot_last`
	 */
	remove(slot: string): KeyFile {
		const { id } = this.find(slot);
		if (this.#slots.length === 1) throw new KeyFileError("key_slot_last", { slot: id });
		return new KeyFile(
			this.master,
			this.#slots.filter((each) => each.id !== id),
		);
	}

	/** A slot by its id or a prefix of the id. @throws KeyFileError `key_slot_not_found` */
	find(slot: string): KeySlot {
		const found = this.slots.filter(({ id }) => slot !== "" && id.startsWith(slot));
		if (found.length === 1 && found[0]) return found[0];
		throw new KeyFileError("key_slot_not_found", { slot });
	}

	/** The text of the file: JSON, with a line for each slot. It is useless without a secret for a slot. */
	toString(): string {
		const slots = this.#slots.map((slot) => {
			const encoded = Object.entries(slot).map(([name, value]) => [
				name,
				value instanceof Uint8Array ? toBase64Url(value) : value,
			]);
			return JSON.stringify(Object.fromEntries(encoded));
		});
		const head = JSON.stringify({ format: FORMAT, version: VERSION, master: this.master }).slice(0, -1);
		return `${head},"slots":[\n${slots.join(",\n")}\n]}\n`;
	}
}

/** Callers in JavaScript have no types. @throws ClientError `option_invalid` */
function checkKey(master: unknown, holder: unknown): void {
	is.checkArgument("master", master, {
		expected: "a MasterKey",
		accepts: (value) => value instanceof MasterKey,
	});
	is.checkArgument("holder", holder, is.object);
}

function checkSecrets(secrets: KeySecrets): void {
	is.checkArgument("secrets", secrets, is.object);
	const { identities, passphrase } = secrets;
	if (identities !== undefined) is.checkArgument("identities", identities, is.array);
	if (passphrase !== undefined) is.checkArgument("passphrase", passphrase, is.text);
}

async function slotFor(master: MasterKey, holder: KeyHolder): Promise<Slot> {
	const common = {
		id: hex(randomBytes(SLOT_ID_BYTES)),
		createdAt: new Date().toISOString(),
		...(holder.note !== undefined && { note: holder.note }),
	};
	if ("recipient" in holder) {
		const { recipient } = holder;
		return { ...common, type: "age", recipient, wrapped: await wrapForRecipient(recipient, master.secret) };
	}
	const { passphrase, logN } = holder;
	return {
		...common,
		type: "scrypt",
		...(await wrapForPassphrase(passphrase, master.secret, master.id, logN)),
	};
}

async function unwrap(slot: Slot, { identities = [], passphrase }: KeySecrets, master: string) {
	if (slot.type === "age") return unwrapByIdentities(identities, slot.wrapped);
	return passphrase === undefined ? undefined : unwrapByPassphrase(passphrase, slot, master);
}
