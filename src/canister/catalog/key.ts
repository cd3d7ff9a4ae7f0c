import { MAX_KEY_BYTES } from "../../protocol/limits.js";
import { encodeUtf8 } from "../utf8.js";
import { textOf } from "./directory.js";
import { KIND, type Kind } from "./node.js";

/** A key by its segments (checked: protocol/validate), or one label of any bytes. */
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

const SLASH = 0x2f;

export function pathOf(root: Root, key: Key): Path {
	const labels = [nameOf(root)];
	const texts = [textOf(labels[0]!)];
	if (typeof key !== "string") {
		labels.push(key);
		const order = textOf(key);
		texts.push(order);
		return checked({ labels, texts, order });
	}
	const bytes = encodeUtf8(key);
	let from = 0;
	for (let to = bytes.indexOf(SLASH); to >= 0; to = bytes.indexOf(SLASH, from)) {
		labels.push(bytes.subarray(from, to));
		from = to + 1;
	}
	labels.push(from === 0 ? bytes : bytes.subarray(from));
	// A key holds no control character, so that this sorts before all that can follow in a longer label.
	const order = textOf(bytes).replaceAll("/", "\0");
	if (from === 0) texts.push(order);
	else for (const text of order.split("\0")) texts.push(text);
	return checked({ labels, texts, order });
}

function checked(path: Path): Path {
	for (const label of path.labels)
		if (label.length > MAX_KEY_BYTES) throw new Error(`catalog: a label of more than ${MAX_KEY_BYTES} bytes`);
	return path;
}
