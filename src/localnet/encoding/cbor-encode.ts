/**
 * HTTPS interface, "CBOR encoding of requests and responses": writing.
 *
 * The writer collects pieces and joins them once, so that a large reply is copied a single time.
 */

export type Encodable =
	| number
	| bigint
	| string
	| Uint8Array
	| readonly Encodable[]
	| ReadonlyMap<number | string, Encodable>
	| { readonly [key: string]: Encodable | undefined };

/** Every CBOR value of the IC carries the self-describing tag 55799. */
const SELF_DESCRIBED = Uint8Array.of(0xd9, 0xd9, 0xf7);

export function encodeCbor(value: Encodable): Buffer {
	const pieces: Uint8Array[] = [SELF_DESCRIBED];
	write(value, pieces);
	return Buffer.concat(pieces);
}

export function encodeBare(value: Encodable): Buffer {
	const pieces: Uint8Array[] = [];
	write(value, pieces);
	return Buffer.concat(pieces);
}

function write(value: Encodable, out: Uint8Array[]): void {
	if (typeof value === "number" || typeof value === "bigint") {
		out.push(head(0, BigInt(value)));
	} else if (typeof value === "string") {
		const bytes = Buffer.from(value, "utf8");
		out.push(head(3, BigInt(bytes.length)), bytes);
	} else if (value instanceof Uint8Array) {
		out.push(head(2, BigInt(value.length)), value);
	} else if (Array.isArray(value)) {
		out.push(head(4, BigInt(value.length)));
		for (const item of value as readonly Encodable[]) write(item, out);
	} else if (value instanceof Map) {
		out.push(head(5, BigInt(value.size)));
		for (const [key, field] of value as ReadonlyMap<number | string, Encodable>) {
			write(key, out);
			write(field, out);
		}
	} else {
		const fields = Object.entries(value).filter(([, field]) => field !== undefined);
		out.push(head(5, BigInt(fields.length)));
		for (const [key, field] of fields) {
			write(key, out);
			write(field as Encodable, out);
		}
	}
}

function head(major: number, argument: bigint): Uint8Array {
	const type = major << 5;
	if (argument < 24n) return Uint8Array.of(type | Number(argument));
	if (argument < 0x100n) return Uint8Array.of(type | 24, Number(argument));
	const bytes = Buffer.alloc(9);
	if (argument < 0x1_0000n) {
		bytes[0] = type | 25;
		bytes.writeUInt16BE(Number(argument), 1);
		return bytes.subarray(0, 3);
	}
	if (argument < 0x1_0000_0000n) {
		bytes[0] = type | 26;
		bytes.writeUInt32BE(Number(argument), 1);
		return bytes.subarray(0, 5);
	}
	bytes[0] = type | 27;
	bytes.writeBigUInt64BE(argument, 1);
	return bytes;
}
