import type { Manifest } from "../../client/index.js";
import { hex } from "../../client/util/bytes.js";
import { isInert, validHeaders } from "../../protocol/headers.js";

export type Header = readonly [name: string, value: string];

export interface HeaderRules {
	/** Cache-Control of public blobs whose metadata does not set it. */
	readonly cacheControl: string;
	/** Whether pages of this store may run scripts. The store is then a site, and every writer can publish pages. */
	readonly site: boolean;
	/** Access-Control-Allow-Origin. */
	readonly corsOrigin?: string;
}

/** Entity tag of a blob: equal for equal bytes in equal chunks. */
export const etagOf = ({ root }: Manifest): string => `"${hex(root)}"`;

const CACHE_CONTROL = "cache-control";

const ownHeaders = ({ metadata }: Manifest): readonly Header[] => validHeaders(Object.entries(metadata));

const seconds = (ms: number): number => Math.max(0, Math.floor(ms / 1_000));

/** A cache must not keep a blob longer than its expiry. */
function cacheControlOf(manifest: Manifest, rules: HeaderRules, nowMs: number): string {
	const wanted = ownHeaders(manifest).find(([name]) => name === CACHE_CONTROL)?.[1] ?? rules.cacheControl;
	if (manifest.expiresAt === undefined || /no-store/i.test(wanted)) return wanted;
	const left = seconds(manifest.expiresAt.getTime() - nowMs);
	const scope = /\bprivate\b/i.test(wanted) ? "private" : "public";
	const ages = [...wanted.matchAll(/max-?age\s*=\s*"?(\d+)/gi)].map(([, age]) => Number(age));
	const most = ages.length > 0 && !/no-cache/i.test(wanted) ? Math.min(left, ...ages) : 0;
	return `${scope}, max-age=${most}, must-revalidate`;
}

/** Headers of every response. */
const FIXED: readonly Header[] = [["X-Content-Type-Options", "nosniff"]];
const EXPOSED = "Accept-Ranges, Content-Encoding, Content-Length, Content-Range, ETag, Last-Modified";

function corsHeaders({ corsOrigin }: HeaderRules): Header[] {
	if (corsOrigin === undefined) return [];
	return [
		["Access-Control-Allow-Origin", corsOrigin],
		["Access-Control-Expose-Headers", EXPOSED],
	];
}

/** Headers of every response about a blob, including 304. */
export function validatorHeaders(
	manifest: Manifest,
	isPrivate: boolean,
	rules: HeaderRules,
	nowMs: number,
): Header[] {
	const created = manifest.createdAt.getTime();
	const all: Header[] = [
		...FIXED,
		...corsHeaders(rules),
		["ETag", etagOf(manifest)],
		["Cache-Control", isPrivate ? "private, no-store" : cacheControlOf(manifest, rules, nowMs)],
	];
	if (isPrivate) all.push(["Referrer-Policy", "no-referrer"]);
	// Omitted if it is in the future by this machine's clock: caches ignore such a date.
	if (created <= nowMs) all.push(["Last-Modified", manifest.createdAt.toUTCString()]);
	return all;
}

/** Headers that describe the content, except its type. */
export function contentHeaders(manifest: Manifest, { site }: HeaderRules): Header[] {
	const named = ownHeaders(manifest).filter(([name]) => name !== CACHE_CONTROL);
	const all: Header[] = [["Accept-Ranges", "bytes"], ...named];
	if (!site && !isInert(manifest.contentType)) all.push(["Content-Security-Policy", "sandbox"]);
	return all;
}

/** Headers of a response without a blob. It depends on the requester, so it is not cached. */
export const plainHeaders = (rules: HeaderRules): Header[] => [
	...FIXED,
	...corsHeaders(rules),
	["Cache-Control", "no-store"],
	["Content-Type", "text/plain; charset=utf-8"],
];

/** Request headers that a page of another origin may send. */
const ASKED = "Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range";

/** Headers of the response to a preflight request. */
export const preflightHeaders = (rules: HeaderRules, methods: string): Header[] => [
	...corsHeaders(rules),
	["Access-Control-Allow-Methods", methods],
	["Access-Control-Allow-Headers", ASKED],
	["Access-Control-Max-Age", "7200"],
];
