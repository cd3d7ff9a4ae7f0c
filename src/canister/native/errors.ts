/** A Wasm that cannot be linked; the message says what to do about it. */
export class LinkError extends Error {
	override readonly name = "LinkError";
}
