import { bool, bytes, nat32, nat64, opt, principal, record, vec } from "../candid.js";
import type { WirePrincipal } from "../principal.js";
import { ManifestBytes } from "./blob.js";
import { Version, type WireVersion } from "./version.js";

/** Leases: what keys held at one place of the feed is kept for a backup while it reads. */

export interface WireTakeLease {
	/** Of this change, and of the lease from then on. */
	id: Uint8Array;
	/** How long it holds from now on, in nanoseconds. */
	life: bigint;
	/** Bytes that may be kept for it, as quotas count them. */
	bytes: bigint;
}
export const TakeLease = record<WireTakeLease>({ id: bytes, life: nat64, bytes: nat64 });

export interface WireExtendLease {
	id: Uint8Array;
	/** The lease's id. */
	lease: Uint8Array;
	/** How long it holds from now on, in nanoseconds. */
	life: bigint;
}
export const ExtendLease = record<WireExtendLease>({ id: bytes, lease: bytes, life: nat64 });

export interface WireReleaseLease {
	id: Uint8Array;
	/** The lease's id. */
	lease: Uint8Array;
}
export const ReleaseLease = record<WireReleaseLease>({ id: bytes, lease: bytes });

export interface WireLease {
	id: Uint8Array;
	holder: WirePrincipal;
	/** The change that it was taken by: it keeps what keys held then. */
	version: WireVersion;
	taken_at: bigint;
	ends_at: bigint;
	/** Bytes that may be kept for it, and that are. */
	bytes: bigint;
	used: bigint;
	/** Whether more had to be kept than it is for: then nothing is kept for it any more. */
	broken: boolean;
}
export const Lease = record<WireLease>({
	id: bytes,
	holder: principal,
	version: Version,
	taken_at: nat64,
	ends_at: nat64,
	bytes: nat64,
	used: nat64,
	broken: bool,
});

export interface WireLeases {
	/** In the order in which they were taken. */
	leases: WireLease[];
}
export const Leases = record<WireLeases>({ leases: vec(Lease) });

export interface WireListLeased {
	/** The lease's id. */
	lease: Uint8Array;
	/** Past the version of this number. */
	after: [] | [bigint];
	limit: number;
}
export const ListLeased = record<WireListLeased>({ lease: bytes, after: opt(nat64), limit: nat32 });

export interface WireLeased {
	/** Of what is kept for the lease, in the order in which it was published. */
	manifests: Uint8Array[];
	next: [] | [bigint];
}
export const Leased = record<WireLeased>({ manifests: vec(ManifestBytes), next: opt(nat64) });
