import { ClientError } from "../client/errors/errors.js";
import { own, subtle } from "./subtle.js";

const TAG = new TextEncoder().encode("cbframe1");
const NONCE_BYTES = 12;
const UNKNOWN = 2n ** 64n - 1n;
export const KEY_BYTES = 32;

/** The facts that bind all frames of a blob. A stream's size is unknown when its first frames are sealed. */
export interface Bound {
	readonly frameBytes: number;
	readonly padded: number | undefined;
	readonly count: number | undefined;
}

/**
 * Seals and opens the frames of one blob, each with AES-256-GCM under the blob's own key with its index as the nonce.
 * The associated data contain the position of a frame, whether it is the last, and the total size (docs/ENCRYPTION.md).
 */
export class FrameCipher {
	readonly #key: CryptoKey;
	readonly #bound: Bound;

	private constructor(key: CryptoKey, bound: Bound) {
		this.#key = key;
		this.#bound = bound;
	}

	static async of(key: Uint8Array, bound: Bound): Promise<FrameCipher> {
		const imported = await subtle().importKey("raw", own(key), "AES-GCM", false, ["encrypt", "decrypt"]);
		return new FrameCipher(imported, bound);
	}

	async seal(index: number, isLast: boolean, plain: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
		return new Uint8Array(await subtle().encrypt(this.#algorithm(index, isLast), this.#key, own(plain)));
	}

	/** @throws ClientError `decryption_failed` */
	async open(index: number, isLast: boolean, sealed: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
		try {
			return new Uint8Array(await subtle().decrypt(this.#algorithm(index, isLast), this.#key, own(sealed)));
		} catch (error) {
			const reason = `frame ${index} is not what was sealed there: it was changed, moved or cut`;
			throw new ClientError("decryption_failed", { reason }, error);
		}
	}

	#algorithm(index: number, isLast: boolean): AesGcmParams {
		const { count, padded, frameBytes } = this.#bound;
		const nonce = new DataView(new ArrayBuffer(NONCE_BYTES));
		nonce.setBigUint64(4, BigInt(index));
		const data = new DataView(new ArrayBuffer(TAG.length + 29));
		new Uint8Array(data.buffer).set(TAG);
		data.setBigUint64(8, BigInt(index));
		data.setBigUint64(16, count === undefined ? UNKNOWN : BigInt(count));
		data.setBigUint64(24, padded === undefined ? UNKNOWN : BigInt(padded));
		data.setUint32(32, frameBytes);
		data.setUint8(36, isLast ? 1 : 0);
		return { name: "AES-GCM", iv: nonce, additionalData: data };
	}
}
