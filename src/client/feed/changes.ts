import { MAX_CHANGES_PAGE, type WireChange, type WireChangeOf } from "../../protocol/index.js";
import { toQuota } from "../account.js";
import { toRule } from "../administration/expiry.js";
import { toGrantName, toTerms } from "../administration/grants.js";
import { passing } from "../call/retry.js";
import { askCertified, type ClientContext, leastVersion, noteVersion } from "../context.js";
import { isBlobError } from "../errors/errors.js";
import { toManifest } from "../manifest.js";
import { checkInteger } from "../options.js";
import { toOffered, toOfferName } from "../owners/wire-map.js";
import type { Change, ChangeOf, Cursor, Version } from "../types.js";
import { throwIfAborted } from "../util/abort.js";
import { hex } from "../util/bytes.js";
import { type AsJson, withJson } from "../util/json.js";
import { date, optional, toVersion } from "../wire-map.js";
import { fromCursor, type Position, toCursor } from "./cursor.js";
import { type Page, type VerifiedPage, verifyPage } from "./page.js";

/** Options of `changes`. */
export interface ChangesOptions {
	/**
	 * Start after this change; a cursor parsed from JSON works too. Default: start at the oldest change in the feed.
	 */
	after?: Cursor | AsJson<Cursor> | undefined;
	/** Changes per page, at most 1,000. Default 1,000. */
	pageSize?: number | undefined;
	/** Read only from a state that includes this change. Default: the latest that this client has made or seen. */
	minVersion?: Version | undefined;
	/** Aborts the iteration. */
	signal?: AbortSignal | undefined;
}

export async function* changes(context: ClientContext, options: ChangesOptions = {}): AsyncGenerator<Change> {
	const pageSize = checkInteger("pageSize", options.pageSize ?? MAX_CHANGES_PAGE, 1, MAX_CHANGES_PAGE);
	let after = options.after && fromCursor(options.after);
	// No query proves a page that ends before the feed does: then ask the subnet directly.
	let isLong = false;
	for (;;) {
		throwIfAborted(options.signal);
		const page = await readPage(context, after, pageSize, isLong, options);
		// A sealed change must not become a minimum version: a node refuses it until the reveal.
		for (const { wire } of page.items) if (!isSealed(wire)) noteVersion(context, wire);
		const { encryption } = context.settings;
		for await (const change of told(context, after, page, options))
			yield encryption ? encryption.openChange(change) : change;
		if (page.isEnd) return;
		after = page.end;
		isLong = page.last.sequence - page.end.sequence > BigInt(pageSize);
	}
}

/** The end of the feed now, by an update call: the cursor to continue from after a comparison of whole lists. */
export async function latestCursor(
	context: ClientContext,
	{ signal }: { signal?: AbortSignal | undefined } = {},
): Promise<Cursor> {
	const request = { after: [] as [], limit: 1, min_version: [] as [] };
	const options = { signal, verify: true };
	const { last, last_version } = await context.caller.update("blobs_changes", [request], options);
	noteVersion(context, last_version);
	return toCursor(last);
}

const isSealed = ({ change: [change] }: WireChange): boolean => change !== undefined && "sealed" in change;

/**
 * Yields the changes of a page. Sealed changes are yielded together at their reveal; a reader that stops among them
 * resumes before it.
 */
async function* told(
	context: ClientContext,
	after: Position | undefined,
	{ items }: VerifiedPage,
	options: ChangesOptions,
): AsyncGenerator<Change> {
	let before = after;
	for (const { wire, cursor } of items) {
		const [change] = wire.change;
		if (change !== undefined && "revealed" in change) {
			const { openBatch } = await import("./revealed.js");
			const read = (at: Position) => readPage(context, at, MAX_CHANGES_PAGE, true, options);
			for await (const opened of openBatch(context, change.revealed, wire, read)) {
				const { inBatch } = opened;
				const isLast = inBatch.index + 1 === inBatch.count;
				const at = isLast ? cursor : (before ?? change.revealed.after);
				yield toChange({ ...wire, change: opened.wire.change, in_batch: [inBatch] }, at);
			}
		} else if (!isSealed(wire)) yield toChange(wire, cursor);
		before = cursor;
	}
}

async function readPage(
	context: ClientContext,
	after: Position | undefined,
	limit: number,
	isLong: boolean,
	{ minVersion, signal }: ChangesOptions,
): Promise<VerifiedPage> {
	const request = {
		after: optional(after),
		limit,
		min_version: leastVersion(context, minVersion),
	};
	if (!isLong) {
		const page = await askNode(context, after, request, signal);
		if (page) return page;
	}
	const answer = await askCertified(context, () =>
		context.caller.update("blobs_changes", [request], { signal, verify: true }),
	);
	return verifyPage(context, after, answer);
}

/** A page from one node, if the node can prove it: then the page reaches the end of the feed. */
async function askNode(
	context: ClientContext,
	after: Position | undefined,
	request: Page["request"],
	signal: AbortSignal | undefined,
): Promise<VerifiedPage | undefined> {
	let page: VerifiedPage | undefined;
	try {
		await context.caller.query(
			"blobs_changes",
			[request],
			{ signal, isBound: true, retryable: passing() },
			async (answer) => {
				page = await verifyPage(context, after, answer);
			},
		);
	} catch (error) {
		// A refusal comes from one node only, which may lag: let the subnet decide.
		if (isBlobError(error) && REFUSALS.includes(error.code)) return undefined;
		throw error;
	}
	return page?.isProven ? page : undefined;
}

const REFUSALS = ["cursor_unknown", "cursor_pruned", "not_authorized", "behind", "rolled_back"];

function toChange({ at, by, change, in_batch, sent_by, ...version }: WireChange, cursor: Position): Change {
	const [inBatch] = in_batch;
	const [sentBy] = sent_by;
	const stamp = {
		...toVersion(version),
		at: date(at),
		by: by.toText(),
		sentBy: sentBy?.toText(),
		inBatch,
		cursor: toCursor(cursor),
	};
	return withJson({ ...stamp, ...toChangeOf(change[0]) });
}

function toChangeOf(wire: WireChangeOf | undefined): ChangeOf {
	if (wire === undefined) return { type: "unknown" };
	if ("published" in wire) return { type: "published", manifest: toManifest(wire.published) };
	if ("deleted" in wire)
		return { type: "deleted", key: wire.deleted.key, version: toVersion(wire.deleted.version) };
	if ("expired" in wire)
		return { type: "expired", key: wire.expired.key, version: toVersion(wire.expired.version) };
	if ("restored" in wire)
		return {
			type: "restored",
			manifest: toManifest(wire.restored.manifest),
			version: toVersion(wire.restored.version),
		};
	if ("purged" in wire)
		return { type: "purged", key: wire.purged.key, version: toVersion(wire.purged.version) };
	if ("lease" in wire) {
		const { id, holder, ends_at } = wire.lease;
		return {
			type: "lease",
			id: hex(id),
			holder: holder.toText(),
			endsAt: ends_at[0] === undefined ? undefined : date(ends_at[0]),
		};
	}
	if ("keep_deleted" in wire) return { type: "keepDeleted", ...wire.keep_deleted };
	if ("expiry_rules" in wire) return { type: "expiryRules", rules: wire.expiry_rules.rules.map(toRule) };
	if ("role" in wire) return { type: "role", ...wire.role, who: wire.role.who.toText() };
	if ("quota" in wire) {
		const [quota] = wire.quota.quota;
		return { type: "quota", who: wire.quota.who[0]?.toText(), quota: quota && toQuota(quota) };
	}
	if ("grant" in wire) {
		const { role, terms, under, ...name } = wire.grant;
		return {
			type: "grant",
			...toGrantName(name),
			terms: terms[0] && toTerms(role, terms[0]),
			under: under[0] && toGrantName(under[0]),
		};
	}
	if ("given" in wire) {
		const { manifest, version, from, offer } = wire.given;
		return {
			type: "given",
			manifest: toManifest(manifest),
			version: toVersion(version),
			from: from.toText(),
			offer: toOfferName(offer),
		};
	}
	if ("offer" in wire) {
		const { owner, to, what, ...name } = wire.offer;
		return {
			type: "offer",
			...toOfferName(name),
			owner: owner.toText(),
			to: to.toText(),
			what: what[0] && toOffered(what[0]),
		};
	}
	if ("link" in wire) {
		const { owner, who, state } = wire.link;
		return { type: "link", owner: owner.toText(), who: who.toText(), state };
	}
	if ("mode" in wire) return { type: "mode", ...wire.mode };
	// Told by what they are made of.
	return { type: "unknown" };
}
