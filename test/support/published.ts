import { createHash, randomBytes } from "node:crypto";
import { rootPreimage, type WirePublication } from "../../src/protocol/index.js";

/** What requests of tests and benches carry, made without the client. Nothing here knows a test runner. */

export const newId = (): Uint8Array => new Uint8Array(randomBytes(16));

export const sha256 = (bytes: Uint8Array): Uint8Array =>
	new Uint8Array(createHash("sha256").update(bytes).digest());

export function rootOf(bytes: Uint8Array, chunkSize: number): Uint8Array {
	const leaves: Uint8Array[] = [];
	for (let at = 0; at < bytes.length; at += chunkSize)
		leaves.push(sha256(bytes.subarray(at, at + chunkSize)));
	return sha256(rootPreimage(BigInt(bytes.length), chunkSize, Buffer.concat(leaves)));
}

/** What a commit says, with what a test does not care about filled in. */
export function publication(root: Uint8Array, parts: Partial<WirePublication> = {}): WirePublication {
	return {
		root,
		content_type: "application/octet-stream",
		visibility: { public: null },
		metadata: [],
		sha256: [],
		precondition: { none: null },
		expires_at: [],
		as: [],
		...parts,
	};
}
