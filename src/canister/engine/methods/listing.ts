import {
	type ListRange,
	MAX_KEY_BYTES,
	sortable,
	type WireList,
	type WireListEntry,
	type WireListPage,
} from "../../../protocol/index.js";
import { type ListEntry, mergeLists } from "../../catalog/index.js";
import { isAnonymous } from "../accounts/roles.js";
import { isSealed, seal, unseal } from "../base/cursors.js";
import { refuse, refuseArgument } from "../base/refusal.js";
import { MOST_OF_PROVEN_PAGE } from "../certified/budget.js";
import { expiredOf, NO_PROOF, type Sight } from "../certified/certified.js";
import type { State } from "../state.js";
import { pageLimit } from "./requests.js";

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

/** How often a page asks the application's rule, which may take as long as it likes. */
const MAX_ASKED = 100;

/** A page of the blobs that the caller may read, with what proves the public ones where all of them are public. */
export function listPage(state: State, { prefix, recursive, after: [after], limit }: WireList): WireListPage {
	const from = after !== undefined && isSealed(after) ? unsealed(state, after) : after;
	const range: ListRange = { prefix, recursive, ...(from !== undefined && { after: from }) };
	const sight = sightOf(state, prefix);
	const isProven = sight === "public" && state.certified.isQuery;
	const page = new Page(state, pageLimit(limit), isProven);
	let last: string | undefined;
	let next: string | undefined;
	for (const entry of entriesOf(state, sight, range, page)) {
		if (page.isFull) {
			last = page.last;
			next = page.end;
			break;
		}
		if (entry !== ASKING) page.add(entry);
	}
	const proof = state.certified.proofOfPage(range, last, isProven ? page.contents : undefined);
	const hasExpired = page.expired.length > 0;
	return {
		entries: page.entries,
		next: next === undefined ? [] : [next],
		expired: hasExpired ? expiredOf(page.expired, proof) : [],
		// The proof of a page shows what is over, and so is for who is told of it.
		...(hasExpired ? NO_PROOF : proof),
	};
}

/**
 * Who owns no salt never had a private blob, and sees what everybody does: that can be proven. Where the application
 * has a rule, that is asked about each private blob for every caller but the anonymous one; and so are grants to read,
 * where the list has more than the prefix of one.
 */
function sightOf({ access, roles, accounts, grants }: State, prefix: string): Sight | "ruled" {
	const caller = access.anyone;
	if (isAnonymous(caller)) return "public";
	if (access.hasRule) return "ruled";
	if (roles.readsAll(caller)) return "all";
	if (grants.holds(caller, "reader")) return grants.reads(caller, prefix) ? "all" : "ruled";
	return accounts.get(caller).salt.length === 0 ? "public" : { owner: caller };
}

function entriesOf(
	state: State,
	sight: Sight | "ruled",
	range: ListRange,
	page: Page,
): Iterable<ListEntry | typeof ASKING> {
	if (sight === "ruled") return ruled(state, range, page);
	const [first, second] = state.certified.lists(sight, range);
	return second === undefined ? first! : mergeLists(first!, second);
}

/** Yielded before the rule is asked, so that a page that is full does not ask. */
const ASKING = Symbol();

/**
 * Public entries, and of all private keys those that the rule shows. A directory comes as soon as one readable key in it
 * was found; about the others in it nothing is asked.
 */
function* ruled(state: State, range: ListRange, page: Page): Generator<ListEntry | typeof ASKING> {
	const { prefix, recursive } = range;
	const open = state.certified.publicKeys(range);
	const privateFrom = (after: string | undefined) =>
		state.certified.privateKeys({ prefix, recursive: true, ...(after !== undefined && { after }) });
	let hidden = privateFrom(range.after);
	let shown = open.next();
	for (let next = hidden.next(); ; ) {
		const key = next.done ? undefined : nameOf(next.value);
		const end = key === undefined || recursive ? -1 : key.indexOf("/", prefix.length);
		const name = key === undefined || end < 0 ? key : key.slice(0, end + 1);
		if (!shown.done && (name === undefined || sortable(nameOf(shown.value)) <= sortable(name))) {
			yield shown.value;
			if (nameOf(shown.value) === name) {
				hidden = privateFrom(name);
				next = hidden.next();
			}
			shown = open.next();
			continue;
		}
		if (key === undefined || name === undefined) return;
		yield ASKING;
		if (page.asks(key)) {
			yield end < 0 ? { key } : { directory: name };
			if (end >= 0) hidden = privateFrom(name);
		}
		next = hidden.next();
	}
}

const nameOf = (entry: ListEntry): string => ("key" in entry ? entry.key : entry.directory);

/** Where a page ended for this caller on a key that it may not read. */
function unsealed({ access, accounts, host }: State, after: string): string {
	return (
		unseal(host.hashing, accounts.secret, access.anyone, after) ??
		refuseArgument("after", "it is neither a key nor what a page named as the next one for this caller")
	);
}

class Page {
	readonly entries: WireListEntry[] = [];
	/** What is certified of each key, where it is shown. */
	readonly contents: Uint8Array[] = [];
	/** Manifests of what the witness shows and the page passes over, since its time is over. */
	readonly expired: Uint8Array[] = [];
	readonly #state: State;
	readonly #isProven: boolean;
	#left: number;
	#bytes = 0;
	#asked = 0;
	#last: string | undefined;
	#isPassed = false;

	constructor(state: State, limit: number, isProven: boolean) {
		this.#state = state;
		this.#left = limit;
		this.#isProven = isProven;
	}

	get isFull(): boolean {
		if (this.#left <= 0 || this.#bytes > MAX_PAGE_BYTES || this.#asked >= MAX_ASKED) return true;
		// The first entry is taken in any case, so that a list comes to its end.
		return (
			this.#last !== undefined && this.#isProven && this.#state.host.instructions() > MOST_OF_PROVEN_PAGE
		);
	}

	/** The last entry, or the last key that was passed over. */
	get last(): string | undefined {
		return this.#last;
	}

	/** Where the next page begins: past the last entry, or past the last key that was passed over. */
	get end(): string | undefined {
		const { access, accounts, host } = this.#state;
		if (this.#last === undefined || !this.#isPassed) return this.#last;
		if (accounts.secret.length === 0)
			return refuse("not_authorized", { needs: "a first change of the store since it has a rule" });
		return seal(host.hashing, accounts.secret, access.anyone, this.#last);
	}

	/** Whether the rule, or else a role or ownership, lets the caller read what the key holds. If not it is passed over. */
	asks(key: string): boolean {
		const { blobs, access } = this.#state;
		const blob = blobs.stored(key);
		if (blob === undefined) throw new Error("the catalog names a blob that is not stored");
		this.#asked++;
		if (!blobs.isOver(blob) && access.mayRead(key, blob)) return true;
		this.#left--;
		this.#last = key;
		this.#isPassed = true;
		return false;
	}

	add(entry: ListEntry): void {
		const last = nameOf(entry);
		const segments = last.split("/").length;
		this.#last = last;
		this.#isPassed = false;
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
		const isOver = this.#state.blobs.isListedOver(blob);
		this.#isPassed = isOver;
		if (!isOver) this.entries.push({ blob: blob.bytes });
		else if (this.#isProven) this.expired.push(blob.bytes);
		if (!isOver || this.#isProven) this.#bytes += blob.bytes.length;
		if (!this.#isProven) return;
		const content = this.#state.certified.contentOf(blob);
		this.#bytes += content.length;
		this.contents.push(content);
	}
}
