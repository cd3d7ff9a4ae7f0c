/** Base64 with the alphabet of URLs and without padding (RFC 4648, section 5). */

export function toBase64Url(bytes: Uint8Array): string {
	let units = "";
	for (const byte of bytes) units += String.fromCharCode(byte);
	return btoa(units).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Undefined for a text that is no canonical encoding. */
export function fromBase64Url(text: string): Uint8Array | undefined {
	if (!/^[\w-]*$/.test(text)) return undefined;
	try {
		const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (unit) =>
			unit.charCodeAt(0),
		);
		return toBase64Url(bytes) === text ? bytes : undefined;
	} catch {
		return undefined;
	}
}
