import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/**
 * The bytes of a sealed object: segments of 64 KiB, each with all that opens it except the key, so that any part of an
 * object is located by arithmetic and read with one request.
 *
 *     salt (31) | 1 for the last segment, else 0 (1) | ciphertext | tag (16)
 */

export const SEGMENT_BYTES = 65_536;
const SALT_BYTES = 31;
const HEAD_BYTES = SALT_BYTES + 1;
const TAG_BYTES = 16;
const OVERHEAD = HEAD_BYTES + TAG_BYTES;
/** Bytes of plaintext in a full segment. */
export const PLAIN_BYTES = SEGMENT_BYTES - OVERHEAD;

const segmentsOf = (plain: number): number => Math.max(1, Math.ceil(plain / PLAIN_BYTES));

/** Size of the plaintext for the size of a sealed object. */
export function plainSize(sealed: number): number {
	return Math.max(0, sealed - Math.ceil(sealed / SEGMENT_BYTES) * OVERHEAD);
}

/** Seals and opens objects of a repository. */
export class Segments {
	readonly #secret: Uint8Array;
	#last: { readonly salt: Buffer; readonly key: Buffer } | undefined;

	/** @param secret 32 bytes, from which the key of each object is derived */
	constructor(secret: Uint8Array) {
		this.#secret = secret;
	}

	/** A new salt for each object derives a new key, under which each segment index is used once as the nonce. */
	seal(name: string, plain: Uint8Array): Buffer {
		const salt = randomBytes(SALT_BYTES);
		const key = this.#keyOf(salt);
		const count = segmentsOf(plain.length);
		const parts: Buffer[] = [];
		for (let index = 0; index < count; index++) {
			const head = Buffer.concat([salt, Buffer.of(index === count - 1 ? 1 : 0)]);
			const cipher = createCipheriv("aes-256-gcm", key, nonceOf(index));
			cipher.setAAD(boundTo(head, index, name));
			parts.push(head, cipher.update(plain.subarray(index * PLAIN_BYTES, (index + 1) * PLAIN_BYTES)));
			parts.push(cipher.final(), cipher.getAuthTag());
		}
		return Buffer.concat(parts);
	}

	/**
	 * Opens consecutive segments.
	 * @param sealed bytes from the start of segment `first`, shorter if the object ends
	 * @param isToEnd whether `sealed` reaches the end of the object
	 * @returns undefined for each segment that was modified
	 */
	open(name: string, first: number, sealed: Uint8Array, isToEnd: boolean): (Buffer | undefined)[] {
		const opened: (Buffer | undefined)[] = [];
		const count = Math.ceil(sealed.length / SEGMENT_BYTES);
		for (let at = 0; at < count; at++) {
			const segment = sealed.subarray(at * SEGMENT_BYTES, (at + 1) * SEGMENT_BYTES);
			const isEnd = isToEnd && at === count - 1;
			// Exactly the last segment is marked as last: otherwise the object was cut off or extended.
			const isRight = segment.length >= OVERHEAD && (segment[SALT_BYTES] === 1) === isEnd;
			opened.push(isRight ? this.#open(name, first + at, segment) : undefined);
		}
		return opened;
	}

	#open(name: string, index: number, segment: Uint8Array): Buffer | undefined {
		const head = Buffer.from(segment.subarray(0, HEAD_BYTES));
		const cipher = createDecipheriv("aes-256-gcm", this.#keyOf(head.subarray(0, SALT_BYTES)), nonceOf(index));
		cipher.setAAD(boundTo(head, index, name));
		cipher.setAuthTag(segment.subarray(-TAG_BYTES));
		try {
			return Buffer.concat([cipher.update(segment.subarray(HEAD_BYTES, -TAG_BYTES)), cipher.final()]);
		} catch {
			return undefined;
		}
	}

	#keyOf(salt: Buffer): Buffer {
		if (!this.#last?.salt.equals(salt)) {
			const key = Buffer.from(hkdfSync("sha256", this.#secret, salt, "canister-blobs object 1", 32));
			this.#last = { salt: Buffer.from(salt), key };
		}
		return this.#last.key;
	}
}

function nonceOf(index: number): Buffer {
	const nonce = Buffer.alloc(12);
	nonce.writeUInt32BE(index, 8);
	return nonce;
}

/** Associated data that binds a segment to its position in its object. */
function boundTo(head: Buffer, index: number, name: string): Buffer {
	const number = Buffer.alloc(4);
	number.writeUInt32BE(index);
	return Buffer.concat([Buffer.from("cbobject1"), head, number, Buffer.from(name)]);
}
