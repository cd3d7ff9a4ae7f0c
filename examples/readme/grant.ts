import type { BlobClient, PrincipalLike } from "canister-blobs";

export function invite(guest: PrincipalLike, until: Date, blobs: BlobClient) {
	// 1 GB in all, public. Pass the result to `blobs.admin.revokeGrant` to end the grant early.
	const bounds = { endsAt: until, bytes: 1e9, publicOnly: true };
	return blobs.admin.grant(guest, { role: "writer", prefix: "inbox/ann/", ...bounds });
}
