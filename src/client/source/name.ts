/**
 * The name of the file that a source is, by shape: a File's `name`, the `path` of a stream of Node or of an archive's
 * entry.
 */
export function nameOf(source: object): string | undefined {
	const { name, path } = source as { readonly name?: unknown; readonly path?: unknown };
	for (const text of [name, path]) if (typeof text === "string" && text !== "") return text;
	// Node takes paths in bytes, too.
	return path instanceof Uint8Array ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(path) : undefined;
}
