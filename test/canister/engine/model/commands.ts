import fc from "fast-check";
import { chunkCount, chunkLength, MAX_CHUNK_BYTES, type WireUpdate } from "../../../../src/protocol/index.js";
import { publication, rootOf, sha256 } from "../../../support/store.js";
import { batch } from "./batch-commands.js";
import {
	admin,
	blob,
	bytesOf,
	type Command,
	changeId,
	command,
	condition,
	DAY_MS,
	endOf,
	endsIn,
	fill,
	KEYS,
	key,
	type Named,
	opt,
	pick,
	preconditionOf,
	principal,
	upload,
	uploadId,
	visibility,
	who,
	whole,
} from "./draws.js";
import { asOthers } from "./import-commands.js";
import {
	CANISTER_VERSION,
	type Model,
	type ModeName,
	nameOf,
	PRINCIPALS,
	type RoleName,
	S,
} from "./model.js";
import { owning } from "./owner-commands.js";
import { staging } from "./staged-commands.js";

/** What random histories are made of, and how each command becomes a call: it may look at what there is. */

const leaves = fc
	.array(fc.constantFrom(...[0, 1, 2].flatMap((n) => [S, 7].map((length) => sha256(bytesOf(n, length))))), {
		minLength: 1,
		maxLength: 4,
	})
	.map((all) => new Uint8Array(Buffer.concat(all)));

const begin = command(
	14,
	{
		who,
		id: uploadId,
		key,
		size: fc.option(fc.constantFrom(0, 1, S, S + 7, 3 * S + 7, 20_000 * S), { freq: 2 }),
	},
	(c) => ({
		who: c.who,
		method: "blobs_begin_upload",
		args: [{ id: c.id, key: c.key, size: c.size === null ? [] : [BigInt(c.size)], chunk_size: S }],
	}),
);
/** Mostly over a key that holds something. */
const beginOver = command(8, { who, id: uploadId, pick, key }, (parts, model) => {
	const c = blob(model, parts, parts.key);
	const request = { id: c.id, key: c.key, size: [0n] as [bigint], chunk_size: S };
	return { who: c.who, method: "blobs_begin_upload", args: [request] };
});
const put = command(
	6,
	{ who, id: uploadId, pick, index: fc.nat(3), fill, length: fc.constantFrom(0, 1, 7, S, S + 1) },
	(parts, model) => {
		const c = upload(model, parts);
		return { who: c.who, method: "blobs_put_chunk", args: [c.id, c.index, bytesOf(c.fill, c.length)] };
	},
);
/** What is missing of an upload at its first gap, so that commits have something to publish. */
const putMissing = command(14, { who, id: uploadId, pick, fill }, (parts, model) => {
	const c = upload(model, parts);
	const open = model.uploads.get(nameOf(c.who, c.id));
	let index = 0;
	while (open?.chunks.has(index)) index++;
	const size = open?.size;
	const isIn = size === undefined || index < chunkCount(BigInt(size), S);
	const length = size === undefined || !isIn ? S : chunkLength(BigInt(size), S, index);
	return { who: c.who, method: "blobs_put_chunk", args: [c.id, index, bytesOf(c.fill, length)] };
});
const link = command(6, { who, id: uploadId, pick, from: fc.nat(2), leaves }, (parts, model) => {
	const c = upload(model, parts);
	return {
		who: c.who,
		method: "blobs_link_chunks",
		args: [{ id: c.id, from: c.from, leaves: c.leaves }],
	};
});
const commit = command(
	10,
	{ who, id: uploadId, pick, visibility, condition, endsIn, isRootRight: fc.integer({ min: 0, max: 9 }) },
	(parts, model) => {
		const c = upload(model, parts);
		const open = model.uploads.get(nameOf(c.who, c.id));
		const extent = Math.max(-1, ...(open?.chunks.keys() ?? [])) + 1;
		// A hole counts as a full chunk, so that the size is one that the chunks could make.
		const chunks = Array.from({ length: extent }, (_, i) => open?.chunks.get(i)?.bytes ?? bytesOf(9, S));
		const bytes = Buffer.concat(chunks);
		const before = model.receipts.get(nameOf(c.who, c.id))?.answer as { root?: Uint8Array } | undefined;
		const root = open === undefined && before?.root !== undefined ? before.root : rootOf(bytes, S);
		const precondition = preconditionOf(model, open?.key ?? "a", c.condition);
		return {
			who: c.who,
			method: "blobs_commit_upload",
			args: [
				{
					id: c.id,
					size: BigInt(open?.size ?? bytes.length),
					...publication(c.isRootRight > 0 ? root : sha256(root), {
						visibility: c.visibility,
						precondition,
						expires_at: endOf(model, c.endsIn),
					}),
				},
			],
		};
	},
);
const abort = command(2, { who, id: uploadId, pick }, (parts, model) => {
	const c = upload(model, parts);
	return { who: c.who, method: "blobs_abort_upload", args: [c.id] };
});
const abortAny = command(1, { admin, who: fc.nat(2), id: uploadId, pick }, (parts, model) => {
	const c = upload(model, parts);
	const request = { owner: PRINCIPALS[c.who]!, id: c.id };
	return { who: c.admin, method: "blobs_abort_any_upload", args: [request] };
});

const putBlob = command(5, { who, id: changeId, ...whole }, (c, model) => {
	const bytes = bytesOf(c.fill, c.length);
	const precondition = preconditionOf(model, c.key, c.condition);
	const what = publication(rootOf(bytes, MAX_CHUNK_BYTES), {
		visibility: c.visibility,
		precondition,
		expires_at: endOf(model, c.endsIn),
	});
	return { who: c.who, method: "blobs_put_blob", args: [{ id: c.id, key: c.key, ...what }, bytes] };
});
const item = fc.record({ ...whole, isRootRight: fc.integer({ min: 0, max: 9 }) });
const putMany = command(
	4,
	{ who, id: changeId, items: fc.array(item, { minLength: 1, maxLength: 3 }) },
	(c, model) => {
		const blobs = c.items.map(({ key, fill, length, visibility, condition, endsIn, isRootRight }) => {
			const content = bytesOf(fill, length);
			const root = rootOf(content, isRootRight > 0 ? MAX_CHUNK_BYTES : S);
			const precondition = preconditionOf(model, key, condition);
			const expires_at = endOf(model, endsIn);
			const metadata: [string, string][] = [["n", "1"]];
			return { key, content, ...publication(root, { visibility, precondition, metadata, expires_at }) };
		});
		return { who: c.who, method: "blobs_put_many", args: [{ id: c.id, blobs }] };
	},
);
const deleteBlob = command(3, { who, id: changeId, pick, key, condition }, (parts, model) => {
	const c = blob(model, parts, parts.key);
	const precondition = preconditionOf(model, c.key, c.condition);
	return { who: c.who, method: "blobs_delete", args: [{ id: c.id, key: c.key, precondition }] };
});
const deleteMany = command(
	1,
	{ who, id: changeId, keys: fc.array(key, { minLength: 1, maxLength: 3 }) },
	(c) => ({
		who: c.who,
		method: "blobs_delete_many",
		args: [{ id: c.id, blobs: c.keys.map((key) => ({ key, precondition: { none: null } })) }],
	}),
);
const update = command(
	5,
	{
		who,
		id: changeId,
		pick,
		key,
		condition,
		visibility: fc.option(visibility),
		type: fc.option(fc.constant("a/b")),
		endsIn,
		isEndless: fc.integer({ min: 0, max: 5 }),
	},
	(parts, model) => {
		const c = blob(model, parts, parts.key);
		const request = {
			id: c.id,
			key: c.key,
			precondition: preconditionOf(model, c.key, c.condition),
			content_type: opt(c.type),
			visibility: opt(c.visibility),
			metadata: opt(c.type === null ? null : [["m", "2"] as [string, string]]),
			expiry: (c.isEndless === 0
				? [{ never: null }]
				: endOf(model, c.endsIn).map((at) => ({ at }))) as WireUpdate["expiry"],
		};
		return { who: c.who, method: "blobs_update", args: [request] };
	},
);
const move = (weight: number, method: "blobs_copy" | "blobs_rename") =>
	command(
		weight,
		{ who, id: changeId, pick, from: key, to: key, source: condition, target: condition },
		(parts, model) => {
			const c = blob(model, parts, parts.from);
			const request = {
				id: c.id,
				from: c.key,
				source: preconditionOf(model, c.key, c.source),
				to: c.to,
				precondition: preconditionOf(model, c.to, c.target),
			};
			return { who: c.who, method, args: [request] };
		},
	);

const role = fc
	.constantFrom<RoleName>("admin", "writer", "writer", "reader", "backup")
	.map((name) => ({ [name]: null }) as never);
const roleChange = (weight: number, method: "blobs_grant_role" | "blobs_revoke_role") =>
	command(weight, { who: admin, id: changeId, target: principal, role }, (c) => ({
		who: c.who,
		method,
		args: [{ id: c.id, who: c.target, role: c.role }],
	}));
const KEY_PREFIXES = ["", "a/", "a/", "a/c/", "c/"];
const bound = (...values: number[]) => fc.option(fc.constantFrom(...values.map(BigInt)), { freq: 2 });
const give = command(
	8,
	{
		who: admin,
		id: changeId,
		pick: fc.nat(3),
		target: fc.oneof(
			{ weight: 2, arbitrary: fc.constant(PRINCIPALS[3]!) },
			{ weight: 1, arbitrary: principal },
		),
		isReader: fc.integer({ min: 0, max: 3 }),
		prefix: fc.constantFrom(...KEY_PREFIXES),
		endsIn: fc.option(fc.constantFrom(60_000, 20 * 60_000, DAY_MS, 3 * DAY_MS), { freq: 2 }),
		bytes: bound(6_000, S + 12_000, 4 * S + 30_000, 2 ** 31),
		blobs: bound(0, 1, 3, 9),
		flags: fc.record({
			public_only: fc.boolean(),
			over_others: fc.boolean(),
			may_give: fc.boolean(),
			may_purge: fc.boolean(),
		}),
		isNamed: fc.boolean(),
	},
	(c, model) => {
		// Half of them are parts of one that there is, where any may be given on.
		const gives = model.grants.all.filter(({ terms }) => terms.may_give);
		const under = c.pick === 0 ? undefined : gives[c.pick % Math.max(1, gives.length)];
		const isReader = under === undefined ? c.isReader === 0 : under.role === "reader";
		const writing = { bytes: opt(c.bytes), blobs: opt(c.blobs), ...c.flags };
		const reading = {
			bytes: [] as [],
			blobs: [] as [],
			...c.flags,
			...{ public_only: false, over_others: false, may_purge: false },
		};
		return {
			who: under?.who ?? c.who,
			method: "blobs_give_grant",
			args: [
				{
					id: c.id,
					who: c.target,
					role: isReader ? { reader: null } : { writer: null },
					terms: {
						prefix:
							under !== undefined && !c.prefix.startsWith(under.terms.prefix) ? under.terms.prefix : c.prefix,
						ends_at: opt(c.endsIn === null ? null : BigInt(model.now + c.endsIn) * 1_000_000n),
						...(isReader ? reading : writing),
					},
					under: opt(under !== undefined && c.isNamed ? new Uint8Array(Buffer.from(under.id, "hex")) : null),
					as: [],
				},
			],
		};
	},
);
/** By somebody who holds a grant for the key, of several mostly one that is part of another. */
const putByGrant = command(10, { id: changeId, pick, ...whole }, (c, model) => {
	const live = model.grants.all.filter((grant) => grant.role === "writer" && model.grants.isLive(grant));
	const parts = live.filter(({ under }) => under !== undefined);
	const all = parts.length > 0 && c.pick > 1 ? parts : live;
	const grant = all[c.pick % Math.max(1, all.length)];
	const key = KEYS.find((key) => key.startsWith(grant?.terms.prefix ?? "")) ?? c.key;
	const bytes = bytesOf(c.fill, c.length);
	const what = publication(rootOf(bytes, MAX_CHUNK_BYTES), { visibility: c.visibility });
	return { who: grant?.who ?? 3, method: "blobs_put_blob", args: [{ id: c.id, key, ...what }, bytes] };
});
/** Mostly one that there is, by an administrator, by who holds one above it, or by anybody. */
const revokeGrant = command(3, { who, id: changeId, pick, by: fc.nat(2) }, (c, model) => {
	const grant = model.grants.all[c.pick % Math.max(1, model.grants.all.length)];
	const by = [c.who, 0, grant?.under?.who ?? c.who][c.by]!;
	const name = grant === undefined ? new Uint8Array(16) : new Uint8Array(Buffer.from(grant.id, "hex"));
	return {
		who: by,
		method: "blobs_revoke_grant",
		args: [{ id: c.id, who: PRINCIPALS[grant?.who ?? 1]!, grant: name }],
	};
});

const quota = fc.record({
	open_uploads: fc.constantFrom(0, 1, 5),
	blobs: fc.constantFrom(0n, 1n, 9n),
	bytes: fc.constantFrom(0n, 6_000n, BigInt(S) + 12_000n, BigInt(4 * S) + 30_000n, 2n ** 31n),
	received_per_day: fc.constantFrom(0n, BigInt(2 * S), BigInt(9 * S)),
	changes_per_day: fc.constantFrom(0n, 2n, 20n, 1_000n),
	cycles_per_day: fc.constantFrom(0n, 40_000_000n, 10n ** 12n, 10n ** 12n, 10n ** 12n),
});
const setQuota = command(
	3,
	{
		who: admin,
		id: changeId,
		target: fc.option(principal, { freq: 2 }),
		quota: fc.option(quota, { freq: 4 }),
	},
	(c) => ({
		who: c.who,
		method: "blobs_set_quota",
		args: [{ id: c.id, who: c.target === null ? [] : [c.target], quota: c.quota === null ? [] : [c.quota] }],
	}),
);
const setMode = command(
	3,
	{
		who: admin,
		id: changeId,
		mode: fc
			.constantFrom<ModeName>("live", "live", "live", "live", "live", "draining", "maintenance")
			.map((name) => ({ [name]: null }) as never),
		late: fc.integer({ min: 0, max: 5 }),
	},
	(c, model) => ({
		who: c.who,
		method: "blobs_set_mode",
		args: [{ id: c.id, mode: c.mode, generation: model.generation - (c.late === 0 ? 1n : 0n) }],
	}),
);

const setExpiryRules = command(
	3,
	{
		who: admin,
		id: changeId,
		prefixes: fc.uniqueArray(fc.constantFrom("", "a/", "a/c/"), { maxLength: 2 }),
		lives: fc.tuple(fc.constantFrom(60_000, DAY_MS), fc.constantFrom(60_000, 20 * 60_000)),
	},
	(c) => ({
		who: c.who,
		method: "blobs_set_expiry_rules",
		args: [
			{
				id: c.id,
				rules: [...c.prefixes]
					.sort()
					.map((prefix, i) => ({ prefix, life: BigInt(c.lives[i]!) * 1_000_000n })),
			},
		],
	}),
);

const setKeepDeleted = command(
	4,
	{ who: admin, id: changeId, days: fc.constantFrom(0, 1, 3, 3, 366) },
	(c) => ({ who: c.who, method: "blobs_set_keep_deleted", args: [{ id: c.id, days: c.days }] }),
);
/** Mostly one that there is, by its owner or by anybody. */
function kept<Parts extends Named>(model: Model, parts: Parts, key: string) {
	const all = [...model.bin.values()];
	const none = { sequence: 1n, canister_version: CANISTER_VERSION };
	if (parts.pick === 0 || all.length === 0) return { ...parts, key, version: none };
	const { manifest, owner } = all[parts.pick % all.length]!.blob;
	const { sequence, canister_version } = manifest;
	const version = { sequence, canister_version };
	return { ...parts, key: manifest.key, version, who: parts.pick % 2 === 0 ? parts.who : owner };
}
const restore = command(10, { who, id: changeId, pick, key, condition }, (parts, model) => {
	const { who, id, key, version, condition } = kept(model, parts, parts.key);
	const precondition = preconditionOf(model, key, condition);
	return { who, method: "blobs_restore", args: [{ id, key, version, precondition }] };
});
const purge = command(7, { who, id: changeId, pick, key }, (parts, model) => {
	const { who, id, key, version } = kept(model, parts, parts.key);
	return { who, method: "blobs_purge", args: [{ id, key, version }] };
});
const takeLease = command(
	6,
	{
		who: fc.oneof(admin, who),
		id: changeId,
		life: fc.constantFrom(0, 60_000, 3_600_000, DAY_MS),
		most: fc.constantFrom(0, 6_000, 20_000, 1e9),
	},
	(c) => ({
		who: c.who,
		method: "blobs_take_lease",
		args: [{ id: c.id, life: BigInt(c.life) * 1_000_000n, bytes: BigInt(c.most) }],
	}),
);
/** Of those that there are, mostly by who holds it. */
function lease<Parts extends Named>(model: Model, parts: Parts) {
	const its = model.leases.all[parts.pick % Math.max(1, model.leases.all.length)];
	return {
		who: its === undefined || parts.pick % 3 === 0 ? parts.who : its.who,
		lease: its?.id ?? new Uint8Array(16),
	};
}
const extendLease = command(
	4,
	{ who, id: changeId, pick, life: fc.constantFrom(60_000, DAY_MS) },
	(c, model) => {
		const { who, lease: id } = lease(model, c);
		return {
			who,
			method: "blobs_extend_lease",
			args: [{ id: c.id, lease: id, life: BigInt(c.life) * 1_000_000n }],
		};
	},
);
const releaseLease = command(3, { who, id: changeId, pick }, (c, model) => {
	const { who, lease: id } = lease(model, c);
	return { who, method: "blobs_release_lease", args: [{ id: c.id, lease: id }] };
});
const wait = {
	weight: 4,
	arbitrary: fc.constantFrom(60_000, 60_000, 20 * 60_000).map((later): Command => ({ do: "wait", later })),
};
const restart = { weight: 2, arbitrary: fc.constant<Command>({ do: "restart" }) };
const cleanAfter = (...times: number[]) => ({
	weight: 5,
	arbitrary: fc.constantFrom(...times).map((later): Command => ({ do: "clean", later })),
});

export const commands = fc.array(
	fc.oneof(
		begin,
		put,
		putMissing,
		link,
		commit,
		abort,
		abortAny,
		putBlob,
		putMany,
		deleteBlob,
		deleteMany,
		update,
		move(6, "blobs_copy"),
		move(4, "blobs_rename"),
		batch,
		roleChange(1, "blobs_grant_role"),
		roleChange(1, "blobs_revoke_role"),
		{ ...give, weight: 2 },
		{ ...revokeGrant, weight: 1 },
		setQuota,
		setMode,
		setExpiryRules,
		setKeepDeleted,
		restore,
		purge,
		wait,
		{ weight: 30, arbitrary: fc.nat(1).map((back): Command => ({ do: "again", back })) },
		restart,
		cleanAfter(0, 0, 0, 60_000, 60_000, 20 * 60_000, DAY_MS / 2, DAY_MS, 3 * DAY_MS),
	),
	{ minLength: 30, maxLength: 80, size: "max" },
);

/** What takes a place for a blob, gives one back, or moves one from a key to another, and little else. */
export const placeCommands = fc.array(
	fc.oneof(
		{ ...begin, weight: 8 },
		beginOver,
		{ ...putMissing, weight: 5 },
		{ ...commit, weight: 8 },
		abort,
		abortAny,
		putBlob,
		deleteBlob,
		move(2, "blobs_copy"),
		move(16, "blobs_rename"),
		batch,
		restart,
		cleanAfter(0, 60_000, DAY_MS),
	),
	{ minLength: 30, maxLength: 60, size: "max" },
);

/** What is given, taken away and done by grants. */
export const grantCommands = fc.array(
	fc.oneof(
		{ ...give, weight: 12 },
		revokeGrant,
		{ ...begin, weight: 6 },
		{ ...putMissing, weight: 8 },
		{ ...commit, weight: 8 },
		abort,
		{ ...putBlob, weight: 4 },
		putByGrant,
		putMany,
		deleteBlob,
		update,
		move(4, "blobs_copy"),
		move(3, "blobs_rename"),
		batch,
		{ weight: 8, arbitrary: fc.nat(1).map((back): Command => ({ do: "again", back })) },
		restart,
		cleanAfter(0, 0, 60_000, 60_000, 60_000, DAY_MS, 8 * DAY_MS),
	),
	{ minLength: 30, maxLength: 70, size: "max" },
);

/** What ends, and what is done to keys whose blob is over, before and after it is freed. */
export const expiryCommands = fc.array(
	fc.oneof(
		{ ...begin, weight: 4 },
		{ ...beginOver, weight: 4 },
		{ ...putMissing, weight: 6 },
		{ ...commit, weight: 8 },
		abort,
		{ ...putBlob, weight: 10 },
		putMany,
		deleteBlob,
		{ ...update, weight: 8 },
		move(5, "blobs_copy"),
		move(5, "blobs_rename"),
		setExpiryRules,
		{ weight: 6, arbitrary: fc.nat(1).map((back): Command => ({ do: "again", back })) },
		{ ...wait, weight: 12 },
		restart,
		cleanAfter(0, 0, 60_000, 20 * 60_000),
	),
	{ minLength: 30, maxLength: 70, size: "max" },
);

/** What is deleted, replaced, brought back and removed for good. */
export const undeleteCommands = fc.array(
	fc.oneof(
		{ ...setKeepDeleted, weight: 6 },
		{ ...begin, weight: 4 },
		{ ...putMissing, weight: 6 },
		{ ...commit, weight: 8 },
		{ ...putBlob, weight: 12 },
		putMany,
		{ ...deleteBlob, weight: 8 },
		deleteMany,
		update,
		move(4, "blobs_copy"),
		move(4, "blobs_rename"),
		{ ...give, weight: 6 },
		putByGrant,
		{ ...restore, weight: 12 },
		{ ...purge, weight: 8 },
		takeLease,
		extendLease,
		releaseLease,
		roleChange(1, "blobs_revoke_role"),
		setExpiryRules,
		{ weight: 6, arbitrary: fc.nat(1).map((back): Command => ({ do: "again", back })) },
		restart,
		cleanAfter(0, 60_000, DAY_MS, 3 * DAY_MS),
	),
	{ minLength: 30, maxLength: 70, size: "max" },
);

/** What is given, taken and removed, and who acts for whom. */
export const ownerCommands = fc.array(
	fc.oneof(
		...owning,
		{ ...begin, weight: 6 },
		{ ...putMissing, weight: 6 },
		{ ...commit, weight: 8 },
		abort,
		{ ...putBlob, weight: 26 },
		putMany,
		deleteBlob,
		update,
		move(3, "blobs_copy"),
		move(3, "blobs_rename"),
		batch,
		{ ...give, weight: 5 },
		putByGrant,
		{ ...setKeepDeleted, weight: 2 },
		restore,
		takeLease,
		roleChange(2, "blobs_grant_role"),
		roleChange(1, "blobs_revoke_role"),
		{ ...setQuota, weight: 3 },
		{ weight: 20, arbitrary: fc.nat(1).map((back): Command => ({ do: "again", back })) },
		wait,
		restart,
		cleanAfter(0, 0, 60_000, DAY_MS, 8 * DAY_MS),
	),
	{ minLength: 30, maxLength: 70, size: "max" },
);

/** What is staged and revealed, among changes of the same keys, and of who may do what. */
export const stagedCommands = fc.array(
	fc.oneof(
		...staging,
		{ ...begin, weight: 8 },
		{ ...putMissing, weight: 10 },
		{ ...commit, weight: 4 },
		abort,
		{ ...putBlob, weight: 8 },
		deleteBlob,
		update,
		move(2, "blobs_copy"),
		move(2, "blobs_rename"),
		batch,
		...owning.map((each) => ({ ...each, weight: 1 })),
		{ ...give, weight: 4 },
		putByGrant,
		{ ...setKeepDeleted, weight: 2 },
		restore,
		{ ...takeLease, weight: 2 },
		setExpiryRules,
		roleChange(2, "blobs_grant_role"),
		roleChange(2, "blobs_revoke_role"),
		{ ...setQuota, weight: 2 },
		setMode,
		{ weight: 8, arbitrary: fc.nat(1).map((back): Command => ({ do: "again", back })) },
		wait,
		restart,
		{ ...cleanAfter(0, 0, 0, 60_000, 20 * 60_000, DAY_MS), weight: 20 },
	),
	{ minLength: 30, maxLength: 70, size: "max" },
);

/** What fills an empty store from a backup, and what else controllers and others try meanwhile. */
export const importCommands = fc.array(
	fc.oneof(
		{ ...begin, weight: 8 },
		{ ...putMissing, weight: 10 },
		{ ...asOthers(commit), weight: 12 },
		{ ...asOthers(putBlob), weight: 10 },
		{ ...asOthers(putMany), weight: 5 },
		{ ...asOthers(batch), weight: 5 },
		{ ...asOthers(give), weight: 10 },
		putBlob,
		commit,
		abort,
		deleteBlob,
		update,
		move(2, "blobs_copy"),
		move(2, "blobs_rename"),
		roleChange(1, "blobs_grant_role"),
		setQuota,
		setMode,
		setExpiryRules,
		setKeepDeleted,
		restore,
		{ weight: 20, arbitrary: fc.nat(1).map((back): Command => ({ do: "again", back })) },
		restart,
		cleanAfter(0, 0, 60_000, 20 * 60_000),
	),
	{ minLength: 15, maxLength: 40, size: "max" },
);
