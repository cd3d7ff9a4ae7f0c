import { createHash, type Hash } from "node:crypto";
import { bls12_381 } from "@noble/curves/bls12-381";
import { SHA256 } from "@noble/hashes/sha2";
import { useOpenSsl } from "./native-ed25519.js";

/**
 * A set-up file: what the agents' libraries do in JavaScript at milliseconds a call, Node does here: Ed25519, and
 * SHA-256 of large arguments, of which @dfinity/agent makes a request id. The bytes are the same. And a BLS signature
 * that was verified, as that of a subnet's delegation is with each certificate, is not verified again.
 */

useOpenSsl();

declare global {
	/** This module may be evaluated before each file of tests, in one process. */
	var isBlsRemembered: boolean | undefined;
}

const MAX_KNOWN = 1_000;

function rememberBls(): void {
	if (globalThis.isBlsRemembered) return;
	globalThis.isBlsRemembered = true;
	const { verifyShortSignature: verify } = bls12_381;
	const known = new Map<string, boolean>();
	const named = (part: unknown) =>
		typeof part === "string"
			? part
			: part instanceof Uint8Array
				? Buffer.from(part).toString("hex")
				: undefined;
	const remembering: typeof verify = (signature, message, key, options) => {
		const parts = [signature, message, key].map(named);
		if (options !== undefined || parts.includes(undefined)) return verify(signature, message, key, options);
		const name = parts.join();
		const is = known.get(name) ?? verify(signature, message, key);
		if (known.size >= MAX_KNOWN) known.clear();
		known.set(name, is);
		return is;
	};
	Object.assign(bls12_381, { verifyShortSignature: remembering });
}
rememberBls();

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
