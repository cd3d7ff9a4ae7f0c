import type { BlobClient, Visibility } from "canister-blobs";
import { formatBytes } from "./format.js";

/** Prefix under which the page may store files. */
export interface Place {
	/** Prefix of the keys. */
	readonly prefix: string;
	readonly visibility: Visibility;
	/** Description for people. */
	readonly about: string;
}

const EVERYWHERE: Place = { prefix: "", visibility: "private", about: "" };

/**
 * Checked before each upload, since roles and grants may change. A caller that is no writer but holds a grant stores
 * its files under the grant's prefix.
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
