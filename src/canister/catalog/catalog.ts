import { encodeUtf8 } from "../../protocol/codec/utf8.js";
import { sameBytes } from "../../protocol/index.js";
import { type ListRange, positionIn, scopeOf } from "../../protocol/listing.js";
import type { Hashing } from "../host/hashing.js";
import type { StableMap } from "../host/ports.js";
import { Changer } from "./change.js";
import { descend, leafOf, type Place, textOf } from "./directory.js";
import { Draft } from "./draft.js";
import { Editor } from "./editor.js";
import { walkFlat } from "./flat.js";
import { type Change, itemsOf, type Listing, listingsOf, mountOf, othersOf } from "./items.js";
import {
	type CertifiedRoot,
	type FlatRoot,
	HTTP_EXPR,
	isFlat,
	isList,
	type Key,
	type ListRoot,
	labelsOf,
	nameOf,
	PUBLIC,
	pathOf,
	type Root,
} from "./key.js";
import { LabelSets } from "./label-set.js";
import { countOf, digestAt, FLAG, isFileAt, KIND, labelAt, levelOf, linkAt, valueAt } from "./node.js";
import type { ListEntry } from "./order.js";
import { digestOf } from "./runs.js";
import { CERTIFIED_TOP, NodeStore, PLAIN_TOP } from "./store.js";
import { encodedTree, TreeWriter } from "./tree-writer.js";
import { type Start, walk } from "./walk.js";
import { Witness } from "./witness.js";

/** What a witness shows: that a key is there, with what stands at it, or that it is not. */
export interface Reveal {
	readonly root: CertifiedRoot;
	readonly key: Key;
	/** The tree whose digest the key's content is, encoded (TreeWriter). Without it, it is pruned. */
	readonly subtree?: Uint8Array;
}

/** A label of the top that is no root, and the tree that stands under it, encoded (TreeWriter). */
export interface Mount {
	readonly label: Uint8Array;
	readonly subtree: Uint8Array;
}

/** Most plain directories that are known by their paths. */
const MOST_DIRECTORIES = 64;

/** Before `http_expr` and `private`, in the order of labels. */
const FEED = encodeUtf8("feed");

/**
 * The index of keys: a tree nested by their segments over one stable map, which itself can only be asked for
 * single keys. Each directory is a B+-tree of labels (node.ts, editor.ts); a label can be a key's end and
 * a directory at once. The roots' names are the labels of two more directories above them all: one of roots that
 * are only lists, in which nothing is ever hashed, and one of certified roots. A list may have whole keys for its labels
 * (flat.ts), in one directory.
 *
 * What is below the certified roots is a hash tree of the Internet Computer as it lies: a label is a labelled
 * node, a B+-tree's node a balanced tree of forks over its entries in order, its inner nodes more forks. Under a
 * key's last label stands `<$>`, and under that what is certified of the key; the catalog knows the digest of
 * that only. While there is no directory beside it `<$>` has no node; a label that is both a key's end and a
 * directory has it as an entry of that directory. (Under `private` there are no segments, and no `<$>`.)
 *
 * A change writes and hashes each node on its path once, in each directory from the key's up to the top, and one
 * sibling a level where nodes join. A witness is the same descent, pruned beside the path.
 */
export class Catalog {
	/** Sets of labels that keys' contents are made of. */
	readonly labelSets: LabelSets;
	readonly #store: NodeStore;
	readonly #hashing: Hashing;
	/** Another state of certified roots and lists, which may take the place of what is here. */
	readonly #draft: Draft;
	/** Plain directories in which a key was put, by path. A trap takes heap and map back together. */
	readonly #directories = new Map<string, number>();

	/** Opens what the map holds, or begins; throws if that has another layout. */
	constructor(map: StableMap, hashing: Hashing) {
		this.#store = new NodeStore(map);
		this.#hashing = hashing;
		this.labelSets = new LabelSets(this.#store, hashing);
		this.#draft = new Draft(this.#store, hashing);
	}

	/** Here and below: the key has been checked (protocol/validate). */
	has(root: Root, key: Key): boolean {
		const labels = labelsOf(pathOf(root, key));
		const places = this.#find(topOf(root), labels);
		const place = places[places.length - 1]!;
		const { node, index } = leafOf(place);
		return places.length === labels.length && place.found && isFileAt(node, index);
	}

	/** Of a list. False if it was there. */
	insert(root: ListRoot, key: string): boolean {
		return this.#changeList(root, key, true);
	}

	/** Of a list. False if it was not there. Directories that it leaves empty go with it. */
	remove(root: ListRoot, key: string): boolean {
		return this.#changeList(root, key, false);
	}

	/**
	 * In a plain directory that stays, a key comes and goes without a change of those above. So one that was found before
	 * is not looked for: 250,000 instructions less for each level.
	 */
	#changeList(root: ListRoot, key: string, present: boolean): boolean {
		const path = pathOf(root, key);
		const depth = path.texts.length - 1;
		const where = path.order.slice(0, path.order.length - path.texts[depth]!.length);
		const sharing = this.#draft.sharing(root);
		const changer = new Changer(this.#store, this.#hashing, KIND.plain, sharing);
		const items = [{ path, present, content: undefined, isSelf: false }];
		const known = sharing === undefined ? this.#directories.get(where) : undefined;
		if (known !== undefined && (present || !hasOne(this.#store.read(known).node))) {
			changer.change(known, KIND.plain, items, depth, true);
			this.#store.commit();
			return changer.changed;
		}
		changer.change(PLAIN_TOP, KIND.plain, items, 0, true);
		this.#commit();
		if (!present || sharing !== undefined || this.#directories.size === MOST_DIRECTORIES)
			this.#directories.clear();
		if (present && sharing === undefined) this.#directories.set(where, changer.directory);
		return changer.changed;
	}

	/** Puts keys into a list and takes them out, in any order; no key twice. */
	changeAll(root: ListRoot, changes: readonly Listing[]): void {
		const [first] = changes;
		if (changes.length === 1) {
			this.#changeList(root, first!.key, first!.isIn);
			return;
		}
		const changer = new Changer(this.#store, this.#hashing, KIND.plain, this.#draft.sharing(root));
		changer.change(PLAIN_TOP, KIND.plain, listingsOf(root, changes), 0, true);
		this.#commit();
		// Some may be gone.
		this.#directories.clear();
	}

	/** Whether a root lists anything. */
	holds(root: ListRoot): boolean {
		return this.#directoryOf(root) !== 0;
	}

	#directoryOf(root: ListRoot): number {
		const place = descend(this.#store, PLAIN_TOP, nameOf(root));
		const { node, index } = leafOf(place);
		return place.found ? linkAt(node, index) : 0;
	}

	/**
	 * Puts keys in, gives them another content, takes them out, in any order; no key twice. Each node that is
	 * touched is read, written and hashed once, so many keys that are near each other cost little more than few.
	 */
	change(root: CertifiedRoot, changes: readonly Change[]): void {
		this.#changer(root).change(CERTIFIED_TOP, KIND.paths, itemsOf(root, changes), 0, true);
		this.#commit();
	}

	#changer(root: CertifiedRoot): Changer {
		return new Changer(this.#store, this.#hashing, root.kind, this.#draft.sharing(root));
	}

	#commit(): void {
		this.#store.commit();
		this.#draft.commit();
	}

	/** What HTTP certification has for all paths below a root that are no keys of it: a tree of this digest. */
	setOthers(root: CertifiedRoot, content: Uint8Array): void {
		this.#changer(root).change(CERTIFIED_TOP, KIND.paths, othersOf(root, content), 0, true);
		this.#commit();
	}

	/**
	 * What stands under a label of the top, beside the roots: a tree of this digest, or nothing. It is no root: nothing here
	 * knows what is in it. So a draft has it too, unless its own is set when it is revealed.
	 */
	setMount(label: Uint8Array, digest: Uint8Array | undefined, isInDraft = true): void {
		const items = mountOf(label, digest);
		new Changer(this.#store, this.#hashing, KIND.paths).change(CERTIFIED_TOP, KIND.paths, items, 0, true);
		this.#commit();
		if (isInDraft && this.#draft.isOpen) this.#draft.change(KIND.paths, items);
	}

	/** The digest of a root's tree; undefined where there is none. */
	treeOf(root: CertifiedRoot): Uint8Array | undefined {
		const { node, index, found } = this.#top(root);
		return found ? valueAt(node, index) : undefined;
	}

	#top({ name }: CertifiedRoot): { node: Uint8Array; index: number; found: boolean } {
		const place = descend(this.#store, CERTIFIED_TOP, name);
		return { ...leafOf(place), found: place.found };
	}

	/** Gives the tree of a root to another, which must have none, while there is no draft. */
	moveRoot(from: CertifiedRoot, to: CertifiedRoot): void {
		if (this.hasDraft) throw new Error("catalog: a root is moved beside a draft");
		const { node, index, found } = this.#top(from);
		if (!found) return;
		const link = linkAt(node, index);
		const value = valueAt(node, index).slice();
		this.#editTop(from, (editor, at) => editor.remove(at));
		this.#editTop(to, (editor, at) => {
			if (at >= 0) throw new Error("catalog: a root is moved to where another is");
			const digest = this.#hashing.labeled(to.name, value);
			editor.insert(~at, to.name, { flag: FLAG.none, link, digest, value });
		});
		this.#store.commit();
	}

	#editTop({ name }: CertifiedRoot, edit: (editor: Editor, at: number) => void): void {
		const editor = new Editor(this.#store, this.#hashing, CERTIFIED_TOP, KIND.paths);
		edit(editor, editor.seek(name, textOf(name)));
		editor.finish(true);
	}

	/** The labels of the top, in order. */
	topLabels(): Uint8Array[] {
		const { node } = this.#store.read(CERTIFIED_TOP);
		return Array.from({ length: countOf(node) }, (_, index) => labelAt(node, index));
	}

	/** Digest of the labelled node at a label of the top; undefined where there is none. */
	topDigest(label: Uint8Array): Uint8Array | undefined {
		const { node } = this.#store.read(CERTIFIED_TOP);
		for (let index = 0; index < countOf(node); index++)
			if (sameBytes(labelAt(node, index), label)) return digestAt(node, index).slice();
		return undefined;
	}

	/** Opens a draft: a state of the certified roots, and of such lists as it changes, beside what is here. */
	openDraft(): void {
		this.#draft.open();
	}

	/** Whether a draft is open, and whether one may be. */
	get hasDraft(): boolean {
		return this.#draft.isOpen;
	}
	get mayDraft(): boolean {
		return this.#draft.isNone;
	}

	/** Here and below: changes the draft as `change`, `changeAll` and `setOthers` change what is here. */
	changeDraft(root: CertifiedRoot, changes: readonly Change[]): void {
		if (changes.length > 0) this.#draft.change(root.kind, itemsOf(root, changes));
	}

	changeDraftList(root: FlatRoot, changes: readonly Listing[]): void {
		if (changes.length > 0) this.#draft.changeList(root, listingsOf(root, changes));
	}

	setDraftOthers(root: CertifiedRoot, content: Uint8Array): void {
		this.#draft.change(root.kind, othersOf(root, content));
	}

	/** Whether the draft has a state of its own of a list. Of another it is what is here, whenever it changed. */
	draftHas(root: FlatRoot): boolean {
		return this.#draft.hasList(root);
	}

	get draftLists(): number {
		return this.#draft.lists;
	}

	/** The draft takes the place of what is here, at a cost that does not grow with what changed. */
	revealDraft(): void {
		this.#draft.reveal();
		this.#directories.clear();
	}

	giveUpDraft(): void {
		this.#draft.giveUp();
	}

	/** Frees about so many nodes of what went; false where nothing is left of it. */
	takeDownDraft(limit: number): boolean {
		return this.#draft.takeDown(limit);
	}

	/** What is to be certified: the root of `feed` (whose value is given), `http_expr` and `private`. */
	rootHash(feed: Uint8Array): Uint8Array {
		const head = this.#hashing.labeled(FEED, this.#hashing.leaf(feed));
		const { node, runs } = this.#store.read(CERTIFIED_TOP);
		if (countOf(node) === 0) return head;
		const both = new Uint8Array(64);
		both.set(head);
		both.set(digestOf(this.#hashing, node, runs), 32);
		return this.#hashing.forks(both, 0, 32, 2);
	}

	/**
	 * The certified tree in CBOR, pruned to what is asked for and the head of the feed. Of labels that were not
	 * asked for it shows the neighbours of absent ones and no others.
	 */
	witness(feed: Uint8Array, reveals: readonly Reveal[]): Uint8Array {
		const witness = new Witness(this.#store, this.#hashing, CERTIFIED_TOP);
		for (const { root, key, subtree } of reveals) witness.show(labelsOf(pathOf(root, key)), subtree);
		return this.#written(witness, feed);
	}

	/** The same, pruned to labels of the top, with what stands under them. */
	witnessOfMounts(feed: Uint8Array, mounts: readonly Mount[]): Uint8Array {
		const witness = new Witness(this.#store, this.#hashing, CERTIFIED_TOP);
		for (const { label, subtree } of mounts) witness.show([label], subtree);
		return this.#written(witness, feed);
	}

	/**
	 * The same, pruned to what shows an HTTP gateway that nothing is at a path, of at least one segment, and nothing in
	 * any directory on the way to it that would stand for it; and `others`, the tree that was set for such paths.
	 */
	witnessOfNothing(
		feed: Uint8Array,
		root: CertifiedRoot,
		segments: readonly Uint8Array[],
		others: Uint8Array,
	): Uint8Array {
		const witness = new Witness(this.#store, this.#hashing, CERTIFIED_TOP);
		witness.showNothingBelow(root.name, segments, others);
		return this.#written(witness, feed);
	}

	/** The tree of a root, encoded, pruned to a key with what stands at it. */
	treeWithKey(root: CertifiedRoot, key: string, subtree: Uint8Array): Uint8Array {
		const witness = this.#witnessIn(root);
		witness.show(labelsOf(pathOf(root, key)).slice(1), subtree);
		return encodedTree(witness);
	}

	/** The same pruned to what shows that nothing is at a path, as `witnessOfNothing` shows it. */
	treeWithNothing(root: CertifiedRoot, segments: readonly Uint8Array[], others: Uint8Array): Uint8Array {
		const witness = this.#witnessIn(root);
		witness.showNothing(segments, others);
		return encodedTree(witness);
	}

	#witnessIn(root: CertifiedRoot): Witness {
		const { node, index, found } = this.#top(root);
		if (!found) throw new Error("catalog: a root is empty");
		return new Witness(this.#store, this.#hashing, linkAt(node, index));
	}

	#written(witness: Witness, feed: Uint8Array): Uint8Array {
		const out = new TreeWriter().selfDescribing();
		// The feed's label is always shown: it may be the neighbour of a root that is absent.
		if (witness.isEmpty) return out.labeled(FEED).leaf(feed).done();
		out.fork().labeled(FEED).leaf(feed);
		witness.write(out);
		return out.done();
	}

	/**
	 * The certified tree in CBOR, pruned to a page of the list of a root's keys: what of the range is up to `last`, its
	 * last entry, or, without one, to the end, and the labels on both sides of that; and the head of the feed.
	 * @param contents the trees (as in `Reveal`) that stand at the page's keys, in order
	 */
	witnessOfPage(
		feed: Uint8Array,
		root: CertifiedRoot,
		range: ListRange,
		last: string | undefined,
		contents: readonly Uint8Array[],
	): Uint8Array {
		const witness = new Witness(this.#store, this.#hashing, CERTIFIED_TOP);
		// Otherwise they might stand elsewhere.
		if (root === HTTP_EXPR) witness.show([PUBLIC.name], undefined);
		const scope = scopeOf(range);
		if (scope !== undefined) {
			const end = positionIn(scope.directory, last);
			if (end === "nothing") throw new Error("catalog: a page ends outside of its range");
			const labels = [root.name, ...scope.directory.map(encodeUtf8)];
			witness.showPage(labels, { ...scope, last: end, recursive: range.recursive }, contents);
		}
		return this.#written(witness, feed);
	}

	/**
	 * What is left of the keys past `after`, in order, beginning with a seek. `after` need not exist, nor lie
	 * within the prefix. Valid until the next change. Of a root whose keys have segments.
	 */
	list(root: Root, range: ListRange): Generator<ListEntry> {
		if (!isFlat(root)) return walk(this.#store, this.#start(root, range), range.recursive);
		return this.#listFlat(root, range);
	}

	*#listFlat(root: FlatRoot, range: ListRange): Generator<ListEntry> {
		const directory = this.#directoryOf(root);
		if (directory !== 0) yield* walkFlat(this.#store, directory, range);
	}

	#start(root: Root, range: ListRange): Start | undefined {
		const scope = scopeOf(range);
		if (scope === undefined) return undefined;
		const { labelPrefix, after } = scope;
		const labels = [nameOf(root), ...scope.directory.map(encodeUtf8)];
		const places = this.#find(topOf(root), labels);
		const place = places[places.length - 1]!;
		const { node, index } = leafOf(place);
		const directory = place.found && places.length === labels.length ? linkAt(node, index) : 0;
		if (directory === 0) return undefined;
		const path = range.prefix.slice(0, range.prefix.length - labelPrefix.length);
		return { directory, path, labelPrefix, after };
	}

	/** Each label's place in its directory, as far as the directories go. */
	#find(top: number, labels: readonly Uint8Array[]): Place[] {
		const places: Place[] = [];
		let directory = top;
		for (const label of labels) {
			const place = descend(this.#store, directory, label);
			places.push(place);
			if (!place.found) break;
			const { node, index } = leafOf(place);
			directory = linkAt(node, index);
			if (directory === 0) break;
		}
		return places;
	}
}

/** Whether a directory whose root this is has no more than one label. */
const hasOne = (node: Uint8Array): boolean => levelOf(node) === 0 && countOf(node) === 1;

const topOf = (root: Root): number => (isList(root) ? PLAIN_TOP : CERTIFIED_TOP);
