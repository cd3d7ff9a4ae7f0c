/** Escapes control characters in text from the network: they could be commands to a terminal. */
export const printable = (text: string): string =>
	// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is taken out
	text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
		return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
	});
