import type { IDL } from "@dfinity/candid";
import * as read from "./read.js";
import { shapeOf } from "./shape.js";
import { type Encodable, write } from "./write.js";

const NO_HEADER = new Uint8Array(0);

/** A value alone, without a header: what `Encoded` takes. */
export function encodeValue<T>(type: IDL.Type<T>, value: T | Encodable<T>): Uint8Array {
	const shape = shapeOf(type);
	return write(NO_HEADER, () => shape.write(value)).slice();
}

/** A value that `encodeValue` made, and that nobody else has had in hand: nothing bounds what it may cost. */
export function decodeValue<T>(type: IDL.Type<T>, bytes: Uint8Array): T {
	const shape = shapeOf(type);
	read.open(bytes, read.UNBOUNDED);
	try {
		const value = shape.read();
		read.expectEnd();
		return value as T;
	} finally {
		read.close();
	}
}
