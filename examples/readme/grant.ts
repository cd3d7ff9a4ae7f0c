import type { BlobClient, PrincipalLike } from "canister-blobs";

export function invite(guest: PrincipalLike, until: Date, blobs: BlobClient) {
	// 1 GB in all, to be read by everybody. `blobs.admin.revokeGrant` takes what this answers, and ends it before.
	const bounds = { endsAt: until, bytes: 1e9, publicOnly: true };
	return blobs.admin.grant(guest, { role: "writer", prefix: "inbox/ann/", ...bounds });
}
