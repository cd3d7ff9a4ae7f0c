import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519";

/**
 * Lets OpenSSL sign for the identities of @dfinity/identity, and be asked first whether a node signed an answer: a
 * tenth and a twentieth of the 0.8 and 3.3 ms that the library takes, hundreds of times a file. Its signatures are the
 * same, and what it takes for signed the library does too; what it does not the library itself refuses.
 */

type Bytes = Parameters<typeof ed25519.verify>[0];

const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI = Buffer.from("302a300506032b6570032100", "hex");
const KEY_BYTES = 32;
/** Making a key of bytes takes longer than signing with it. */
const MAX_KNOWN = 1_000;

const isKey = (value: Bytes): value is Uint8Array =>
	value instanceof Uint8Array && value.length === KEY_BYTES;

function remembering(make: (key: Uint8Array) => KeyObject): (key: Uint8Array) => KeyObject {
	const known = new Map<string, KeyObject>();
	return (key) => {
		const name = Buffer.from(key).toString("latin1");
		const made = known.get(name) ?? make(key);
		if (known.size >= MAX_KNOWN) known.clear();
		known.set(name, made);
		return made;
	};
}

const secretOf = remembering((key) =>
	createPrivateKey({ key: Buffer.concat([PKCS8, key]), format: "der", type: "pkcs8" }),
);
const publicOf = remembering((key) =>
	createPublicKey({ key: Buffer.concat([SPKI, key]), format: "der", type: "spki" }),
);

function isSigned(signature: Bytes, message: Bytes, key: Bytes): boolean {
	if (!isKey(key) || !(signature instanceof Uint8Array) || !(message instanceof Uint8Array)) return false;
	try {
		return verify(null, message, publicOf(key), signature);
	} catch {
		return false;
	}
}

declare global {
	/** The library's own: this module may be evaluated before each file of tests, in one process. */
	var ed25519OfLibrary: Pick<typeof ed25519, "sign" | "verify"> | undefined;
}
globalThis.ed25519OfLibrary ??= { sign: ed25519.sign, verify: ed25519.verify };
const library = globalThis.ed25519OfLibrary;

export const useOpenSsl = (): void =>
	void Object.assign(ed25519, {
		sign: (message, key, options) =>
			isKey(key) && message instanceof Uint8Array && options === undefined
				? new Uint8Array(sign(null, message, secretOf(key)))
				: library.sign(message, key, options),
		verify: (signature, message, key, options) =>
			isSigned(signature, message, key) || library.verify(signature, message, key, options),
	} satisfies Partial<typeof ed25519>);
/** For a file of tests that is about what the library does. */
export const useLibrary = (): void => void Object.assign(ed25519, library);

useOpenSsl();
