import { checkContentType } from "../../protocol/index.js";

/** Longer than every type that the protocol takes, quotes added. */
const MAX_CHARACTERS = 1_000;
/** A value that needs no quotes (RFC 9110, 5.6.6), and one that quotes can hold without escapes. */
const TOKEN = /^[\w!#$&^.+-]+$/;
const QUOTABLE = /^[ !#-[\]-~]+$/;

const isTaken = (text: string): boolean => checkContentType(text) === undefined;

/**
 * A media type with values in quotes where they must be: a MediaRecorder says `video/webm;codecs=vp8,opus`. Anything
 * that is not to be mended so stays as it is.
 */
export function quoteParameters(text: string): string {
	if (text.length > MAX_CHARACTERS || text.includes('"') || isTaken(text)) return text;
	const [essence = "", ...parameters] = text.split(";").map((part) => part.trim());
	const quoted = parameters.flatMap((parameter) => {
		const at = parameter.indexOf("=");
		const [name, value] = [parameter.slice(0, at).trim(), parameter.slice(at + 1).trim()];
		if (at < 1 || !TOKEN.test(name) || !QUOTABLE.test(value)) return [];
		return [TOKEN.test(value) ? `${name}=${value}` : `${name}="${value}"`];
	});
	return [essence, ...quoted].join("; ");
}

/**
 * The media type that a source says it has, in a form that the protocol takes: without its parameters where they are
 * not to be mended or too long; undefined for what is no media type, such as `jpg`.
 */
export function mediaTypeOf(text: string): string | undefined {
	const whole = quoteParameters(text.trim());
	if (isTaken(whole)) return whole;
	const essence = whole.slice(0, MAX_CHARACTERS).split(";", 1)[0]?.trim() ?? "";
	return isTaken(essence) ? essence : undefined;
}
