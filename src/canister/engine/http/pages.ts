import { encodeUtf8, fromUnits } from "../../../protocol/codec/utf8.js";
import { HTTP_LABEL, KEY_END_LABEL, OTHERS_LABEL } from "../../../protocol/index.js";
import { encodedTree, HeapTree, HeapWitness, TreeWriter } from "../../catalog/index.js";
import type { Hashing } from "../../host/hashing.js";
import { toHex } from "../base/codec.js";
import type { HttpHashes } from "./hashes.js";
import { expressionOf, type Head, type Header, OWN } from "./headers.js";
import type { OwnAnswers } from "./own-answers.js";

/** What an application answers at a path of its own. */
export interface PageContent {
	readonly status: number;
	/** Names in lower case, each once. */
	readonly headers: readonly Header[];
	readonly body: Uint8Array;
}

/** One of the answers of a path, with what is needed to prove it. */
export interface PageAnswer extends Head {
	readonly body: Uint8Array;
	/** The header IC-CertificateExpression. */
	readonly expression: string;
	/** Labels of the path, from the root of the certified tree on. */
	readonly path: readonly Uint8Array[];
	/** The tree under `http_expr`, encoded, pruned to this answer. */
	tree(): Uint8Array;
}

interface Page {
	/** Below `http_expr`, its mark included. */
	readonly labels: readonly Uint8Array[];
	readonly content: PageContent;
	readonly expression: string;
	readonly refusal: Head;
	/** Where If-None-Match may be answered. */
	readonly notModified: Head | undefined;
	readonly tag: string | undefined;
	readonly answers: AnswerTree;
}

const NO_BYTES = new Uint8Array(0);
const SELF = fromUnits(KEY_END_LABEL);
const OTHERS = fromUnits(OTHERS_LABEL);
const REFUSAL = encodeUtf8("This can be read by GET and HEAD.\n");
const ETAG = "etag";
const OK = 200;

/**
 * What a store whose URLs have a prefix certifies under `http_expr`: at the prefix the tree of its blobs, beside it an
 * application's answers at paths of its own, and for all other paths that there is nothing. In the heap, so that an
 * upgrade begins without the answers of the code before it.
 */
export class Pages {
	readonly #prefix: readonly string[];
	readonly #labels: readonly Uint8Array[];
	readonly #hashing: Hashing;
	readonly #http: HttpHashes;
	readonly #own: OwnAnswers;
	readonly #tree: HeapTree;
	/** By their paths, segments and mark with a `/` between. */
	readonly #pages = new Map<string, Page>();

	/** @param prefix such as `/files` */
	constructor(hashing: Hashing, http: HttpHashes, own: OwnAnswers, prefix: string) {
		this.#prefix = prefix.slice(1).split("/");
		this.#labels = this.#prefix.map(encodeUtf8);
		this.#hashing = hashing;
		this.#http = http;
		this.#own = own;
		this.#tree = new HeapTree(hashing);
	}

	/** How many segments the prefix has. */
	get depth(): number {
		return this.#prefix.length;
	}

	/** Whether a path is at or below the prefix. */
	isInside(segments: readonly string[]): boolean {
		return this.#prefix.every((segment, i) => segments[i] === segment);
	}

	/** Digest of all of it, where the tree of the blobs has this one. */
	digest(blobs: Uint8Array): Uint8Array {
		// What all other paths have stands here from the beginning, unless the application says otherwise.
		if (!this.#pages.has(OTHERS)) this.#tree.set([OTHERS_LABEL], this.#own.missing);
		this.#tree.set(this.#labels, blobs);
		return this.#tree.digest;
	}

	/** The same tree, encoded, pruned to a part of that of the blobs. */
	withBlobs(tree: Uint8Array): Uint8Array {
		return this.#written((witness) => witness.show(this.#labels, tree));
	}

	/** Labels of the place of the blobs, from the root of the certified tree on. */
	get blobsPath(): readonly Uint8Array[] {
		return [HTTP_LABEL, ...this.#labels];
	}

	get count(): number {
		return this.#pages.size;
	}

	/** Bytes of all answers, but for that of a path. */
	bytesBeside(path: readonly string[]): number {
		const name = path.join("/");
		let bytes = 0;
		for (const [its, { content }] of this.#pages) if (its !== name) bytes += content.body.length;
		return bytes;
	}

	has(path: readonly string[]): boolean {
		return this.#pages.has(path.join("/"));
	}

	/** Puts an answer at a path of segments and mark (`<$>` or `<*>`), or takes away what is there. */
	set(path: readonly string[], content: PageContent | undefined): void {
		const labels = path.map(encodeUtf8);
		const name = path.join("/");
		if (content === undefined) {
			this.#pages.delete(name);
			this.#tree.set(labels, undefined);
			return;
		}
		const page = this.#pageOf(labels, content);
		this.#pages.set(name, page);
		this.#tree.set(labels, page.answers.digest);
	}

	#pageOf(labels: readonly Uint8Array[], content: PageContent): Page {
		const isTagged = content.status === OK;
		const given = content.headers.find(([name]) => name === ETAG)?.[1];
		const bodyHash = this.#hashing.sha256(content.body);
		const its = isTagged ? (given ?? `"${toHex(bodyHash.subarray(0, 8))}"`) : undefined;
		const headers: Header[] =
			its === undefined || given !== undefined ? [...content.headers] : [...content.headers, [ETAG, its]];
		// If-None-Match compares weakly.
		const tag = its?.replace(/^W\//, "");
		const names = new Set([...headers.map(([name]) => name), "allow", "content-type"]);
		const expression = expressionOf([...names].sort());
		const refusal: Head = {
			status: 405,
			headers: [
				["allow", "GET, HEAD"],
				["content-type", "text/plain; charset=utf-8"],
			],
		};
		const kept = headers.filter(([name]) => [ETAG, "cache-control", "vary"].includes(name));
		const notModified = tag === undefined ? undefined : { status: 304, headers: kept };
		const hashes = [
			this.#http.anyAnswer({ ...content, headers }, expression, bodyHash),
			this.#http.anyAnswer(refusal, expression, this.#hashing.sha256(REFUSAL)),
		];
		if (notModified !== undefined)
			hashes.push(this.#http.anyAnswer(notModified, expression, this.#http.nothing));
		const label = this.#hashing.sha256(encodeUtf8(expression));
		const answers = new AnswerTree(this.#hashing, label, hashes);
		return { labels, content: { ...content, headers }, expression, refusal, notModified, tag, answers };
	}

	/** What the application answers at a path; undefined where it has no answer for it. */
	find(segments: readonly string[]): FoundPage | undefined {
		const exact = this.#pages.get([...segments, SELF].join("/"));
		if (exact !== undefined) return new FoundPage(this.#shownAt(exact), exact);
		for (let depth = segments.length; depth >= 0; depth--) {
			const page = this.#pages.get([...segments.slice(0, depth), OTHERS].join("/"));
			if (page !== undefined) return new FoundPage(this.#shownFor(segments, depth), page);
		}
		return undefined;
	}

	/** The answer for a path that neither the store nor the application answers. */
	nothing(segments: readonly string[]): PageAnswer {
		const { status, headers, text } = this.#own.fixed("notFound");
		const shown = this.#shownFor(segments, 0);
		return {
			status,
			headers,
			body: encodeUtf8(text),
			expression: OWN,
			path: [HTTP_LABEL, OTHERS_LABEL],
			tree: () => shown(this.#own.missingTree()),
		};
	}

	#shownAt({ labels }: Page): (tree: Uint8Array) => Uint8Array {
		return (tree) => this.#written((witness) => witness.show(labels, tree));
	}

	#shownFor(segments: readonly string[], depth: number): (tree: Uint8Array) => Uint8Array {
		return (tree) => this.#written((witness) => witness.showNothing(segments.map(encodeUtf8), depth, tree));
	}

	#written(show: (witness: HeapWitness) => void): Uint8Array {
		const witness = new HeapWitness(this.#tree);
		show(witness);
		return encodedTree(witness);
	}
}

/** The answers of a path that was found, for requests to it. */
export class FoundPage {
	readonly #shown: (tree: Uint8Array) => Uint8Array;
	readonly #page: Page;

	constructor(shown: (tree: Uint8Array) => Uint8Array, page: Page) {
		this.#shown = shown;
		this.#page = page;
	}

	/** By which If-None-Match is compared, without `W/`; undefined where it means nothing. */
	get tag(): string | undefined {
		return this.#page.tag;
	}

	get whole(): PageAnswer {
		const { content } = this.#page;
		return this.#answer(content, content.body, 0);
	}

	get notAllowed(): PageAnswer {
		return this.#answer(this.#page.refusal, REFUSAL, 1);
	}

	get notModified(): PageAnswer {
		return this.#answer(this.#page.notModified!, NO_BYTES, 2);
	}

	#answer({ status, headers }: Head, body: Uint8Array, index: number): PageAnswer {
		const { labels, expression, answers } = this.#page;
		const tree = () => this.#shown(answers.tree(index));
		return { status, headers, body, expression, path: [HTTP_LABEL, ...labels], tree };
	}
}

/** Under the label of an expression the hashes of answers. */
class AnswerTree {
	readonly #tree: HeapTree;
	readonly #paths: readonly (readonly Uint8Array[])[];
	readonly #leaf: Uint8Array;

	constructor(hashing: Hashing, label: Uint8Array, hashes: readonly Uint8Array[]) {
		this.#tree = new HeapTree(hashing);
		this.#leaf = new TreeWriter().leaf(NO_BYTES).done();
		this.#paths = hashes.map((hash) => [label, NO_BYTES, hash]);
		const leaf = hashing.leaf(NO_BYTES);
		for (const path of this.#paths) this.#tree.set(path, leaf);
	}

	get digest(): Uint8Array {
		return this.#tree.digest;
	}

	/** Encoded, with one of them shown, by its number. */
	tree(index: number): Uint8Array {
		const witness = new HeapWitness(this.#tree);
		witness.show(this.#paths[index]!, this.#leaf);
		return encodedTree(witness);
	}
}
