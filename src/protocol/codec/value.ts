import type { IDL } from "@dfinity/candid";
import * as read from "./read.js";
import { shapeOf } from "./shape.js";
import { type Encodable, writeAlone } from "./write.js";

/** A value alone, without a header: what `Encoded` takes. */
export function encodeValue<T>(type: IDL.Type<T>, value: T | Encodable<T>): Uint8Array {
	return writeAlone(shapeOf(type).write, value);
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
