/** The browser shows a worker's response undecoded, unlike that of a server, so the worker must decode it. */

const FORMATS: { readonly [encoding: string]: CompressionFormat } = {
	gzip: "gzip",
	"x-gzip": "gzip",
	deflate: "deflate",
};

/** The decoder for a Content-Encoding; undefined if there is none, or none that browsers can decode. */
export function decoderOf(
	encoding: string | undefined,
): ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> | undefined {
	const format = encoding === undefined ? undefined : FORMATS[encoding.trim().toLowerCase()];
	return format && (new DecompressionStream(format) as ReadableWritablePair);
}
