/** Principals, "Special forms of Principals": canister ids are opaque, 8 bytes of a number and `0x0101`. */

export type CanisterId = Uint8Array;

/** First id of the range that development networks of the IC give to their application subnet. */
const FIRST = 0xffffffffffd00000n;

export function canisterIdAt(index: number): CanisterId {
	const id = Buffer.alloc(10);
	id.writeBigUInt64BE(FIRST + BigInt(index), 0);
	id[8] = 1;
	id[9] = 1;
	return id;
}
