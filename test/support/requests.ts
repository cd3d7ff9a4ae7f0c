import { AnonymousIdentity } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import {
	MAX_CHUNK_BYTES,
	METHODS,
	type MethodArgs,
	type MethodName,
	MIN_CHUNK_BYTES,
} from "../../src/protocol/index.js";
import { PLAIN_TERMS } from "./grant-terms.js";
import { newId, type PlainResult, publication, rootOf, type Store } from "./store.js";

/** A valid request of every method: a refusal depends only on its sender or its time. */

const content = new TextEncoder().encode("what a request carries");
const root = rootOf(content, MAX_CHUNK_BYTES);
const someone = () => Ed25519KeyIdentity.generate().getPrincipal();
const none = { none: null };
const VERSION = { sequence: 1n, canister_version: 1n };

export const anonymous = new AnonymousIdentity();

export const REQUESTS: { [Name in MethodName]: (key: string) => MethodArgs<Name> } = {
	blobs_begin_upload: (key) => [{ id: newId(), key, size: [], chunk_size: MIN_CHUNK_BYTES }],
	blobs_put_chunk: () => [newId(), 0, content],
	blobs_link_chunks: () => [{ id: newId(), from: 0, leaves: root }],
	blobs_commit_upload: () => [{ id: newId(), size: 0n, ...publication(root) }],
	blobs_abort_upload: () => [newId()],
	blobs_put_blob: (key) => [{ id: newId(), key, ...publication(root) }, content],
	blobs_put_many: (key) => [{ id: newId(), blobs: [{ key, content, ...publication(root) }] }],
	blobs_delete: (key) => [{ id: newId(), key, precondition: none }],
	blobs_delete_many: (key) => [{ id: newId(), blobs: [{ key, precondition: none }] }],
	blobs_update: (key) => [
		{
			...{ id: newId(), key, precondition: none, content_type: ["text/plain"] },
			...{ visibility: [], metadata: [], expiry: [] },
		},
	],
	blobs_copy: (key) => [{ id: newId(), from: key, source: none, to: `${key}.copy`, precondition: none }],
	blobs_rename: (key) => [{ id: newId(), from: key, source: none, to: `${key}.moved`, precondition: none }],
	blobs_batch: (key) => [{ id: newId(), items: [{ put: { key, content, ...publication(root) } }] }],
	blobs_stage: (key) => [
		{ id: newId(), batch: newId(), items: [{ put: { key, content, ...publication(root) } }] },
	],
	blobs_unstage: (key) => [{ id: newId(), batch: newId(), keys: [key] }],
	blobs_reveal: () => [{ id: newId(), batch: newId() }],
	blobs_drop_batch: () => [{ id: newId(), batch: newId(), owner: [] }],
	blobs_restore: (key) => [{ id: newId(), key, version: VERSION, precondition: none }],
	blobs_purge: (key) => [{ id: newId(), key, version: VERSION }],
	blobs_grant_role: () => [{ id: newId(), who: someone(), role: { writer: null } }],
	blobs_revoke_role: () => [{ id: newId(), who: someone(), role: { writer: null } }],
	blobs_set_quota: () => [{ id: newId(), who: [someone()], quota: [] }],
	blobs_set_mode: () => [{ id: newId(), mode: { draining: null }, generation: 0n }],
	blobs_begin_import: () => [{ id: newId() }],
	blobs_end_import: () => [{ id: newId() }],
	blobs_give_grant: (key) => [
		{
			id: newId(),
			who: someone(),
			role: { writer: null },
			terms: { ...PLAIN_TERMS, prefix: `${key}/` },
			under: [],
			as: [],
		},
	],
	blobs_revoke_grant: () => [{ id: newId(), who: someone(), grant: newId() }],
	blobs_offer: (key) => [{ id: newId(), owner: [], to: someone(), what: { prefix: `${key}/` } }],
	blobs_withdraw_offer: () => [{ id: newId(), offer: { giver: someone(), id: newId() } }],
	blobs_take_offer: () => [{ id: newId(), offer: { giver: someone(), id: newId() } }],
	// Of somebody who has nothing: what the sender has is needed.
	blobs_remove_owned: () => [{ id: newId(), owner: [someone()], purge: false, rights: false, after: [] }],
	blobs_offer_link: () => [{ id: newId(), who: someone(), as: [] }],
	blobs_accept_link: () => [{ id: newId(), owner: someone() }],
	blobs_end_link: () => [{ id: newId(), link: { owner: someone(), who: someone() } }],
	blobs_take_lease: () => [{ id: newId(), life: 60_000_000_000n, bytes: 1_000_000n }],
	blobs_extend_lease: () => [{ id: newId(), lease: newId(), life: 60_000_000_000n }],
	blobs_release_lease: () => [{ id: newId(), lease: newId() }],
	blobs_set_keep_deleted: () => [{ id: newId(), days: 0 }],
	blobs_set_expiry_rules: () => [{ id: newId(), rules: [{ prefix: "short/", life: 86_400_000_000_000n }] }],
	blobs_abort_any_upload: () => [{ owner: someone(), id: newId() }],
	blobs_upload_status: () => [{ id: newId(), from: 0, limit: 1 }],
	blobs_list_uploads: () => [{ key: [], after: [], limit: 10 }],
	blobs_list_all_uploads: () => [{ after: [], limit: 10 }],
	blobs_stat: (key) => [{ key, min_version: [] }],
	blobs_leaves: (key) => [{ key, version: VERSION, from: 0, limit: 1 }],
	blobs_get_chunk: (key) => [key, VERSION, 0],
	blobs_list: (prefix) => [{ prefix, recursive: true, after: [], limit: 10, min_version: [] }],
	blobs_list_leases: () => [],
	blobs_list_leased: () => [{ lease: newId(), after: [], limit: 10 }],
	blobs_list_deleted: (prefix) => [{ prefix, after: [], limit: 10 }],
	blobs_staged_batch: () => [{ batch: newId() }],
	blobs_list_batches: () => [],
	blobs_list_staged: () => [{ batch: newId(), after: [], limit: 10 }],
	blobs_changes: () => [{ after: [], limit: 10, min_version: [] }],
	blobs_status: () => [],
	blobs_account: () => [[]],
	blobs_list_accounts: () => [{ after: [], limit: 10 }],
	blobs_list_grants: () => [{ of: { all: null }, after: [], limit: 10 }],
	blobs_list_offers: () => [{ of: { all: null }, after: [], limit: 10 }],
	blobs_list_owned: () => [{ of: { mine: null }, prefix: "", after: [], limit: 10 }],
	blobs_list_links: () => [{ of: { all: null }, after: [], limit: 10 }],
	blobs_expiry_rules: () => [],
	blobs_stats: () => [],
	blobs_metrics: () => [],
};

export const ALL = Object.keys(METHODS) as MethodName[];
export const UPDATES = ALL.filter((name) => METHODS[name].kind === "update");

/** Sends the method's request; its answer, whatever it is. */
export function send(store: Store, name: MethodName, key = "requests/a"): Promise<PlainResult<unknown>> {
	const call = store[name] as (...args: unknown[]) => Promise<PlainResult<unknown>>;
	return call(...REQUESTS[name](key));
}

/** What an update that does many things at once said of the first. */
export function outcome(result: PlainResult<unknown>): PlainResult<unknown> {
	const results = "ok" in result ? (result.ok as { results?: PlainResult<unknown>[] }).results : undefined;
	return results?.[0] ?? result;
}
