import {
	createHash,
	createPrivateKey,
	createPublicKey,
	type Hash,
	type KeyObject,
	sign,
	verify,
} from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519";
import { SHA256 } from "@noble/hashes/sha2";

/**
 * A set-up file: what the agents' libraries do in JavaScript at milliseconds a call, Node does here: Ed25519, by which
 * identities sign and agents and client verify, and SHA-256 of large arguments, of which @dfinity/agent makes a request
 * id. The bytes are the same. A signature that Node refuses the library still judges: it has the last word on a wrong
 * one.
 */

const PRIVATE_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const SEED_BYTES = 32;
/** Of identities and nodes that a file of tests uses. */
const MAX_KEYS = 1_000;

/** Reading a key takes longer than signing with it. */
function remembered(make: (raw: Uint8Array) => KeyObject): (raw: Uint8Array) => KeyObject {
	const keys = new Map<string, KeyObject>();
	return (raw) => {
		const name = Buffer.from(raw).toString("latin1");
		const key = keys.get(name) ?? make(raw);
		if (keys.size >= MAX_KEYS) keys.clear();
		keys.set(name, key);
		return key;
	};
}
const privateKey = remembered((raw) =>
	createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, raw]), format: "der", type: "pkcs8" }),
);
const publicKey = remembered((raw) =>
	createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, raw]), format: "der", type: "spki" }),
);

declare global {
	/** The library's own: this file runs again before each file of tests, in one process. */
	var ed25519OfLibrary: Pick<typeof ed25519, "sign" | "verify"> | undefined;
}
globalThis.ed25519OfLibrary ??= { sign: ed25519.sign, verify: ed25519.verify };
const library = globalThis.ed25519OfLibrary;
const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;

const signByNode: typeof library.sign = (message, secret, options) => {
	if (!isBytes(message) || !isBytes(secret) || secret.length !== SEED_BYTES || options !== undefined)
		return library.sign(message, secret, options);
	return new Uint8Array(sign(null, message, privateKey(secret)));
};

const verifyByNode: typeof library.verify = (signature, message, key, options) => {
	if (isBytes(signature) && isBytes(message) && isBytes(key) && key.length === SEED_BYTES)
		if (verify(null, message, publicKey(key), signature)) return true;
	return library.verify(signature, message, key, options);
};

Object.assign(ed25519, { sign: signByNode, verify: verifyByNode });

/** For a file of tests that is about what the library does. */
export const useLibrary = (): void => void Object.assign(ed25519, library);

/** From so many bytes on a hash is begun by Node. */
const LARGE = 1_024;
const begun = new WeakMap<SHA256, Hash>();
const { update, digestInto } = Object.getPrototypeOf(SHA256.prototype) as SHA256;

Object.assign(SHA256.prototype, {
	update(this: SHA256, data: Uint8Array) {
		// Both are private to the library's declarations: nothing was hashed yet.
		const { length, pos } = this as unknown as { length: number; pos: number };
		if (length + pos === 0 && data.length >= LARGE && !begun.has(this)) begun.set(this, createHash("sha256"));
		const hash = begun.get(this);
		if (hash === undefined) return update.call(this, data);
		hash.update(data);
		return this;
	},
	digestInto(this: SHA256, out: Uint8Array) {
		const hash = begun.get(this);
		if (hash === undefined) digestInto.call(this, out);
		else out.set(hash.digest());
	},
});
