import { isBlobError } from "../../client/errors/errors.js";
import type { BlobClient, GrantTerms, Quota, Role } from "../../client/index.js";
import type { Json } from "../format/json.js";
import { EVERYBODY, EXPIRY_RULES, KEEP_DELETED } from "../making/drafts.js";
import type { Repository } from "../repository/repository.js";
import { entriesOf } from "../tree/cursor.js";
import type { SettingEntry } from "../tree/entry.js";

/** Maximum depth of grants that are part of other grants. */
const MAX_LEVELS = 3;

interface SettingsOptions {
	readonly onNote?: ((text: string) => void) | undefined;
	readonly signal?: AbortSignal | undefined;
}

/** Applies the settings of a snapshot to a store in the mode `importing`. @returns how many were applied */
export async function restoreSettings(
	repository: Repository,
	root: string,
	client: BlobClient,
	options: SettingsOptions,
): Promise<number> {
	const { signal } = options;
	const call = signal ? { signal } : {};
	// Loaded only when a store is written: reading a repository needs no agent.
	const { BlobOwners } = await import("../../client/owners/index.js");
	let count = 0;
	for await (const { key, value } of entriesOf(repository.settings, root)) {
		const [kind, who = "", role = ""] = key.split("/");
		if (key === EVERYBODY) await client.admin.setQuota("everybody", quotaOf(value), call);
		else if (kind === "quota") await client.admin.setQuota(who, quotaOf(value), call);
		else if (kind === "role") await client.admin.grantRole(who, role as Role, call);
		else if (kind === "link")
			await new BlobOwners(client).offerLink(role, { ...call, importAs: { owner: who } });
		else if (key === KEEP_DELETED) await client.admin.setKeepDeleted(value as number, call);
		else if (key === EXPIRY_RULES) await client.admin.setExpiryRules(value as never, call);
		else continue;
		count++;
	}
	return count + (await restoreGrants(repository, root, client, options));
}

/** Infinite bounds are null in JSON. */
const quotaOf = (value: Json): Quota =>
	Object.fromEntries(
		Object.entries(value as object).map(([name, bound]) => [name, bound ?? Number.POSITIVE_INFINITY]),
	) as unknown as Quota;

interface StoredGrant {
	readonly terms: Readonly<Record<string, Json>>;
	readonly under: { readonly who: string; readonly id: string } | null;
}

/** Restores each grant after its parent. Skips grants that have expired, and their parts. */
async function restoreGrants(
	repository: Repository,
	root: string,
	client: BlobClient,
	{ onNote, signal }: SettingsOptions,
): Promise<number> {
	const given = new Set<string>();
	for (let level = 0; level < MAX_LEVELS; level++) {
		const before = given.size;
		for await (const { key, value } of entriesOf(repository.settings, root, { prefix: "grant/" })) {
			const { terms, under } = value as unknown as StoredGrant;
			const parent = under === null ? undefined : `grant/${under.who}/${under.id}`;
			if (given.has(key) || (parent === undefined) !== (level === 0)) continue;
			if (parent !== undefined && !given.has(parent)) continue;
			if (typeof terms.endsAt === "string" && Date.parse(terms.endsAt) <= Date.now()) {
				onNote?.(`${key} has ended: it is not restored.`);
				continue;
			}
			await giveGrant(client, { key, value }, signal);
			given.add(key);
		}
		if (given.size === before) break;
	}
	return given.size;
}

async function giveGrant(client: BlobClient, { key, value }: SettingEntry, signal: AbortSignal | undefined) {
	const { terms, under } = value as unknown as StoredGrant;
	const [, who = "", id = ""] = key.split("/");
	const { endsAt, ...rest } = terms;
	const known = Object.fromEntries(Object.entries(rest).filter(([, bound]) => bound !== null));
	try {
		await client.admin.grant(
			who,
			{ ...known, ...(typeof endsAt === "string" && { endsAt: new Date(endsAt) }) } as unknown as GrantTerms,
			{
				...(signal && { signal }),
				importAs: {
					id,
					under: under === null ? undefined : under,
					// The feed does not record usage. It counts from 0 again.
					used: { bytes: 0, blobs: 0 },
				},
			},
		);
	} catch (error) {
		// A killed restore has given this grant.
		if (!isBlobError(error, "upload_conflict")) throw error;
	}
}
