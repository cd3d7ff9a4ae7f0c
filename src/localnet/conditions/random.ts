import { sha256, utf8 } from "../encoding/bytes.js";

/** Random numbers from 0 to 1. Networks with the same seed get the same numbers. */
export type Random = () => number;

export function seededRandom(seed: Uint8Array, purpose: string): Random {
	let block = sha256(seed, utf8(purpose));
	let at = 0;
	return () => {
		if (at === block.length) {
			block = sha256(block);
			at = 0;
		}
		const value = block.readUInt32LE(at) / 2 ** 32;
		at += 4;
		return value;
	};
}
