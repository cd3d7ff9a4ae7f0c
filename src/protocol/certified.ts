import { encodeUtf8 } from "./codec/utf8.js";

/**
 * Where things stand in the hash tree whose root a store certifies:
 *
 * feed                                            the head of the feed, 32 bytes
 * http_expr / <segments of the key> / <$> / manifest    of a public blob
 * http_expr / <*>                                  of all paths that are no public keys, for HTTP gateways alone
 * private / SHA-256(salt | owner | key) / manifest      of a private one
 *
 * A `manifest` is the SHA-256 of the manifest's bytes as they travel. Beside it under `<$>` stand the labels of HTTP
 * certification, which have 32 bytes each and so never meet this one.
 *
 * In a store whose URLs have a prefix, the tree of public keys stands under `public`, and the same tree once more at the
 * prefix's place below `http_expr`, where the rest is an application's and holds no keys. So where the root has the label
 * `public`, nothing below `http_expr` says which keys there are.
 */
export const FEED_LABEL = encodeUtf8("feed");
export const HTTP_LABEL = encodeUtf8("http_expr");
export const PUBLIC_LABEL = encodeUtf8("public");
export const PRIVATE_LABEL = encodeUtf8("private");
/** Ends the path of a key, of which no segment is called so. */
export const KEY_END_LABEL = encodeUtf8("<$>");
export const MANIFEST_LABEL = encodeUtf8("manifest");
/** Beside the first segments of keys: what HTTP certification has for paths that are no keys. No segment is called so. */
export const OTHERS_LABEL = encodeUtf8("<*>");

/** The path of a public blob's manifest. `root` is `PUBLIC_LABEL` where the root of the tree has that label. */
export function publicManifestPath(key: string, root: Uint8Array = HTTP_LABEL): Uint8Array[] {
	return [root, ...key.split("/").map(encodeUtf8), KEY_END_LABEL, MANIFEST_LABEL];
}

/**
 * What the label of a private blob is the SHA-256 of: its owner's salt, the owner's principal and the key in UTF-8,
 * one after the other. The owner's salt is 16 random bytes, so that nobody else can try keys.
 */
export function privateLabelPreimage(salt: Uint8Array, owner: Uint8Array, key: string): Uint8Array {
	const text = encodeUtf8(key);
	const preimage = new Uint8Array(salt.length + owner.length + text.length);
	preimage.set(salt);
	preimage.set(owner, salt.length);
	preimage.set(text, salt.length + owner.length);
	return preimage;
}

/** The path of a private blob's manifest. `label` is the SHA-256 of `privateLabelPreimage`. */
export function privateManifestPath(label: Uint8Array): Uint8Array[] {
	return [PRIVATE_LABEL, label, MANIFEST_LABEL];
}
