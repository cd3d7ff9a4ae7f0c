import {
	checkKey,
	isPublic,
	type ListRange,
	MAX_KEY_BYTES,
	sameBytes,
	sortable,
	type WireList,
	type WireListEntry,
	type WireListPage,
	type WireManifest,
} from "../../protocol/index.js";
import type { ClientContext } from "../context.js";
import { ClientError, replyInvalid } from "../errors/errors.js";
import { readManifest } from "../manifest.js";
import { utf8 } from "../util/bytes.js";
import { certifiedTree, isOverAt, proofIn, type Verdict } from "./proof.js";
import { NotShown, type ShownEntry, shownPage } from "./shown-page.js";

/** An entry of a page: a blob, with the bytes that stand for its manifest, or a directory. */
export interface ListedEntry {
	/** The key, or the directory's path with a trailing `/`. */
	readonly name: string;
	readonly blob?: { readonly manifest: WireManifest; readonly bytes: Uint8Array } | undefined;
}

/** The entries of a page, and where the next one begins. */
export interface ListedPage {
	readonly entries: readonly ListedEntry[];
	readonly next: string | undefined;
}

/**
 * The same with what a page that is proven shows beside its entries: what is over by the clock of the node, in its place
 * among them. So the page ends where its last entry or the last of these is.
 * @throws ClientError `reply_invalid`
 */
export function shownEntriesOf(request: WireList, page: WireListPage, past: string | undefined): ListedPage {
	const [expired] = page.expired;
	if (expired === undefined) return entriesOf(request, page, past);
	const over = expired.manifests.map((blob): WireListEntry => ({ blob }));
	const merged = [...page.entries, ...over].map((entry) => {
		const { name } = readEntry(entry);
		return { entry, name, order: sortable(name) };
	});
	merged.sort((a, b) => (a.order < b.order ? -1 : 1));
	const last = merged.at(-1)?.name;
	const [more] = page.next;
	if (more !== undefined && !isSealed(more) && more !== last)
		throw invalid("the next page does not begin where it ends");
	const next: [] | [string] = more === undefined || last === undefined ? [] : [last];
	return entriesOf(request, { ...page, entries: merged.map(({ entry }) => entry), next }, past);
}

/**
 * The entries of a page, which must be one of the list that was asked for, whatever vouches for it: they lie in the range, in order,
 * and the next page begins past the last one.
 * @param past the last entry of the pages before
 * @throws ClientError `reply_invalid`
 */
export function entriesOf(
	{ prefix, recursive, after, limit }: WireList,
	page: WireListPage,
	past: string | undefined,
): ListedPage {
	if (page.entries.length > limit) throw invalid(`it has ${page.entries.length} entries, over ${limit}`);
	let last = past;
	/** Each is compared with two others, and made but once. */
	let lastOrder = sortable(past ?? "");
	const entries = page.entries.map(readEntry);
	for (const { name, blob } of entries) {
		const path = blob ? name : name.slice(0, -1);
		// Of a list that folds, a name's one `/` behind the prefix is a directory's last character.
		const folded = recursive ? -1 : name.indexOf("/", prefix.length);
		const isEntry = blob ? folded < 0 : folded === path.length;
		if (!name.startsWith(prefix) || !isEntry || checkKey(path) !== undefined)
			throw invalid(`${JSON.stringify(name)} is no entry of the list of ${JSON.stringify(prefix)}`);
		const order = sortable(name);
		if (!isPast(name, order, last, lastOrder)) throw invalid(`${JSON.stringify(name)} is not in order`);
		last = name;
		lastOrder = order;
	}
	const [next] = page.next;
	if (next !== undefined && utf8(next).length > MAX_NEXT_BYTES)
		throw invalid(`the next page's name has more than ${MAX_NEXT_BYTES} bytes`);
	const isNext = isSealed(next) ? next !== after[0] : next === undefined || next === entries.at(-1)?.name;
	if (!isNext) throw invalid("the next page does not begin where it ends");
	return { entries, next };
}

/** As many as a request's `after` may have: a key's twice. */
const MAX_NEXT_BYTES = 2 * MAX_KEY_BYTES;

/** Whether a page ended on a key that its caller may not read: only the store can tell which. */
export const isSealed = (next: string | undefined): boolean => next?.startsWith("\0") === true;

function readEntry(entry: WireListEntry): ListedEntry {
	if ("directory" in entry) return { name: entry.directory };
	const manifest = readManifest(entry.blob);
	return { name: manifest.key, blob: { manifest, bytes: entry.blob } };
}

/** @param order `sortable` of the name, as `afterOrder` of `after` */
function isPast(name: string, order: string, after: string | undefined, afterOrder: string): boolean {
	if (after === undefined || after === "") return true;
	// A directory in which a list begins holds more past that.
	if (name.endsWith("/") && after !== name && after.startsWith(name)) return true;
	return order > afterOrder && !(after.endsWith("/") && name.startsWith(after));
}

/** What a page proves: whether it does, and its entries as of then. */
export interface ProvenList {
	readonly verdict: Verdict;
	readonly entries: readonly ListedEntry[];
}

/**
 * Whether the public entries of a page are proven by what it brings along: that they are those of the range, no more and
 * no fewer, each with the manifest that is published. Entries that are not public are proven by nothing.
 * @throws ClientError `certificate_invalid`, `certificate_stale`, `witness_invalid`, `list_corrupt` where it is disproved
 */
export async function verifyList(
	context: ClientContext,
	{ prefix, recursive, after }: WireList,
	page: WireListPage,
	{ entries: listed, next }: ListedPage,
): Promise<ProvenList> {
	const proof = await certifiedTree(context, proofIn(page));
	if (proof === undefined || isSealed(after[0]) || isSealed(next))
		return { verdict: "unproven", entries: listed };
	const range: ListRange = { prefix, recursive, ...(after[0] !== undefined && { after: after[0] }) };
	const corrupt = (name: string, what: string) =>
		new ClientError("list_corrupt", { prefix, reason: `${JSON.stringify(name)} ${what}` });
	const { sha256 } = context.settings.ports;
	let verdict: Verdict = "proven";
	let index = 0;
	const nextEntry = (shown: ShownEntry | undefined): ListedEntry | undefined => {
		for (let entry = listed[index++]; entry !== undefined; entry = listed[index++]) {
			if (shown && isOf(entry, shown)) return entry;
			if (entry.blob && isPublic(entry.blob.manifest)) throw corrupt(entry.name, "is not public");
			verdict = "unproven";
		}
		return undefined;
	};
	try {
		for (const shown of shownPage(proof.tree, range, next)) {
			const name = "key" in shown ? shown.key : shown.directory;
			const entry = nextEntry(shown);
			if (entry === undefined) throw corrupt(name, "is left out");
			if (!entry.blob || !("key" in shown)) continue;
			const hash = await sha256(entry.blob.bytes);
			if (!sameBytes(hash, shown.hash)) throw corrupt(name, "has another hash");
		}
	} catch (error) {
		if (!(error instanceof NotShown)) throw error;
		throw new ClientError("witness_invalid", { reason: `it does not show ${error.message}` }, error);
	}
	nextEntry(undefined);
	return { verdict, entries: listed.filter(({ blob }) => !blob || !isOverAt(blob.manifest, proof.ms)) };
}

const isOf = ({ name, blob }: ListedEntry, shown: ShownEntry): boolean =>
	"key" in shown ? blob !== undefined && name === shown.key : blob === undefined && name === shown.directory;

const invalid = (reason: string) => replyInvalid("blobs_list", reason);
