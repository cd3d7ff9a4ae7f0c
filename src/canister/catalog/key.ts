import { encodeUtf8 } from "../../protocol/codec/utf8.js";
import { MAX_KEY_BYTES } from "../../protocol/limits.js";
import { textOf } from "./directory.js";
import { KIND, type Kind } from "./node.js";

/** A key (checked: protocol/validate), also as its UTF-8; where labels have no segments, the label's bytes. */
export type Key = string | Uint8Array;

/** A root of keys that are certified. Every other root is only a list, and is named by its bytes. */
export interface CertifiedRoot {
	readonly name: Uint8Array;
	readonly kind: Kind;
}

/** Keys by their segments, each with its content under `<$>`: what HTTP certification has under this name. */
export const HTTP_EXPR: CertifiedRoot = { name: encodeUtf8("http_expr"), kind: KIND.paths };
/** Labels of any bytes, each with its content right under it. */
export const PRIVATE: CertifiedRoot = { name: encodeUtf8("private"), kind: KIND.labels };

export type Root = Uint8Array | CertifiedRoot;
export const nameOf = (root: Root): Uint8Array => (root instanceof Uint8Array ? root : root.name);
export const kindUnder = (root: Root): Kind => (root instanceof Uint8Array ? KIND.plain : root.kind);

/** The label under which a key's content stands. */
export const SELF = encodeUtf8("<$>");
export const SELF_TEXT = "<$>";

/** A key as labels, the root's name first, and these as texts that compare as they do. */
export interface Path {
	readonly labels: readonly Uint8Array[];
	readonly texts: readonly string[];
	/** Orders paths of a root: a key before what is in its directory. */
	readonly order: string;
}

/** The roots' names again and again: the last one is kept. */
let lastName: Uint8Array | undefined;
let lastNameText = "";

export function pathOf(root: Root, key: Key): Path {
	const name = nameOf(root);
	if (name !== lastName) {
		lastName = name;
		lastNameText = textOf(name);
	}
	const bytes = typeof key === "string" ? encodeUtf8(key) : key;
	if (bytes.length > MAX_KEY_BYTES) throw new Error(`catalog: a key of more than ${MAX_KEY_BYTES} bytes`);
	const text = textOf(bytes);
	if (kindUnder(root) === KIND.labels || !text.includes("/"))
		return { labels: [name, bytes], texts: [lastNameText, text], order: text };
	const labels = [name];
	let from = 0;
	for (let to = text.indexOf("/"); to >= 0; to = text.indexOf("/", from)) {
		labels.push(bytes.subarray(from, to));
		from = to + 1;
	}
	labels.push(bytes.subarray(from));
	const texts = text.split("/");
	texts.unshift(lastNameText);
	// A key holds no control character, so that this sorts before all that can follow in a longer label.
	return { labels, texts, order: text.replaceAll("/", "\0") };
}
