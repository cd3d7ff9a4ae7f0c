import { KeyFileError } from "./errors.js";

/** Loaded on demand: the package is large, and few pages wrap keys. */
const age = () => import("age-encryption");

const RECIPIENT = /^age1[a-z0-9]{10,4000}$/;
const IDENTITY = /^AGE-SECRET-KEY-[A-Z0-9-]{10,4000}$/;

/** Whether a text may be the public half of an age key. */
export const isRecipient = (text: string): boolean => RECIPIENT.test(text);

/** The identities in a file of age-keygen: one a line, after comments. */
export function identitiesIn(text: string): string[] {
	const lines = text
		.split("\n")
		.map((line) => line.trim())
		.filter((line) => line !== "" && !line.startsWith("#"));
	if (lines.every((line) => IDENTITY.test(line))) return lines;
	throw new KeyFileError("key_secret_invalid", {
		reason: "A line of the identities is no secret key of age",
	});
}

/** Wraps a key for a recipient, as a file of age. @throws KeyFileError `key_secret_invalid` */
export async function wrapForRecipient(recipient: string, key: Uint8Array): Promise<Uint8Array> {
	const invalid = () =>
		new KeyFileError("key_secret_invalid", {
			reason: "A recipient is the public key of an age identity: age1…",
		});
	if (!isRecipient(recipient)) throw invalid();
	const { Encrypter } = await age();
	const encrypter = new Encrypter();
	try {
		encrypter.addRecipient(recipient);
	} catch {
		throw invalid();
	}
	return encrypter.encrypt(key);
}

/** The key; undefined if none of these identities opens it. */
export async function unwrapByIdentities(
	identities: readonly string[],
	wrapped: Uint8Array,
): Promise<Uint8Array | undefined> {
	if (identities.length === 0) return undefined;
	const { Decrypter } = await age();
	const decrypter = new Decrypter();
	try {
		for (const identity of identities) decrypter.addIdentity(identity);
	} catch {
		throw new KeyFileError("key_secret_invalid", { reason: "An identity is no secret key of age" });
	}
	try {
		return await decrypter.decrypt(wrapped);
	} catch {
		return undefined;
	}
}
