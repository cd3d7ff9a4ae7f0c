import { createDecipheriv, scrypt } from "node:crypto";

/**
 * Opens a password-protected private key of icp-cli: PKCS#8, PBES2 with scrypt and AES-256-CBC (RFC 8018, RFC 7914).
 * node:crypto parses the format, but refuses the 128 MiB that icp's parameters need.
 */

/** Maximum memory of scrypt: four times icp's parameters. */
const MAX_MEMORY = 512 << 20;
const OID = {
	pbes2: "2a864886f70d01050d",
	scrypt: "2b06010401da47040b",
	aes256cbc: "60864801650304012a",
} as const;
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTETS = 0x04;
const OBJECT = 0x06;
const KEY_BYTES = 32;

/** The key has an unsupported format, which the message names. */
export class UnknownForm extends Error {}

/** Reads DER values in sequence. Lengths are bounded by the remaining bytes. */
class Der {
	readonly #bytes: Buffer;
	#at = 0;

	constructor(bytes: Buffer) {
		this.#bytes = bytes;
	}

	get isAtEnd(): boolean {
		return this.#at === this.#bytes.length;
	}

	take(tag: number): Buffer {
		const bytes = this.#bytes;
		if (bytes[this.#at] !== tag) throw new UnknownForm("its DER is not that of a protected key");
		let length = bytes[this.#at + 1] ?? 0;
		let from = this.#at + 2;
		if (length >= 0x80) {
			const size = length - 0x80;
			if (size === 0 || size > 4 || from + size > bytes.length)
				throw new UnknownForm("its DER has a length that cannot be");
			length = bytes.readUIntBE(from, size);
			from += size;
		}
		if (from + length > bytes.length) throw new UnknownForm("its DER is cut off");
		this.#at = from + length;
		return bytes.subarray(from, from + length);
	}

	sequence(): Der {
		return new Der(this.take(SEQUENCE));
	}

	number(): number {
		const bytes = this.take(INTEGER);
		if (bytes.length === 0 || bytes.length > 6) throw new UnknownForm("its DER has a number that cannot be");
		return bytes.readUIntBE(0, bytes.length);
	}

	expect(oid: string, what: string): void {
		const found = this.take(OBJECT).toString("hex");
		if (found !== oid) throw new UnknownForm(`it is not protected by ${what}`);
	}
}

/** The PKCS#8 inside, or undefined for a wrong password. @throws {UnknownForm} */
export async function openPbes2(der: Buffer, password: string): Promise<Buffer | undefined> {
	const whole = new Der(der).sequence();
	const algorithm = whole.sequence();
	const data = whole.take(OCTETS);
	algorithm.expect(OID.pbes2, "PBES2");
	const parameters = algorithm.sequence();
	const derivation = parameters.sequence();
	derivation.expect(OID.scrypt, "scrypt");
	const its = derivation.sequence();
	const salt = its.take(OCTETS);
	const [N, r, p] = [its.number(), its.number(), its.number()];
	if (!its.isAtEnd && its.number() !== KEY_BYTES) throw new UnknownForm("its key is not of 32 bytes");
	const cipher = parameters.sequence();
	cipher.expect(OID.aes256cbc, "AES-256-CBC");
	const iv = cipher.take(OCTETS);
	if (iv.length !== 16) throw new UnknownForm("its initialization vector is not of 16 bytes");
	// scrypt needs 128 N r bytes, and time in proportion to N r p.
	if (128 * N * r > MAX_MEMORY || p > 16)
		throw new UnknownForm(`its scrypt takes more than ${MAX_MEMORY >> 20} MiB`);
	const key = await new Promise<Buffer>((resolve, reject) => {
		scrypt(password, salt, KEY_BYTES, { N, r, p, maxmem: MAX_MEMORY + (1 << 20) }, (error, derived) =>
			error ? reject(new UnknownForm(error.message)) : resolve(derived),
		);
	});
	const decipher = createDecipheriv("aes-256-cbc", key, iv);
	try {
		return Buffer.concat([decipher.update(data), decipher.final()]);
	} catch {
		return undefined;
	}
}
