/** A principal of any package, as far as it is asked for its bytes and its text. */
export interface WirePrincipal {
	toUint8Array(): Uint8Array;
	toText(): string;
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const MAX_BYTES = 29;
const CHECKSUM_BYTES = 4;
const GROUP = 5;

/**
 * Names somebody (interface specification, "Principals"). A class of our own, since a page's agent may be of either
 * package, each of which has its own. The fields are those of theirs: both packages take it for one of them, and what
 * compares field by field finds them equal.
 */
export class Principal implements WirePrincipal {
	// Not as fields of the class, which QuickJS defines by a call of their own.
	declare readonly _arr: Uint8Array;
	declare readonly _isPrincipal: true;

	private constructor(bytes: Uint8Array) {
		this._arr = bytes;
		this._isPrincipal = true;
	}

	static fromUint8Array(bytes: Uint8Array): Principal {
		return new Principal(bytes);
	}

	static anonymous(): Principal {
		return new Principal(Uint8Array.of(4));
	}

	/** Undefined for what is not the text of one, letter by letter. */
	static parse(text: string): Principal | undefined {
		const bytes = fromBase32(text.replaceAll("-", ""));
		if (bytes === undefined || bytes.length < CHECKSUM_BYTES || bytes.length > CHECKSUM_BYTES + MAX_BYTES)
			return undefined;
		const principal = new Principal(bytes.slice(CHECKSUM_BYTES));
		return principal.toText() === text ? principal : undefined;
	}

	toUint8Array(): Uint8Array {
		return this._arr;
	}

	toText(): string {
		const withChecksum = new Uint8Array(CHECKSUM_BYTES + this._arr.length);
		new DataView(withChecksum.buffer).setUint32(0, crc32(this._arr));
		withChecksum.set(this._arr, CHECKSUM_BYTES);
		return toBase32(withChecksum).replace(/.{5}(?=.)/g, "$&-");
	}

	toString(): string {
		return this.toText();
	}
}

function toBase32(bytes: Uint8Array): string {
	let text = "";
	let held = 0;
	let bits = 0;
	for (const byte of bytes) {
		held = (held << 8) | byte;
		for (bits += 8; bits >= GROUP; bits -= GROUP) text += ALPHABET[(held >> (bits - GROUP)) & 31];
		held &= 31;
	}
	return bits > 0 ? text + ALPHABET[(held << (GROUP - bits)) & 31] : text;
}

/** Undefined where a letter is none of the alphabet. */
function fromBase32(text: string): Uint8Array | undefined {
	const bytes: number[] = [];
	let held = 0;
	let bits = 0;
	for (const letter of text) {
		const value = ALPHABET.indexOf(letter);
		if (value < 0) return undefined;
		held = (held << GROUP) | value;
		bits += GROUP;
		if (bits >= 8) {
			bits -= 8;
			bytes.push((held >> bits) & 255);
		}
		held &= 255;
	}
	return Uint8Array.from(bytes);
}

/** Of ISO 3309, bit by bit: 29 bytes need no table. */
function crc32(bytes: Uint8Array): number {
	let crc = -1;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
	}
	return ~crc >>> 0;
}
