import {
	HTTP_LABEL,
	KEY_END_LABEL,
	OTHERS_LABEL,
	PRIVATE_LABEL,
	PUBLIC_LABEL,
} from "../../protocol/certified.js";
import { encodeUtf8 } from "../../protocol/codec/utf8.js";
import { MAX_PATH_BYTES } from "../../protocol/listing.js";
import { textOf } from "./directory.js";
import { flatten } from "./flat.js";
import { KIND, type Kind } from "./node.js";

/** A key (checked: protocol/validate), also as its UTF-8; where labels have no segments, the label's bytes. */
export type Key = string | Uint8Array;

/** A root of keys that are certified. Every other root is only a list, and is named by its bytes. */
export interface CertifiedRoot {
	readonly name: Uint8Array;
	readonly kind: Kind;
}

/** Keys by their segments, each with its content under `<$>`: what HTTP certification has under this name. */
export const HTTP_EXPR: CertifiedRoot = { name: HTTP_LABEL, kind: KIND.paths };
/** The same where `http_expr` holds more than keys: then it stands there once more, below a label. */
export const PUBLIC: CertifiedRoot = { name: PUBLIC_LABEL, kind: KIND.paths };
/** Labels of any bytes, each with its content right under it. */
export const PRIVATE: CertifiedRoot = { name: PRIVATE_LABEL, kind: KIND.labels };

/** A root of a list whose labels are whole keys (flat.ts). */
export interface FlatRoot {
	readonly flatName: Uint8Array;
}
export const isFlat = (root: Root): root is FlatRoot => "flatName" in root;

/** Roots of what is only listed. */
export type ListRoot = Uint8Array | FlatRoot;
export type Root = ListRoot | CertifiedRoot;
export const isList = (root: Root): root is ListRoot => root instanceof Uint8Array || isFlat(root);

export function nameOf(root: Root): Uint8Array {
	if (root instanceof Uint8Array) return root;
	return isFlat(root) ? root.flatName : root.name;
}
const kindUnder = (root: Root): Kind => (isList(root) ? KIND.plain : root.kind);

/** The label under which a key's content stands. */
export const SELF = KEY_END_LABEL;
export const SELF_TEXT = "<$>";
/** The label of what stands for all that is not there. */
export const OTHERS = OTHERS_LABEL;
export const OTHERS_TEXT = "<*>";

/** A key below its root, in texts that compare as its labels' bytes do: a batch needs few of the labels. */
export interface Path {
	readonly root: Uint8Array;
	/** UTF-8, or the one label. */
	readonly bytes: Uint8Array;
	/** The root's name, then the labels. */
	readonly texts: readonly string[];
	/** Orders paths of a root: a key before what is in its directory. */
	readonly order: string;
}

/** The root's name, again and again: the last one is kept. */
let lastName: Uint8Array | undefined;
let lastNameText = "";

export function pathOf(root: Root, key: Key): Path {
	const name = nameOf(root);
	if (name !== lastName) {
		lastName = name;
		lastNameText = textOf(name);
	}
	if (isFlat(root)) return flatPathOf(name, lastNameText, key as string);
	const bytes = typeof key === "string" ? encodeUtf8(key) : key;
	if (bytes.length > MAX_PATH_BYTES) throw new Error(`catalog: a key of more than ${MAX_PATH_BYTES} bytes`);
	// A key in ASCII is its own bytes as a text.
	const text = key.length === bytes.length && typeof key === "string" ? key : textOf(bytes);
	if (kindUnder(root) === KIND.labels) return { root: name, bytes, texts: [lastNameText, text], order: text };
	const texts = text.split("/");
	texts.unshift(lastNameText);
	// A key holds no control character, so that this sorts before all that can follow in a longer label.
	return { root: name, bytes, texts, order: texts.join("\0") };
}

function flatPathOf(root: Uint8Array, rootText: string, key: string): Path {
	const label = flatten(key);
	const bytes = encodeUtf8(label);
	if (bytes.length > MAX_PATH_BYTES) throw new Error(`catalog: a key of more than ${MAX_PATH_BYTES} bytes`);
	const text = label.length === bytes.length ? label : textOf(bytes);
	return { root, bytes, texts: [rootText, text], order: `${rootText}\0${text}` };
}

/** A label of the path; 0 is the root's name. */
export function labelOf(
	{ root, bytes, texts }: Pick<Path, "root" | "bytes" | "texts">,
	depth: number,
): Uint8Array {
	if (depth === 0) return root;
	let from = 0;
	for (let i = 1; i < depth; i++) from += texts[i]!.length + 1;
	return bytes.subarray(from, from + texts[depth]!.length);
}

export function labelsOf({ root, bytes, texts }: Path): Uint8Array[] {
	const labels = [root];
	let from = 0;
	for (let i = 1; i < texts.length; i++) {
		const to = from + texts[i]!.length;
		labels.push(bytes.subarray(from, to));
		from = to + 1;
	}
	return labels;
}
