import { isBlobError } from "../../client/errors/errors.js";
import type { BlobClient } from "../../client/index.js";
import type { Json } from "../format/json.js";
import { entriesOf, type TreePages } from "../tree/cursor.js";
import type { BlobEntry } from "../tree/entry.js";
import { isBefore } from "../tree/page.js";
import type { ChangeLog } from "./change-log.js";
import {
	type Draft,
	draftOf,
	EVERYBODY,
	EXPIRY_RULES,
	grantOf,
	jsonOf,
	KEEP_DELETED,
	linkKey,
	MODE,
} from "./drafts.js";

/**
 * Compares the proven list of a store with a tree, side by side, and logs the differences.
 * @param upTo logs only versions up to this change: later ones are younger than the lease
 */
export async function compareLists(
	client: BlobClient,
	pages: TreePages<BlobEntry>,
	root: string,
	log: ChangeLog<Draft>,
	{ signal, upTo }: { readonly signal: AbortSignal; readonly upTo: bigint | undefined },
): Promise<void> {
	const kept = entriesOf(pages, root);
	let { value: old } = (await kept.next()) as { value: BlobEntry | undefined };
	const advance = async () => {
		old = (await kept.next()).value as BlobEntry | undefined;
	};
	for await (const listed of client.list({ signal })) {
		if (listed.type !== "blob" || (upTo !== undefined && listed.blob.sequence > upTo)) continue;
		const draft = draftOf(listed.blob);
		for (; old && isBefore(old.key, draft.key); await advance()) await log.set(old.key, null);
		const isSame =
			old?.key === draft.key &&
			old.sequence === draft.sequence &&
			old.canisterVersion === draft.canisterVersion &&
			old.root === draft.root;
		if (!isSame) await log.set(draft.key, draft);
		if (old?.key === draft.key) await advance();
	}
	for (; old; await advance()) await log.set(old.key, null);
}

/**
 * Logs all settings that the store lists. Listing accounts requires an administrator.
 * @returns whether the settings are complete
 */
export async function listSettings(
	client: BlobClient,
	log: ChangeLog<Json>,
	signal: AbortSignal,
): Promise<boolean> {
	const { mode, keepDeletedDays } = await client.mode({ signal });
	await log.set(MODE, mode);
	await log.set(KEEP_DELETED, keepDeletedDays);
	await log.set(EXPIRY_RULES, jsonOf(await client.admin.expiryRules({ signal })));
	for await (const { who, id, terms, under } of client.admin.listGrants({ signal }))
		await log.set(`grant/${who}/${id}`, grantOf(terms, under));
	// Loaded only when a store is read: reading a repository needs no agent.
	const { BlobOwners } = await import("../../client/owners/index.js");
	for await (const link of new BlobOwners(client).listLinks({ signal }))
		if (link.holds) await log.set(linkKey(link), true);
	const { administers } = await client.account(undefined, { signal });
	if (administers !== true) return false;
	try {
		for await (const { who, roles, quota, hasOwnQuota } of client.admin.listAccounts({ signal })) {
			for (const role of roles) await log.set(`role/${who}/${role}`, true);
			if (hasOwnQuota) await log.set(`quota/${who}`, jsonOf(quota));
		}
	} catch (error) {
		if (isBlobError(error, "not_authorized")) return false;
		throw error;
	}
	// No list shows the default quota. It is the quota of any principal without one of its own.
	const { quota } = await client.account("aaaaa-aa", { signal }).catch(() => ({ quota: undefined }));
	if (quota !== undefined) await log.set(EVERYBODY, jsonOf(quota));
	return quota !== undefined;
}
