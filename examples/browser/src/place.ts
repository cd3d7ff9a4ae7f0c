import type { BlobClient, Visibility } from "canister-blobs";
import { formatBytes } from "./format.js";

/** Where the page may put files. */
export interface Place {
	/** Before the names of files. */
	readonly prefix: string;
	readonly visibility: Visibility;
	/** In words. */
	readonly about: string;
}

const EVERYWHERE: Place = { prefix: "", visibility: "private", about: "" };

/**
 * Asked before each upload: a role or a grant may have been given meanwhile. Who is no writer of all keys, but holds a
 * grant, puts its files under the prefix of that.
 */
export async function findPlace(client: BlobClient): Promise<Place> {
	const { who, roles, administers } = await client.account();
	if (administers || roles.includes("writer")) return EVERYWHERE;
	for await (const { terms, used, holds } of client.admin.listGrants({ heldBy: who })) {
		if (!holds || terms.role !== "writer") continue;
		const { prefix, publicOnly, bytes, endsAt } = terms;
		const parts = [`You may upload under ${prefix || "every name"}`];
		if (Number.isFinite(bytes)) parts.push(`${formatBytes(used.bytes)} of ${formatBytes(bytes)} used`);
		if (endsAt) parts.push(`until ${endsAt.toLocaleString()}`);
		return { prefix, visibility: publicOnly ? "public" : "private", about: parts.join(" · ") };
	}
	return EVERYWHERE;
}
