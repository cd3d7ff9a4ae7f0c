import { MAX_LEASE_BYTES, MAX_LEASE_LIFE_MS, MAX_LIST_PAGE, type WireLease } from "../../protocol/index.js";
import { checkId } from "../arguments.js";
import { type AskOptions, ask, type CallOptions, change, newId } from "../asking.js";
import { type ClientContext, noteVersion } from "../context.js";
import { isBlobError } from "../errors/errors.js";
import { toManifest } from "../manifest.js";
import { checkInteger } from "../options.js";
import type { Lease, Manifest, Version } from "../types.js";
import { hex } from "../util/bytes.js";
import { withJson } from "../util/json.js";
import { orderOfSequence, pages } from "../util/pages.js";
import { date, optional, toVersion } from "../wire-map.js";

/** Leases: what keys held at one place of the feed is kept for a backup while it reads. */

/** Options of `extendLease`. */
export interface ExtendLeaseOptions extends CallOptions {
	/** Milliseconds from now, at most a day (86,400,000). @default 3,600,000 (an hour) */
	lifeMs?: number | undefined;
}

/** Options of `takeLease`. */
export interface TakeLeaseOptions extends ExtendLeaseOptions {
	/** Maximum bytes kept for it, counted as for quotas, at most 64 GiB. @default 17,179,869,184 (16 GiB) */
	bytes?: number | undefined;
}

/** A lease that was taken. */
export interface TakenLease {
	/** Id of the lease. */
	readonly id: string;
	/** The last change when the lease was taken: it keeps the store's state after that change. */
	readonly version: Version;
}

const DEFAULT_LIFE_MS = 3_600_000;
const DEFAULT_BYTES = 2 ** 34;

const lifeOf = (lifeMs = DEFAULT_LIFE_MS): bigint =>
	BigInt(checkInteger("lifeMs", lifeMs, 1, MAX_LEASE_LIFE_MS)) * 1_000_000n;

export async function takeLease(
	context: ClientContext,
	{ lifeMs, bytes = DEFAULT_BYTES, signal }: TakeLeaseOptions = {},
): Promise<TakenLease> {
	const id = newId(context);
	const most = BigInt(checkInteger("bytes", bytes, 0, MAX_LEASE_BYTES));
	const request = { id, life: lifeOf(lifeMs), bytes: most };
	const version = await context.caller.update("blobs_take_lease", [request], { signal, verify: true });
	noteVersion(context, version);
	return withJson({ id: hex(id), version: toVersion(version) });
}

export async function extendLease(
	context: ClientContext,
	lease: string,
	{ lifeMs, signal }: ExtendLeaseOptions = {},
): Promise<void> {
	await change(
		context,
		"blobs_extend_lease",
		{ id: newId(context), lease: checkId("lease", lease), life: lifeOf(lifeMs) },
		{ signal },
	);
}

export async function releaseLease(
	context: ClientContext,
	lease: string,
	options: CallOptions = {},
): Promise<void> {
	await change(
		context,
		"blobs_release_lease",
		{ id: newId(context), lease: checkId("lease", lease) },
		options,
	);
}

export async function listLeases(context: ClientContext, options: AskOptions = {}): Promise<Lease[]> {
	const { leases } = await ask(context, "blobs_list_leases", [], options);
	return leases.map(toLease);
}

/** By update calls: these manifests are not proven, and a backup depends on them. */
export function listLeased(
	context: ClientContext,
	lease: string,
	{ signal }: CallOptions = {},
): AsyncGenerator<Manifest> {
	const id = checkId("lease", lease);
	return pages({
		method: "blobs_list_leased",
		limit: MAX_LIST_PAGE,
		orderOf: orderOfSequence,
		fetch: async (after: bigint | undefined) => {
			const request = { lease: id, after: optional(after), limit: MAX_LIST_PAGE };
			const { manifests, next } = await whenSettled(context, signal, () =>
				ask(context, "blobs_list_leased", [request], { trust: "subnet", ...(signal && { signal }) }),
			);
			return { items: manifests.map((bytes) => toManifest(bytes)), next };
		},
	});
}

const SETTLING_MS = 1_000;

/**
 * Asks until the store answers: after a batch was revealed it is `behind` for as long as it settles the batch's keys, in
 * steps. @throws that error after the deadline of `retry`
 */
async function whenSettled<T>(
	{ settings: { ports, retry } }: ClientContext,
	signal: AbortSignal | undefined,
	request: () => Promise<T>,
): Promise<T> {
	const startedAt = ports.monotonic();
	for (;;) {
		try {
			return await request();
		} catch (error) {
			// A request is retried by itself, but not as often as a large batch may need.
			if (!isBlobError(error, "behind") || ports.monotonic() - startedAt > retry.deadlineMs) throw error;
		}
		await ports.sleep(SETTLING_MS, signal);
	}
}

const toLease = (wire: WireLease): Lease =>
	withJson({
		id: hex(wire.id),
		holder: wire.holder.toText(),
		version: toVersion(wire.version),
		takenAt: date(wire.taken_at),
		endsAt: date(wire.ends_at),
		bytes: Number(wire.bytes),
		used: Number(wire.used),
		broken: wire.broken,
	});
