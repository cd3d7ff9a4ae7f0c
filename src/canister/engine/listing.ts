import {
	type ListRange,
	MAX_KEY_BYTES,
	type WireList,
	type WireListEntry,
	type WireListPage,
} from "../../protocol/index.js";
import { type ListEntry, mergeLists } from "../catalog/index.js";
import type { Sight } from "./certified.js";
import { pageLimit } from "./requests.js";
import { isAnonymous } from "./roles.js";
import type { State } from "./state.js";

/** A page ends when it reaches this: a manifest has up to 6 KB, and a reply of an update up to 2 MiB. */
const MAX_PAGE_BYTES = 1 << 20;

/**
 * An entry that is 32 directories deep, each of its own, costs several times what one in the same directory as the
 * last does. So a key counts once more for every 12 segments.
 */
const SEGMENTS_PER_ENTRY = 12;

/** What a witness has of an entry beside its labels and what is certified of a key: forks, and a label's head. */
const WITNESS_BYTES = 48;
const WITNESS_BYTES_PER_SEGMENT = 8;
/** That a folded directory holds something, and whether a key has its name, is shown by two labels inside of it. */
const FOLDED_BYTES = 2 * MAX_KEY_BYTES;

/** A page of the blobs that the caller may read, with what proves the public ones where all of them are public. */
export function listPage(state: State, { prefix, recursive, after, limit }: WireList): WireListPage {
	const range: ListRange = { prefix, recursive, ...(after[0] !== undefined && { after: after[0] }) };
	const sight = sightOf(state);
	const isProven = sight === "public" && state.certified.isQuery;
	const page = new Page(state, pageLimit(limit), isProven);
	let next: string | undefined;
	for (const entry of entriesOf(state, sight, range)) {
		if (page.isFull) {
			next = page.last;
			break;
		}
		page.add(entry);
	}
	return {
		entries: page.entries,
		next: next === undefined ? [] : [next],
		...state.certified.proofOfPage(range, next, isProven ? page.contents : undefined),
	};
}

/** Who owns no salt never had a private blob, and sees what everybody does: that can be proven. */
function sightOf({ access, roles, accounts }: State): Sight {
	const caller = access.anyone;
	if (isAnonymous(caller)) return "public";
	if (roles.readsAll(caller)) return "all";
	return accounts.get(caller).salt.length === 0 ? "public" : { owner: caller };
}

function entriesOf(state: State, sight: Sight, range: ListRange): Iterable<ListEntry> {
	const [first, second] = state.certified.lists(sight, range);
	return second === undefined ? first! : mergeLists(first!, second);
}

class Page {
	readonly entries: WireListEntry[] = [];
	/** What is certified of each key, where it is shown. */
	readonly contents: Uint8Array[] = [];
	last: string | undefined;
	readonly #state: State;
	readonly #isProven: boolean;
	#left: number;
	#bytes = 0;

	constructor(state: State, limit: number, isProven: boolean) {
		this.#state = state;
		this.#left = limit;
		this.#isProven = isProven;
	}

	get isFull(): boolean {
		return this.#left <= 0 || this.#bytes > MAX_PAGE_BYTES;
	}

	add(entry: ListEntry): void {
		const last = "key" in entry ? entry.key : entry.directory;
		const segments = last.split("/").length;
		this.last = last;
		this.#left -= 1 + Math.floor(segments / SEGMENTS_PER_ENTRY);
		this.#bytes += 64 + last.length * 3;
		if (this.#isProven) this.#bytes += WITNESS_BYTES + segments * WITNESS_BYTES_PER_SEGMENT + last.length;
		if ("directory" in entry) {
			this.entries.push({ directory: entry.directory });
			if (this.#isProven) this.#bytes += FOLDED_BYTES;
			return;
		}
		const blob = this.#state.blobs.listed(entry.key);
		if (blob === undefined) throw new Error("the catalog names a blob that is not stored");
		this.#bytes += blob.bytes.length;
		this.entries.push({ blob: blob.bytes });
		if (!this.#isProven) return;
		const content = this.#state.certified.contentOf(blob);
		this.#bytes += content.length;
		this.contents.push(content);
	}
}
