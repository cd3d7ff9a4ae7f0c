/** A response that a worker makes is shown as it is: the browser does not decode it, as it would one of a server. */

const FORMATS: { readonly [encoding: string]: CompressionFormat } = {
	gzip: "gzip",
	"x-gzip": "gzip",
	deflate: "deflate",
};

/** What decodes a blob with this Content-Encoding; undefined where it has none, or none that browsers decode for us. */
export function decoderOf(
	encoding: string | undefined,
): ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> | undefined {
	const format = encoding === undefined ? undefined : FORMATS[encoding.trim().toLowerCase()];
	return format && (new DecompressionStream(format) as ReadableWritablePair);
}
