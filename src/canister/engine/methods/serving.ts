import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import {
	chunkCount,
	HTTP_LABEL,
	KEY_END_LABEL,
	OTHERS_LABEL,
	SHA256_BYTES,
	sameBytes,
	type WireManifest,
	type WireProof,
} from "../../../protocol/index.js";
import { isModifiedSince, namesTag } from "../http/conditions.js";
import type { FixedAnswer } from "../http/fixed.js";
import {
	type Head,
	isRanged,
	modifiedOf,
	OWN,
	ownPartHead,
	SHARED,
	sharedPartHead,
	tagOf,
} from "../http/headers.js";
import { type AnswerName, MOST_PARTS, PAIR_BYTES, type Substance } from "../http/own-answers.js";
import type { PageAnswer } from "../http/pages.js";
import { type Path, pathBehind, pathOf } from "../http/path.js";
import { proofHeader } from "../http/proof-header.js";
import { type ByteRange, rangeOf } from "../http/ranges.js";
import type { State } from "../state.js";
import type { Blob } from "../store/blobs.js";

/** A request of a gateway's. */
export interface HttpQuery {
	readonly method: string;
	readonly url: string;
	/** A header by its name in lower case. */
	header(name: string): string | undefined;
}

export interface HttpReply {
	readonly status: number;
	/** Values are texts, or such in ASCII. */
	readonly headers: readonly (readonly [name: string, value: string | Uint8Array])[];
	readonly body: Uint8Array;
	/** Whether the gateway is to ask for the same by an update: then nothing else counts. */
	readonly upgrade?: true;
}

/** Which certified answer a request gets: one of the blob's own, or a part that it shares, by its index. */
type Chosen = AnswerName | { readonly part: number };

const NO_BYTES = new Uint8Array(0);

/**
 * Answers HTTP gateways, each answer with its proof. Which one depends on the path, the range and the conditions of a
 * request, and on nothing else: gateways keep answers for all who ask alike.
 */
export class Serving {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	/**
	 * Undefined where the path can be no blob's, and the application has no answer for it; unless `isAll`: then it is
	 * answered that nothing is there.
	 * @param isUpdate whether what no certified answer has may be answered, since the answer as a whole is certified
	 */
	answer(query: HttpQuery, isAll: boolean, isUpdate = false): HttpReply | undefined {
		const { modes, pages } = this.#state;
		const whole = pathOf(query.url, pages?.depth);
		if (whole === undefined) return BAD_PATH;
		if (pages?.isInside(whole.segments) === false) return this.#page(query, whole, isAll);
		if (modes.isImporting) return IMPORTING;
		const path = pathBehind(whole, pages?.depth ?? 0);
		const { key } = path;
		if (key === undefined) return isAll || pages !== undefined ? this.#nothing(path) : undefined;
		const blob = this.#state.blobs.stored(key);
		if (blob === undefined || !blob.isPublic) return this.#nothing(path);
		const substance = this.#state.responses.substance(blob);
		if (this.#state.renewing.isBusy && !this.#isCurrent(blob, substance)) return NOT_YET;
		// Its key is still in the tree, so that no proof of absence can be: such a blob has this answer, too.
		if (this.#state.blobs.isOver(blob)) return this.#own(blob, substance, "notFound");
		const exact = rangeOfRaw(query, blob.manifest, substance.form);
		if (exact !== undefined) return this.#exact(blob, exact);
		const chosen = choose(query, blob.manifest, substance.form);
		const unaligned = chosen === "unaligned" ? rangeWithin(query, blob.manifest) : undefined;
		if (unaligned !== undefined && this.hasExact) return isUpdate ? this.#exact(blob, unaligned) : BY_UPDATE;
		const reply =
			typeof chosen === "string" ? this.#own(blob, substance, chosen) : this.#part(blob, chosen.part);
		return substance.form === "parts" && isRaw(query) ? uncertified(reply) : reply;
	}

	/** Whether exact ranges are answered, by updates: in maintenance, and when the canister is short of cycles, none are. */
	get hasExact(): boolean {
		const { exactRanges, modes, capacity, now } = this.#state;
		return (
			exactRanges.areLeft(now) && modes.name !== "maintenance" && !modes.isImporting && !capacity.isReadOnly
		);
	}

	/** Whether a request is outside of the place where the store's blobs are. */
	isOutside({ url }: Pick<HttpQuery, "url">): boolean {
		const { pages } = this.#state;
		const path = pages && pathOf(url, pages.depth);
		return path !== undefined && !pages!.isInside(path.segments);
	}

	/** What the application answers, or, if it is to be all, that nothing is there. */
	#page(query: HttpQuery, { segments }: Path, isAll: boolean): HttpReply | undefined {
		const { certified } = this.#state;
		const pages = this.#state.pages!;
		const replyWith = (answer: PageAnswer): HttpReply => {
			const proof = certified.proofOfPages(answer.tree);
			return reply(answer, answer.body, answer.expression, proof, answer.path);
		};
		const page = pages.find(segments);
		if (page === undefined) return isAll ? replyWith(pages.nothing(segments)) : undefined;
		const { method } = query;
		// Other methods may mean something to the application.
		if (method !== "GET" && method !== "HEAD") return isAll ? replyWith(page.notAllowed) : undefined;
		const tags = query.header("if-none-match");
		const isSame = tags !== undefined && page.tag !== undefined && namesTag(tags, page.tag);
		return replyWith(isSame ? page.notModified : page.whole);
	}

	/** Whether the blob's answers are made by the rules as they are. */
	#isCurrent({ manifest, place }: Blob, substance: Substance): boolean {
		const own = this.#state.own.digest(manifest, substance);
		return sameBytes(own, place.responses.subarray(0, SHA256_BYTES));
	}

	#nothing({ segments }: Path): HttpReply {
		const { own, certified } = this.#state;
		const answer = own.fixed("notFound");
		const proof = certified.proofOfNothing(segments.map(encodeUtf8), own.missingTree());
		return reply(answer, encodeUtf8(answer.text), OWN, proof, [...this.#place, OTHERS_LABEL]);
	}

	#own(blob: Blob, substance: Substance, name: AnswerName): HttpReply {
		const { own, certified } = this.#state;
		const tree = own.tree(blob.manifest, substance, name);
		if (tree === undefined) throw new Error(`a blob has no answer "${name}"`);
		const head = own.head(name, blob.manifest);
		const proof = certified.proofOfOwn(blob, tree);
		return reply(head, this.#bodyOf(blob, substance, name, head), OWN, proof, this.#pathTo(blob.key));
	}

	#bodyOf(blob: Blob, { pair }: Substance, name: AnswerName, head: Head): Uint8Array {
		if (name === "whole" || name === "all" || name === "first") return this.#chunk(blob, 0);
		if (name === "pair") return pair;
		return name === "notModified" ? NO_BYTES : encodeUtf8((head as FixedAnswer).text);
	}

	#part(blob: Blob, index: number): HttpReply {
		const { http, certified } = this.#state;
		const { manifest } = blob;
		const head = sharedPartHead(manifest, index, http.rules);
		const leaf = this.#leaf(blob, index);
		const proof = certified.proofOfShared(blob, http.parts(manifest, index, leaf));
		const bytes = this.#state.chunks.read(blob.place.uploader, leaf);
		return reply(head, bytes, SHARED, proof, this.#pathTo(blob.key));
	}

	#pathTo(key: string): Uint8Array[] {
		return [...this.#place, ...key.split("/").map(encodeUtf8), KEY_END_LABEL];
	}

	/** Labels of the place of the blobs. */
	get #place(): readonly Uint8Array[] {
		return this.#state.pages?.blobsPath ?? [HTTP_LABEL];
	}

	/** These very bytes, not certified; at most up to the end of the chunk that they begin in. */
	#exact(blob: Blob, { from, to }: ByteRange): HttpReply {
		const index = Math.floor(from / blob.chunkSize);
		const start = index * blob.chunkSize;
		const chunk = this.#chunk(blob, index);
		const end = Math.min(to, start + chunk.length - 1);
		const { status, headers } = ownPartHead(blob.manifest, from, end, this.#state.http.rules, "bytes");
		return { status, headers, body: chunk.subarray(from - start, end - start + 1) };
	}

	#chunk(blob: Blob, index: number): Uint8Array {
		if (blob.size === 0) return NO_BYTES;
		return this.#state.chunks.read(blob.place.uploader, this.#leaf(blob, index));
	}

	#leaf({ sequence, place: { content, leaf } }: Blob, index: number): Uint8Array {
		const wanted = content === 0 ? leaf : this.#state.leafLists.leaf(content, index);
		if (wanted === undefined) throw new Error(`blob ${sequence} has no chunk ${index}`);
		return wanted;
	}
}

const RAW = /^[a-z0-9-]+\.raw\./i;
const isRaw = (query: HttpQuery): boolean => RAW.test(query.header("host") ?? "");

/** Under a raw name any range is answered: without the proof, which is of the answer that says what is certified. */
const uncertified = ({ headers, ...rest }: HttpReply): HttpReply => ({
	...rest,
	headers: headers
		.filter(([name]) => !name.startsWith("ic-certificate"))
		.map(([name, value]) => [name, name === "accept-ranges" ? "bytes" : value]),
});

/** The range that is asked for under a raw name, `<canister>.raw.icp0.io`, where nobody verifies. */
function rangeOfRaw(
	query: HttpQuery,
	manifest: WireManifest,
	form: Substance["form"],
): ByteRange | undefined {
	if (query.method !== "GET" || form === "pending" || !isRaw(query)) return undefined;
	const size = Number(manifest.size);
	if (form === "whole" && !isRanged(size, manifest.content_type)) return undefined;
	if (isUnchanged(query, manifest) || !isOfThisVersion(query, manifest)) return undefined;
	const range = rangeOf(query.header("range"), size);
	return typeof range === "object" ? range : undefined;
}

/** One range of this version that begins within a chunk. */
function rangeWithin(query: HttpQuery, manifest: WireManifest): ByteRange | undefined {
	const range = isOfThisVersion(query, manifest)
		? rangeOf(query.header("range"), Number(manifest.size))
		: undefined;
	return typeof range === "object" ? range : undefined;
}

function choose(query: HttpQuery, manifest: WireManifest, form: Substance["form"]): Chosen {
	const { method } = query;
	if (method !== "GET" && method !== "HEAD") return "notAllowed";
	if (form === "pending") return "pending";
	if (isUnchanged(query, manifest)) return "notModified";
	const size = Number(manifest.size);
	// Of other methods than GET a range means nothing (RFC 9110, 14.2).
	const header = method === "GET" ? query.header("range") : undefined;
	const isOfThis = header === undefined || isOfThisVersion(query, manifest);
	if (form === "whole") {
		const isLooked = isOfThis && isRanged(size, manifest.content_type);
		return chooseOfOne(isLooked ? rangeOf(header, size) : undefined, size);
	}
	// What is to be answered whole then, no answer can hold: of what a Range came with, a gateway joins no parts.
	if (!isOfThis) return "unaligned";
	const range = rangeOf(header, size);
	if (header !== undefined && range === undefined) return "unaligned";
	if (range === "beyond") return "unsatisfiable";
	if (range === "several") return "unaligned";
	if (range !== undefined && range.from === 0 && range.to === PAIR_BYTES - 1) return "pair";
	const { chunk_size } = manifest;
	if (range === undefined && chunkCount(manifest.size, chunk_size) > MOST_PARTS) return "tooManyParts";
	const from = range === undefined ? 0 : range.from;
	if (from % chunk_size !== 0) return "unaligned";
	return from === 0 ? "first" : { part: from / chunk_size };
}

/** Of a blob of one chunk, all of which one answer holds: a range is answered where there is an answer for it. */
function chooseOfOne(range: ReturnType<typeof rangeOf>, size: number): AnswerName {
	if (range === undefined || range === "several") return "whole";
	if (range === "beyond") return "unsatisfiable";
	if (range.from !== 0) return "whole";
	if (range.to === size - 1) return "all";
	return range.to === PAIR_BYTES - 1 ? "pair" : "whole";
}

function isUnchanged(query: HttpQuery, manifest: WireManifest): boolean {
	const tags = query.header("if-none-match");
	if (tags !== undefined) return namesTag(tags, tagOf(manifest.root));
	const since = query.header("if-modified-since");
	return since !== undefined && !isModifiedSince(since, modifiedOf(manifest));
}

/** Whether a range is asked of what is there: If-Range has its tag. A date is no strong validator, two versions of a second share it. */
function isOfThisVersion(query: HttpQuery, manifest: WireManifest): boolean {
	const wanted = query.header("if-range");
	return wanted === undefined || wanted.trim() === tagOf(manifest.root);
}

function reply(
	{ status, headers }: Head,
	body: Uint8Array,
	expression: string,
	{ certificate: [certificate], witness: [witness] }: WireProof,
	path: readonly Uint8Array[],
): HttpReply {
	// As an update it is certified as a whole.
	if (certificate === undefined || witness === undefined) return { status, headers, body };
	return {
		status,
		headers: [
			...headers,
			["ic-certificateexpression", expression],
			["ic-certificate", proofHeader(certificate, witness, path)],
		],
		body,
	};
}

const bare = (status: number, text: string, ...more: [string, string][]): HttpReply => ({
	status,
	headers: [["content-type", "text/plain; charset=utf-8"], ["x-content-type-options", "nosniff"], ...more],
	body: encodeUtf8(text),
});
const BY_UPDATE: HttpReply = { status: 200, headers: [], body: NO_BYTES, upgrade: true };
/** By an update, for which there are no cycles any more. */
export const NO_MORE_EXACT = bare(503, "No more ranges are answered by updates today.\n", [
	"retry-after",
	"3600",
]);
/** Not certified, since no verifier takes an answer for such a path. */
const BAD_PATH = bare(400, "The path is not UTF-8.\n");
/** Not certified: what is certified was made by other rules. */
const NOT_YET = bare(503, "The store was upgraded: this can be read again soon.\n", ["retry-after", "10"]);
/** Not certified: what is not there yet would be proven absent. */
const IMPORTING = bare(503, "The store is being imported: this can be read when that has ended.\n", [
	"retry-after",
	"60",
]);
/** Not certified either. */
export const BAD_REQUEST = bare(400, "This is no HTTP request that a store can read.\n");
