import type { WireManifest } from "../../../protocol/index.js";
import { type Head, type Header, type HttpRules, NOSNIFF, REVALIDATED, sharedWith } from "./headers.js";

/** Answers without a byte of a blob: a sentence each, the same for all blobs but for a size. */
export interface FixedAnswer extends Head {
	readonly text: string;
}

function fixed(status: number, rules: HttpRules, text: string, ...more: Header[]): FixedAnswer {
	const headers: Header[] = [
		["cache-control", REVALIDATED],
		["content-type", "text/plain; charset=utf-8"],
		NOSNIFF,
		...more,
		...sharedWith(rules),
	];
	return { status, headers, text };
}

export const notFound = (rules: HttpRules): FixedAnswer => fixed(404, rules, "There is nothing here.\n");

export const notAllowed = (rules: HttpRules): FixedAnswer =>
	fixed(405, rules, "What is here can be read by GET and HEAD, and changed by the store's own methods.\n", [
		"allow",
		"GET, HEAD",
	]);

/** Until a timer has made the answers of a blob of several chunks. */
export const pending = (rules: HttpRules): FixedAnswer =>
	fixed(503, rules, "This has just been published: it can be read in a few seconds.\n", ["retry-after", "2"]);

/**
 * A range that begins within a part. Not 416: wget takes that for "all is here", and leaves a file that is cut. Not the
 * part that the byte is in: Firefox asks for it without end, and WebKit fails.
 */
export const unaligned = (rules: HttpRules): FixedAnswer =>
	fixed(
		501,
		rules,
		"A range of this must begin where a part does: what is answered to a range is certified as it is, and there is\n" +
			"no answer for each byte. Begin with `bytes=0-`; where an answer ends, the next part begins.\n",
	);

/** A gateway joins 1,000 parts, and cuts what is longer without a word. */
export const tooManyParts = (rules: HttpRules): FixedAnswer =>
	fixed(
		501,
		rules,
		"This has more parts than an HTTP gateway joins. Ask for one after the other: `Range: bytes=0-` answers the\n" +
			"first, and where an answer ends, the next part begins. Or download it with the client of canister-blobs.\n",
	);

/** A range past the end. */
export const unsatisfiable = ({ size }: Pick<WireManifest, "size">, rules: HttpRules): FixedAnswer =>
	fixed(416, rules, "The range begins past the end.\n", ["content-range", `bytes */${size}`]);
