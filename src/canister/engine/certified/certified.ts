import { encodeUtf8, fromUnits } from "../../../protocol/codec/utf8.js";
import {
	type ListRange,
	privateLabelPreimage,
	sameBytes,
	type WireExpired,
	type WireProof,
} from "../../../protocol/index.js";
import {
	type Catalog,
	type CertifiedRoot,
	type FlatRoot,
	HTTP_EXPR,
	type ListEntry,
	type Mount,
	mergeLists,
	PRIVATE,
	PUBLIC,
	type Reveal,
} from "../../catalog/index.js";
import type { Host } from "../../host/ports.js";
import type { Accounts } from "../accounts/accounts.js";
import { concat } from "../base/codec.js";
import type { Pages } from "../http/pages.js";
import type { Blob, Listed, Shown } from "../store/blobs.js";
import type { Feed } from "../store/feed.js";
import type { DraftLog } from "./draft-log.js";
import type { KeyTrees } from "./key-tree.js";
import { type ListChange, type Taken, TreeChanges } from "./tree-changes.js";

/** Which keys a list may show: those of everybody's public blobs, and whose private ones. */
export type Sight = "public" | "all" | { readonly owner: Uint8Array };

export const NO_PROOF: WireProof = { certificate: [], witness: [] };

/** What is over, with what proves it; absent where there is nothing, or no proof. */
export function expiredOf(manifests: Uint8Array[], { certificate, witness }: WireProof): [] | [WireExpired] {
	if (manifests.length === 0 || certificate[0] === undefined || witness[0] === undefined) return [];
	return [{ manifests, certificate: certificate[0], witness: witness[0] }];
}

/** Lists of private keys, which are not certified: of all, and of one owner. */
const ALL_PRIVATE: FlatRoot = { flatName: encodeUtf8("P") };
const privateOf = (owner: Uint8Array): FlatRoot => ({ flatName: concat(encodeUtf8("O"), owner) });

/** The same with a directory for each segment, as layout 5 wrote them: no key comes into them any more. */
const OLD_PRIVATE = encodeUtf8("p");
const oldPrivateOf = (owner: Uint8Array): Uint8Array => concat(encodeUtf8("o"), owner);

interface ChangedList {
	readonly list: FlatRoot;
	readonly changes: { readonly key: string; readonly isIn: boolean }[];
}

/** The lists that changes of private keys touch: that of all, and those of owners. */
function listsOf(changes: readonly ListChange[]): ChangedList[] {
	if (changes.length === 0) return [];
	const byOwner = new Map<string, ChangedList>();
	// A key that passes from one owner to another goes out of a list and into another, and stays in that of all.
	const all = new Map<string, boolean>();
	for (const { owner, key, isIn } of changes) {
		all.set(key, isIn || all.get(key) === true);
		const name = fromUnits(owner);
		const its = byOwner.get(name);
		if (its === undefined) byOwner.set(name, { list: privateOf(owner), changes: [{ key, isIn }] });
		else its.changes.push({ key, isIn });
	}
	const ofAll = { list: ALL_PRIVATE, changes: [...all].map(([key, isIn]) => ({ key, isIn })) };
	return [ofAll, ...byOwner.values()];
}

const labelled = ({ private: changes }: Taken) =>
	changes.map(({ label, content }) => ({ key: label, content }));

/**
 * The lists of keys and the certified tree. Private keys stand in lists of their own, one of all and one for each
 * owner, so that a list never has to pass over what its caller may not see, and shows no directory that holds nothing
 * else; in the tree they stand as salted hashes. What a message changes is gathered, and done once when it ends.
 */
export class Certified {
	readonly #catalog: Catalog;
	readonly #accounts: Accounts;
	readonly #feed: Feed;
	readonly #keyTrees: KeyTrees;
	readonly #host: Host;
	/** Of what the draft has to follow. */
	readonly #log: DraftLog;
	readonly #changes: TreeChanges;
	/** The same of the draft that is open. */
	readonly draft: TreeChanges;
	/** Whether layout 5 has left lists; once they are empty they stay so. */
	#hasOld: boolean | undefined;
	#certifiedHead: Uint8Array | undefined;
	/** What stands under `http_expr`, where that is more than the public keys. */
	readonly #pages: Pages | undefined;
	/** Where public keys stand. */
	readonly #public: CertifiedRoot;
	/** Digest of what stands under `http_expr` beside them, if it is known. */
	#mounted: Uint8Array | undefined;

	constructor(
		catalog: Catalog,
		accounts: Accounts,
		feed: Feed,
		keyTrees: KeyTrees,
		host: Host,
		log: DraftLog,
		pages: Pages | undefined,
	) {
		this.#catalog = catalog;
		this.#accounts = accounts;
		this.#feed = feed;
		this.#keyTrees = keyTrees;
		this.#host = host;
		this.#log = log;
		this.#pages = pages;
		this.#public = pages === undefined ? HTTP_EXPR : PUBLIC;
		const labelOf = (owner: Uint8Array, key: string) => this.#label(owner, key);
		this.#changes = new TreeChanges(keyTrees, labelOf);
		this.draft = new TreeChanges(keyTrees, labelOf);
	}

	/** Puts a blob in the place of what its key held. */
	put(blob: Blob, held: Blob | undefined): void {
		this.#changes.put(blob, held);
	}

	remove(held: Blob): void {
		this.#changes.remove(held);
	}

	/** Under which label a private key of this owner stands: nobody can guess it who does not know the salt. */
	#label(owner: Uint8Array, key: string): Uint8Array {
		const { salt } = this.#accounts.get(owner);
		return this.#host.hashing.sha256(privateLabelPreimage(salt, owner, key));
	}

	get isChanged(): boolean {
		return this.#changes.isAny;
	}

	/** How many labels in lists and tree what is gathered will touch, each counted as often as it was named. */
	get gathered(): number {
		return this.#changes.gathered;
	}

	/** Changes lists and tree, and certifies what they are now. */
	flush(): void {
		if (!this.isChanged && this.#certifiedHead === this.#feed.head) return;
		this.settle();
		this.certify();
	}

	/** Changes lists and tree as far as gathered, before the message ends: what is certified is behind until then. */
	settle(): void {
		if (!this.#changes.isAny) return;
		const taken = this.#changes.take();
		if (taken.public.length > 0) this.#catalog.change(this.#public, taken.public);
		if (taken.private.length > 0) this.#catalog.change(PRIVATE, labelled(taken));
		if (taken.listed.length > 0) this.#changeLists(taken.listed);
		if (this.#catalog.hasDraft) this.#log.add(taken);
	}

	/** The same in the draft. Of the lists it has those that a change of its own has touched: `isOwn`, or it follows others. */
	settleDraft(isOwn: boolean): void {
		const taken = this.draft.take();
		if (taken.public.length > 0) this.#catalog.changeDraft(this.#public, taken.public);
		if (taken.private.length > 0) this.#catalog.changeDraft(PRIVATE, labelled(taken));
		for (const { list, changes } of listsOf(taken.listed))
			if (isOwn || this.#catalog.draftHas(list)) this.#catalog.changeDraftList(list, changes);
	}

	openDraft(): void {
		this.#catalog.openDraft();
	}

	/** Whether a draft that is over is still being taken down, so that none can be opened. */
	get isTakingDown(): boolean {
		return !this.#catalog.mayDraft && !this.#catalog.hasDraft;
	}

	takeDown(nodes: number): void {
		this.#catalog.takeDownDraft(nodes);
	}

	/** The draft takes the place of lists and tree, at the end of a message that changed nothing else in them so far. */
	revealDraft(): void {
		if (this.isChanged || this.draft.isAny) throw new Error("a draft is revealed before all is in it");
		this.#catalog.revealDraft();
		this.#mounted = undefined;
	}

	giveUpDraft(): void {
		this.draft.clear();
		this.#catalog.giveUpDraft();
	}

	/** How many owners' lists the draft has of its own, with this one's and with those in `pending`, to which that is added. */
	draftOwners(owner: Uint8Array, pending: Set<string>): number {
		if (!this.#catalog.draftHas(privateOf(owner))) pending.add(fromUnits(owner));
		return Math.max(0, this.#catalog.draftLists - 1) + pending.size;
	}

	/** Puts a key that layout 5 has listed into the lists of today, so that a draft has to change those alone. */
	renewListing({ isPublic, owner, key }: Blob): void {
		if (isPublic || !this.#isOldLeft() || !this.#catalog.remove(OLD_PRIVATE, key)) return;
		this.#catalog.remove(oldPrivateOf(owner), key);
		const taken: Taken = { public: [], private: [], listed: [{ owner, key, isIn: true }] };
		for (const { list, changes } of listsOf(taken.listed)) this.#catalog.changeAll(list, changes);
		if (this.#catalog.hasDraft) this.#log.add(taken);
	}

	#changeLists(changes: readonly ListChange[]): void {
		for (const { list, changes: its } of listsOf(changes)) this.#catalog.changeAll(list, its);
		if (!this.#isOldLeft()) return;
		for (const { owner, key, isIn } of changes)
			if (!isIn && this.#catalog.remove(OLD_PRIVATE, key)) this.#catalog.remove(oldPrivateOf(owner), key);
	}

	#isOldLeft(): boolean {
		if (this.#hasOld !== false) this.#hasOld = this.#catalog.holds(OLD_PRIVATE);
		return this.#hasOld;
	}

	/** Sets the certified data; an upgrade forgets it. */
	certify(): void {
		this.#certifiedHead = this.#feed.head;
		this.#mountPages();
		this.#host.certify(this.#catalog.rootHash(this.#certifiedHead));
	}

	/** What stands under `http_expr` has the tree of the public keys in it. */
	#mountPages(): void {
		const tree = this.#pages && this.#catalog.treeOf(PUBLIC);
		if (tree === undefined) return;
		const digest = this.#pages!.digest(tree);
		if (this.#mounted !== undefined && sameBytes(digest, this.#mounted)) return;
		this.#catalog.setMount(HTTP_EXPR.name, digest, false);
		this.#mounted = digest;
	}

	/** Whether public keys are not where they are to stand: an upgrade has set a prefix, or taken one away. */
	get isElsewhere(): boolean {
		return (this.#catalog.treeOf(PUBLIC) !== undefined) !== (this.#pages !== undefined);
	}

	/** Brings them there, all at once. No draft may be open. */
	bringHere(): void {
		if (this.#pages !== undefined) this.#catalog.moveRoot(HTTP_EXPR, PUBLIC);
		else {
			this.#catalog.setMount(HTTP_EXPR.name, undefined);
			this.#catalog.moveRoot(PUBLIC, HTTP_EXPR);
		}
	}

	/** Public keys in order. */
	publicKeys(range: ListRange): Generator<ListEntry> {
		return this.#catalog.list(this.#public, range);
	}

	/** Private keys of all owners in order. */
	privateKeys(range: ListRange): Generator<ListEntry> {
		return this.#privateKeys(ALL_PRIVATE, OLD_PRIVATE, range);
	}

	#privateKeys(list: FlatRoot, old: Uint8Array, range: ListRange): Generator<ListEntry> {
		const keys = this.#catalog.list(list, range);
		return this.#isOldLeft() ? mergeLists(keys, this.#catalog.list(old, range)) : keys;
	}

	/** Keys in order from each list that this sight shows. */
	lists(sight: Sight, range: ListRange): Generator<ListEntry>[] {
		const keys = this.publicKeys(range);
		if (sight === "public") return [keys];
		if (sight === "all") return [keys, this.privateKeys(range)];
		return [keys, this.#privateKeys(privateOf(sight.owner), oldPrivateOf(sight.owner), range)];
	}

	/** What proves that a key holds `blob`, or nothing that the caller owns and nothing that all may see. */
	proofOfKey(key: string, blob: Shown | undefined, caller: Uint8Array): WireProof {
		return this.#proof(() => {
			const shown: Reveal[] = [];
			if (blob === undefined || blob.isPublic) shown.push(this.#reveal(this.#public, key, blob));
			// That it is absent where public keys stand says something where it is shown that they stand nowhere else.
			if (blob === undefined && this.#public === HTTP_EXPR) shown.push({ root: PUBLIC, key });
			if (blob !== undefined && !blob.isPublic)
				shown.push(this.#reveal(PRIVATE, this.#label(blob.owner, key), blob));
			else if (blob === undefined && this.#accounts.get(caller).salt.length > 0)
				shown.push(this.#reveal(PRIVATE, this.#label(caller, key), undefined));
			return shown;
		});
	}

	/** What proves to a gateway that a public blob has an answer of its own, which `tree` shows (OwnAnswers). */
	proofOfOwn(blob: Blob, tree: Uint8Array): WireProof {
		return this.#proofOfAnswer(blob, () => this.#keyTrees.ofOwn(blob, tree));
	}

	/** The same of an answer that it shares with its copies, by its hash (HttpHashes), once those are certified. */
	proofOfShared(blob: Blob, hash: Uint8Array): WireProof {
		return this.#proofOfAnswer(blob, () => this.#keyTrees.ofShared(blob, hash, this.#catalog.labelSets));
	}

	#proofOfAnswer({ key }: Blob, subtree: () => Uint8Array): WireProof {
		const pages = this.#pages;
		if (pages === undefined) return this.#proof(() => [{ root: HTTP_EXPR, key, subtree: subtree() }]);
		return this.proofOfPages(() => pages.withBlobs(this.#catalog.treeWithKey(PUBLIC, key, subtree())));
	}

	/** What proves an answer under `http_expr`, by the tree there, encoded. */
	proofOfPages(tree: () => Uint8Array): WireProof {
		return this.#proofOf(() => [{ label: HTTP_EXPR.name, subtree: tree() }]);
	}

	/** What proves to a gateway that nothing is at a path, for which `others` stands. */
	proofOfNothing(segments: readonly Uint8Array[], others: Uint8Array): WireProof {
		const pages = this.#pages;
		if (pages !== undefined)
			return this.proofOfPages(() =>
				pages.withBlobs(this.#catalog.treeWithNothing(PUBLIC, segments, others)),
			);
		const certificate = this.#host.certificate();
		if (certificate === undefined) return NO_PROOF;
		const witness = this.#catalog.witnessOfNothing(this.#feed.head, HTTP_EXPR, segments, others);
		return { certificate: [certificate], witness: [witness] };
	}

	/** What stands from now on for all paths at which there is nothing: a tree of this digest. */
	setOthers(digest: Uint8Array): void {
		this.#catalog.setOthers(this.#public, digest);
	}

	/** Certifies, under a label of the root, a tree of this digest, or nothing. */
	mount(label: Uint8Array, digest: Uint8Array | undefined): void {
		this.#catalog.setMount(label, digest);
		this.certify();
	}

	/** Digest of the labelled node at a label of the root; undefined where nothing stands there. */
	mountAt(label: Uint8Array): Uint8Array | undefined {
		return this.#catalog.topDigest(label);
	}

	/** Labels of the root that stand beside the store's. */
	get mounted(): Uint8Array[] {
		const own = [HTTP_EXPR.name, PRIVATE.name, PUBLIC.name];
		return this.#catalog.topLabels().filter((label) => !own.some((name) => sameBytes(name, label)));
	}

	/** What proves the trees under these labels. */
	proofOfMounts(mounts: readonly Mount[]): WireProof {
		return this.#proofOf(() => mounts);
	}

	#proofOf(mounts: () => readonly Mount[]): WireProof {
		const certificate = this.#host.certificate();
		if (certificate === undefined) return NO_PROOF;
		const witness = this.#catalog.witnessOfMounts(this.#feed.head, mounts());
		return { certificate: [certificate], witness: [witness] };
	}

	#reveal(root: Reveal["root"], key: Reveal["key"], blob: Shown | undefined): Reveal {
		return blob === undefined ? { root, key } : { root, key, subtree: this.#keyTrees.ofManifest(blob) };
	}

	/** What stands in the tree at the key of a public blob, encoded. */
	contentOf(blob: Listed): Uint8Array {
		return this.#keyTrees.ofManifest(blob);
	}

	/** Whether the message at hand is a query, whose answer needs a proof. */
	get isQuery(): boolean {
		return this.#host.certificate() !== undefined;
	}

	/**
	 * What proves that the public entries of a range are those of a page, up to `last` or the range's end.
	 * @param contents of its keys, in order; without it there is no proof
	 */
	proofOfPage(
		range: ListRange,
		last: string | undefined,
		contents: readonly Uint8Array[] | undefined,
	): WireProof {
		const certificate = contents && this.#host.certificate();
		if (certificate === undefined) return NO_PROOF;
		const witness = this.#catalog.witnessOfPage(this.#feed.head, this.#public, range, last, contents!);
		return { certificate: [certificate], witness: [witness] };
	}

	/** What proves the head of the feed. */
	proofOfHead(): WireProof {
		return this.#proof(() => []);
	}

	/** Nothing where the call is an update: its reply is certified itself. */
	#proof(shown: () => Reveal[]): WireProof {
		const certificate = this.#host.certificate();
		if (certificate === undefined) return NO_PROOF;
		return { certificate: [certificate], witness: [this.#catalog.witness(this.#feed.head, shown())] };
	}
}
