/** What installing and upgrading can be told. */

/** A principal of any package. */
export interface PrincipalBytes {
	/** As bytes. */
	toUint8Array(): Uint8Array;
}

/** A principal's text, or a principal of any package. */
export type PrincipalLike = string | PrincipalBytes;

/** What `Network.install` can be told. */
export interface InstallOptions {
	/** Argument of `canister_init`, in Candid. Default that of no arguments. */
	readonly arg?: Uint8Array | undefined;
	/**
	 * Who may manage the canister; the first is also the caller of `canister_init`. Default the anonymous principal
	 * alone, that is, everybody.
	 */
	readonly controllers?: readonly PrincipalLike[] | undefined;
	/** What it holds at first. Default 100 T; on a network that charges nothing, 0. */
	readonly cycles?: bigint | undefined;
	/** Its id, one of the network's. Default the next free one, so the same order makes the same ids again. */
	readonly id?: PrincipalLike | undefined;
}

/** What `Network.upgrade` can be told. */
export interface UpgradeOptions {
	/** Argument of `canister_post_upgrade`, in Candid. Default that of no arguments. */
	readonly arg?: Uint8Array | undefined;
}
