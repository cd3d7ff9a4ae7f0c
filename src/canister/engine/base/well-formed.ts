/** Whether UTF-8 can encode a text: it contains no half of a surrogate pair. */
export function isWellFormed(text: string): boolean {
	try {
		encodeURI(text);
		return true;
	} catch {
		return false;
	}
}
