/** Hashes, numbers and names as the interface specification encodes them. */
import { createHash, hash as hashOf } from "node:crypto";
import { Principal } from "@dfinity/principal";

/** Up to this size one hash call over a copy of the parts is faster than a hash object. */
const FEW_BYTES = 4_096;

export function sha256(...parts: readonly Uint8Array[]): Buffer {
	if (parts.reduce((sum, { length }) => sum + length, 0) <= FEW_BYTES)
		return hashOf("sha256", parts.length === 1 ? parts[0]! : Buffer.concat(parts), "buffer");
	const hash = createHash("sha256");
	for (const part of parts) hash.update(part);
	return hash.digest();
}

export function sha224(bytes: Uint8Array): Buffer {
	return createHash("sha224").update(bytes).digest();
}

export function utf8(text: string): Buffer {
	return Buffer.from(text, "utf8");
}

export function hex(bytes: Uint8Array): string {
	return view(bytes).toString("hex");
}

/** The same bytes as a Buffer, without a copy. */
export function view(bytes: Uint8Array): Buffer {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
	return Buffer.compare(a, b) === 0;
}

/** Natural numbers in the state tree and in request ids are LEB128. */
export function leb128(value: bigint): Buffer {
	const bytes: number[] = [];
	let rest = value;
	do {
		const low = Number(rest & 0x7fn);
		rest >>= 7n;
		bytes.push(rest === 0n ? low : low | 0x80);
	} while (rest !== 0n);
	return Buffer.from(bytes);
}

export function unleb128(bytes: Uint8Array): bigint {
	return bytes.reduceRight((value, byte) => (value << 7n) | BigInt(byte & 0x7f), 0n);
}

/** `byte(|s|) · s`, which separates the domains of signatures and hashes. */
export function domainSeparator(name: string): Buffer {
	const bytes = utf8(name);
	return Buffer.concat([Uint8Array.of(bytes.length), bytes]);
}

export function principalText(bytes: Uint8Array): string {
	return Principal.fromUint8Array(Uint8Array.from(bytes)).toText();
}

/** The bytes of a principal's text, or undefined if the text is invalid. */
export function principalBytes(text: string): Uint8Array | undefined {
	try {
		return Principal.fromText(text).toUint8Array();
	} catch {
		return undefined;
	}
}

/** "Special forms of Principals": the principal of a public key. */
export function selfAuthenticating(derPublicKey: Uint8Array): Buffer {
	return Buffer.concat([sha224(derPublicKey), Uint8Array.of(2)]);
}

export const ANONYMOUS = Uint8Array.of(4);
export const MANAGEMENT_CANISTER = new Uint8Array(0);
