import type { Invalid } from "./validate.js";

/**
 * Headers that HTTP answers about a blob have by its metadata and its type: those of canisters and of `canister-blobs
 * serve`. The client does not look at them: a canister rejects what is wrong.
 */

const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const listOf = (one: string): RegExp => new RegExp(`^${one}(?: *, *${one})*$`);
const QUOTED = '"(?:[ !#-[\\]-~]|\\\\[ -~])*"';

/** Metadata that are headers of the blob's HTTP answers, and what they may be (RFC 9110, 9111, 6266). */
const HEADERS: { readonly [name: string]: RegExp } = {
	"cache-control": listOf(`${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?`),
	"content-disposition": new RegExp(`^(?:inline|attachment)(?: *; *${TOKEN}=(?:${TOKEN}|${QUOTED}))*$`, "i"),
	"content-encoding": listOf(TOKEN),
	"content-language": listOf("[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*"),
};
/** False where a value is no such header; true of all other metadata. */
const isValidHeader = (name: string, value: string): boolean =>
	!Object.hasOwn(HEADERS, name) || HEADERS[name]!.test(value);

const NO_HEADERS: readonly (readonly [string, string])[] = [];

/** Of metadata what are headers. Earlier releases took any value: one that is no such header is left out. */
export function validHeaders(
	metadata: readonly (readonly [string, string])[],
): readonly (readonly [name: string, value: string])[] {
	if (metadata.length === 0) return NO_HEADERS;
	return metadata.filter(([name, value]) => Object.hasOwn(HEADERS, name) && isValidHeader(name, value));
}

/** Whether all that are headers are what those may be. Metadata as such are checked already. */
export function checkHeaders(metadata: readonly (readonly [string, string])[]): Invalid | undefined {
	for (const [name, value] of metadata)
		if (!isValidHeader(name, value))
			return { field: "metadata", reason: `${name} is not what that header may be`, limit: 0n };
	return undefined;
}

/** Types that a browser shows without running anything. A PDF needs its viewer, which a sandbox takes away. */
const INERT =
	/^(?:image\/(?!svg)[\w.+-]+|(?:audio|video|font)\/[\w.+-]+|text\/(?:plain|csv|markdown)|application\/(?:pdf|json|octet-stream|zip|gzip|wasm))(?:$|[ ;])/i;

/** Whether a blob of this type runs nothing when it is opened as a page. All others belong in a sandbox. */
export const isInert = (contentType: string): boolean => INERT.test(contentType) && !/xml/i.test(contentType);
