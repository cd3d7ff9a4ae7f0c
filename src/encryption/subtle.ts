import { ClientError } from "../client/errors/errors.js";

/** The platform's WebCrypto. @throws ClientError `encryption_unavailable`, as on a page over plain HTTP */
export function subtle(): SubtleCrypto {
	const found = globalThis.crypto?.subtle;
	if (found) return found;
	throw new ClientError("encryption_unavailable", {
		reason: "there is no WebCrypto, which pages have over HTTPS and on localhost only",
	});
}

/** Strong random bytes. */
export const randomBytes = (count: number): Uint8Array<ArrayBuffer> =>
	globalThis.crypto.getRandomValues(new Uint8Array(count));

/** HKDF-SHA-256 without a salt: the input key is uniformly random. */
export async function hkdf(
	key: Uint8Array,
	info: Uint8Array,
	bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
	const material = await subtle().importKey("raw", own(key), "HKDF", false, ["deriveBits"]);
	const salt = new Uint8Array(0);
	const algorithm = { name: "HKDF", hash: "SHA-256", salt, info: own(info) };
	return new Uint8Array(await subtle().deriveBits(algorithm, material, bytes * 8));
}

/** Bytes in an unshared buffer, as WebCrypto requires. */
export const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>;
