/** Options of `install` and `upgrade`. */

/** A principal object of any package. */
export interface PrincipalBytes {
	/** As bytes. */
	toUint8Array(): Uint8Array;
}

/** A principal as text, or as an object of any package. */
export type PrincipalLike = string | PrincipalBytes;

/** Options of `Network.install`. */
export interface InstallOptions {
	/** Argument of `canister_init`, in Candid. @default no arguments */
	readonly arg?: Uint8Array | undefined;
	/**
	 * Controllers of the canister. The first is also the caller of `canister_init`. @default the anonymous principal,
	 * so that every caller is a controller
	 */
	readonly controllers?: readonly PrincipalLike[] | undefined;
	/** Initial balance. @default 100 T; 0 on a network without fees */
	readonly cycles?: bigint | undefined;
	/** Canister id, from the network's range. @default the next free one, so that the same order gives the same ids */
	readonly id?: PrincipalLike | undefined;
}

/** Options of `Network.upgrade`. */
export interface UpgradeOptions {
	/** Argument of `canister_post_upgrade`, in Candid. @default no arguments */
	readonly arg?: Uint8Array | undefined;
}
