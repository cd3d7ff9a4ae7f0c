import type { Manifest } from "../../client/index.js";
import type { Span } from "../../protocol/ranges.js";
import { conditionOf, rangeCounts } from "./conditions.js";
import { contentHeaders, etagOf, type Header, type HeaderRules, validatorHeaders } from "./headers.js";
import { contentRange, multipart } from "./multipart.js";
import { rangesOf } from "./ranges.js";
import type { Segment } from "./reader.js";

/** The parts of a request that determine the response about a blob. */
export interface AskedOfBlob {
	readonly method: string;
	/** A header by its lower-case name. Several headers of one name are joined by commas. */
	header(name: string): string | undefined;
}

export interface RepresentOptions {
	readonly isPrivate: boolean;
	readonly rules: HeaderRules;
	/** Maximum number of ranges in a request. */
	readonly maxRanges: number;
	/** Current time, in milliseconds since 1970. */
	readonly nowMs: number;
}

/** A response with the blob's bytes, which are not fetched yet. */
export interface Plan {
	readonly status: 200 | 206;
	readonly headers: readonly Header[];
	/** Empty for HEAD. */
	readonly segments: readonly Segment[];
}

/** The response to a request about a blob: RFC 9110. */
export type Outcome = Plan | { readonly status: 304 | 412 | 416; readonly headers: readonly Header[] };

export function represent(
	asked: AskedOfBlob,
	manifest: Manifest,
	{ isPrivate, rules, maxRanges, nowMs }: RepresentOptions,
): Outcome {
	const validators = validatorHeaders(manifest, isPrivate, rules, nowMs);
	const etag = etagOf(manifest);
	const changedMs = manifest.modifiedAt.getTime();
	const status = conditionOf((name) => asked.header(name), { etag, changedMs, nowMs });
	if (status !== undefined) return { status, headers: validators };
	const plan = planOf(asked, manifest, maxRanges);
	if (plan === undefined)
		return { status: 416, headers: [...validators, ["Content-Range", `bytes */${manifest.size}`]] };
	const headers = [...validators, ...contentHeaders(manifest, rules), ...plan.headers];
	return { ...plan, headers, segments: asked.method === "HEAD" ? [] : plan.segments };
}

/** Undefined if no range lies within the blob. */
function planOf(asked: AskedOfBlob, manifest: Manifest, maxRanges: number): Plan | undefined {
	const { size, contentType } = manifest;
	const header = (name: string) => asked.header(name);
	// Range is defined for GET only (RFC 9110, section 14.2).
	const range = asked.method === "GET" ? header("range") : undefined;
	const wanted =
		range !== undefined && rangeCounts(header, etagOf(manifest))
			? rangesOf(range, size, maxRanges)
			: ({ kind: "whole" } as const);
	if (wanted.kind === "refused") return undefined;
	if (wanted.kind === "whole") {
		const all: Span[] = size > 0 ? [{ start: 0, end: size }] : [];
		const headers: Header[] = [
			["Content-Type", contentType],
			["Content-Length", String(size)],
		];
		return { status: 200, headers, segments: all };
	}
	const [first, ...others] = wanted.spans;
	if (first !== undefined && others.length === 0) {
		const headers: Header[] = [
			["Content-Type", contentType],
			["Content-Range", contentRange(first, size)],
			["Content-Length", String(first.end - first.start)],
		];
		return { status: 206, headers, segments: [first] };
	}
	const parts = multipart(wanted.spans, size, contentType);
	const headers: Header[] = [
		["Content-Type", parts.contentType],
		["Content-Length", String(parts.length)],
	];
	return { status: 206, headers, segments: parts.segments };
}
