import * as read from "./read.js";
import type { CandidType } from "./shape.js";
import { type Encodable, writeAlone } from "./write.js";

/** A value alone, without a header: what `Encoded` takes. */
export function encodeValue<T>(type: CandidType<T>, value: T | Encodable<T>): Uint8Array {
	return writeAlone(type.write, value);
}

/** A value that `encodeValue` made, and that nobody else has had in hand: nothing bounds what it may cost. */
export function decodeValue<T>(type: CandidType<T>, bytes: Uint8Array): T {
	read.open(bytes, read.UNBOUNDED);
	try {
		const value = type.read();
		read.expectEnd();
		return value as T;
	} finally {
		read.close();
	}
}
