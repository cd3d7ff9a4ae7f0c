import { MAX_LIST_PAGE, type WireList, type WireListPage } from "../../protocol/index.js";
import { invalidOption } from "../arguments.js";
import { ANONYMOUS } from "../call/agent.js";
import { askCertified, type ClientContext, leastVersion } from "../context.js";
import { isBlobError, replyInvalid } from "../errors/errors.js";
import { fromWireManifest } from "../manifest.js";
import { checkInteger } from "../options.js";
import type { ListEntry, TrustLevel, Version } from "../types.js";
import { throwIfAborted } from "../util/abort.js";
import { MAX_EMPTY_PAGES } from "../util/pages.js";
import { optional } from "../wire-map.js";
import { entriesOf, type ListedPage, shownEntriesOf, verifyList } from "./list-proof.js";
import { provenByNode } from "./one-node.js";
import { learnStanding, readsOnlyPublic, withoutRole } from "./standing.js";

/** Which keys are listed, and whose word is taken for it. */
export interface ListOptions {
	/** Keys that begin with this text. @default "" (all) */
	prefix?: string | undefined;
	/** False folds what is beyond the next `/` after the prefix into one directory. @default true */
	recursive?: boolean | undefined;
	/** Start after this key, or after this directory if it ends with `/`. */
	after?: string | undefined;
	/** Entries asked for at a time, at most 1,000. @default 1,000 */
	pageSize?: number | undefined;
	/**
	 * On whose word each page stands. A node cannot prove a page to a caller who has private blobs, or who reads those of
	 * others: then the subnet is asked.
	 * @default "proof"
	 */
	trust?: TrustLevel | undefined;
	/**
	 * Public blobs alone, proven by nodes as they are to everybody: by this even a caller can list that has private blobs
	 * and no role. By default such a list fails with `not_admitted`, since no node can prove what is private, and the
	 * subnet is asked by roles only: what it left out in silence would seem to be gone.
	 */
	visibility?: "public" | undefined;
	/** Answer only from a state that has seen this change. @default the latest that this client has made or seen */
	minVersion?: Version | undefined;
	/** Aborts the list. */
	signal?: AbortSignal | undefined;
}

const HALF_PAIR = /\p{Surrogate}/u;

interface Asked {
	readonly request: WireList;
	/** The last entry of the pages before. */
	readonly past: string | undefined;
}

interface Page extends ListedPage {
	/** The last of what was passed over with it, which may be past its last entry. */
	readonly past?: string | undefined;
}

/** The entries of each page, in order, each past the one before. */
export async function* listPages(
	context: ClientContext,
	options: ListOptions = {},
): AsyncGenerator<ListEntry[]> {
	const { prefix = "", recursive = true, signal, visibility } = options;
	if (visibility === "public") context = asNobody(context);
	for (const [option, text] of Object.entries({ prefix, after: options.after ?? "" }))
		if (HALF_PAIR.test(text)) throw invalidOption(option, "it holds half a surrogate pair");
	const limit = checkInteger("pageSize", options.pageSize ?? MAX_LIST_PAGE, 1, MAX_LIST_PAGE);
	let after = options.after;
	let past = after;
	let empty = 0;
	for (;;) {
		throwIfAborted(signal);
		const min_version = leastVersion(context, options.minVersion);
		const request = { prefix, recursive, after: optional(after), limit, min_version };
		const page = await readPage(context, { request, past }, options);
		past = page.past ?? page.entries.at(-1)?.name ?? past;
		empty = page.entries.length > 0 ? 0 : empty + 1;
		if (page.next !== undefined && empty > MAX_EMPTY_PAGES)
			throw replyInvalid("blobs_list", "it never comes to an end");
		yield page.entries.map(({ name, blob }) =>
			blob ? { type: "blob", blob: fromWireManifest(blob.manifest) } : { type: "directory", path: name },
		);
		after = page.next;
		if (after === undefined) return;
	}
}

/** The same store as those see it who are not signed in. */
function asNobody(context: ClientContext): ClientContext {
	return { ...context, ...context.connect(context.settings.agent, ANONYMOUS), standing: {} };
}

async function readPage(
	context: ClientContext,
	{ request, past }: Asked,
	{ trust, signal }: ListOptions,
): Promise<Page> {
	if (trust === "node") return askOneNode(context, { request, past }, signal);
	if (trust !== "subnet" && (await isProvable(context, signal))) {
		let proven: Page | undefined;
		const found = await provenByNode(context, "blobs_list", request, signal, async (page) => {
			const shown = shownEntriesOf(request, page, past);
			const { verdict, entries } = await verifyList(context, request, page, shown);
			proven = { entries, next: shown.next, past: shown.entries.at(-1)?.name };
			return verdict;
		});
		if (found?.verdict === "proven") return proven as Page;
	}
	return askSubnet(context, { request, past }, signal);
}

/**
 * Whether a node can prove all that the caller may list. The subnet is asked about the caller first, where it has not
 * said so lately: a list by an update is refused to callers without a role, who see public blobs as all others do.
 */
async function isProvable(context: ClientContext, signal: AbortSignal | undefined): Promise<boolean> {
	if ((await readsOnlyPublic(context)) === undefined) await learnStanding(context, signal);
	return (await readsOnlyPublic(context)) === true;
}

/** One node's page; that the store was rolled back is asked of the subnet. */
async function askOneNode(
	context: ClientContext,
	{ request, past }: Asked,
	signal: AbortSignal | undefined,
): Promise<Page> {
	let listed: ListedPage | undefined;
	const check = async (page: WireListPage) => {
		listed = entriesOf(request, page, past);
	};
	try {
		await context.caller.query("blobs_list", [request], { signal, isBound: false }, check);
		return listed as ListedPage;
	} catch (error) {
		if (!isBlobError(error, "rolled_back")) throw error;
		return askSubnet(context, { request, past }, signal);
	}
}

async function askSubnet(
	context: ClientContext,
	{ request, past }: Asked,
	signal: AbortSignal | undefined,
): Promise<Page> {
	const page = await askCertified(context, () =>
		context.caller.update("blobs_list", [request], { signal, verify: true, rights: withoutRole(context) }),
	);
	return entriesOf(request, page, past);
}
