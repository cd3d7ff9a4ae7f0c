import { fromBase64Url } from "../base64.js";
import { isRecipient } from "./age.js";
import { KeyFileError } from "./errors.js";
import { isBounded, type ScryptWrapping } from "./passphrase.js";

/** The format of a key file. Parsing is strict, because the place that stores the file may have changed it. */

export const FORMAT = "canister-blobs key";
export const VERSION = 1;
const MAX_FILE_LENGTH = 1_000_000;
const MAX_SLOTS = 100;
const MAX_NOTE_LENGTH = 200;
const MAX_WRAPPED_BYTES = 8_192;

interface Common {
	readonly id: string;
	readonly createdAt: string;
	readonly note?: string;
}

export type Slot = Common &
	(
		| { readonly type: "age"; readonly recipient: string; readonly wrapped: Uint8Array }
		| ({ readonly type: "scrypt" } & ScryptWrapping)
	);

const invalid = (reason: string) => new KeyFileError("key_file_invalid", { reason });

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
	typeof value === "object" && value !== null && !Array.isArray(value);

export function readKeyFile(text: string): { readonly master: string; readonly slots: readonly Slot[] } {
	const { format, version, master, slots } = parsed(text);
	if (format !== FORMAT) throw invalid("it does not say that it is one");
	if (version !== VERSION) throw new KeyFileError("key_file_unsupported", { version: Number(version) });
	if (typeof master !== "string" || !/^[0-9a-f]{16}$/.test(master)) throw invalid("it names no master key");
	if (!Array.isArray(slots) || slots.length === 0 || slots.length > MAX_SLOTS)
		throw invalid(`it must have 1 to ${MAX_SLOTS} slots`);
	return { master, slots: slots.map(readSlot) };
}

function parsed(text: string): Fields {
	if (text.length > MAX_FILE_LENGTH) throw invalid("it is too long");
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		throw invalid("it is not JSON");
	}
	if (!isFields(value)) throw invalid("it is not an object in JSON");
	return value;
}

function readSlot(value: unknown): Slot {
	if (!isFields(value)) throw invalid("a slot is not an object");
	const { id, createdAt, note, type } = value;
	if (typeof id !== "string" || !/^[0-9a-f]{8}$/.test(id)) throw invalid("a slot has no id");
	if (typeof createdAt !== "string" || Number.isNaN(Date.parse(createdAt)) || createdAt.length > 32)
		throw invalid("a slot has no time");
	if (note !== undefined && (typeof note !== "string" || note.length > MAX_NOTE_LENGTH))
		throw invalid("the note of a slot is no short text");
	const common = { id, createdAt, ...(note !== undefined && { note }) };
	const wrapped = bytesOf(value.wrapped, MAX_WRAPPED_BYTES);
	if (type === "age") {
		const { recipient } = value;
		if (typeof recipient !== "string" || !isRecipient(recipient)) throw invalid("a slot is for nobody");
		return { ...common, type, recipient, wrapped };
	}
	if (type !== "scrypt") throw invalid("a slot is of a type that this release does not know");
	const { logN } = value;
	if (!isBounded(logN)) throw invalid("the cost of a passphrase is out of its bounds");
	return { ...common, type, logN, salt: bytesOf(value.salt, 64), wrapped };
}

function bytesOf(value: unknown, most: number): Uint8Array {
	const bytes = typeof value === "string" && value.length <= 2 * most ? fromBase64Url(value) : undefined;
	if (bytes === undefined || bytes.length === 0 || bytes.length > most) throw invalid("a slot holds no key");
	return bytes;
}
