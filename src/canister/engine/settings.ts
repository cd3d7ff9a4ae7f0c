import { encodeUtf8 } from "../../protocol/codec/utf8.js";
import { checkKey } from "../../protocol/index.js";
import type { Admit, Authorize } from "./access.js";
import { DEFAULT_QUOTA, type Quota } from "./accounts/accounts.js";
import { type CapacitySettings, DEFAULT_CAPACITY } from "./accounts/capacity.js";
import type { HttpRules } from "./http/headers.js";
import { misreadOf } from "./http/path-text.js";

/** What an application may set about its store; each has a default. */
export interface Settings {
	/**
	 * The application's own rule of who may do what: asked with caller, action, key and owner, for each key that a message
	 * reads or changes, before anything is hashed or written, and again before a repetition is told what it did the first
	 * time. It must return exactly true (allowed), false (refused) or undefined (as roles and ownership say), and at once:
	 * anything else, such as a Promise, makes the message trap, so nothing is shown or changed. An `async` function fails
	 * the build.
	 * It is not asked about public reads, anonymous changes or administration. Default: roles and ownership alone.
	 *
	 * Lists ask it, too: about each private key of a signed-in caller's page, at most 100 times a page. A page may
	 * so be short or empty, and still have a `next`. A directory is listed once the rule allows a key in it.
	 *
	 * A caller without a role whom the rule lets write is a stranger to `inspect_message`, which admits at most 4 KiB of a
	 * message from strangers: give `admit` as well. A message of many keys from a caller who is not a writer is refused as
	 * a whole if the rule allows none of its first 16. It is asked about an item of a staged batch when that is staged, and
	 * again while the batch is got ready, not when it is revealed: where it takes a right away, call `ruleChanged`. Aborting an upload that was never begun names no key, so it takes
	 * the role writer or `admit`. A blob that another principal than its owner makes private is salted by the canister.
	 */
	readonly authorize?: Authorize;
	/**
	 * Whether a principal without a role is a user of the application. Its messages are then let in as a role's holder's
	 * are: of any size, and queries as updates; what it may do is up to `authorize`. With `authorize` given, a caller who
	 * has no role and is not admitted is refused before its message is read. Asked in `inspect_message`, too, where it may
	 * read stable maps and may not change anything. It must return exactly true or false, else the message traps.
	 * Default: `inspect_message` takes all principals without a role for strangers; the methods ask `authorize` alone.
	 */
	readonly admit?: Admit;
	/** The quota of those to whom no administrator gave another. Default: 1,000 open uploads, else no bound. */
	readonly quota?: Partial<Quota>;
	/** Changes that the feed keeps. Default 100,000. */
	readonly feedEntries?: number;
	/**
	 * Cycles that all principals without role, quota or blob may cause together in a day of UTC, as estimated on a subnet
	 * of 13 nodes: their updates are let in no more where they are spent; queries go on. Default no bound.
	 */
	readonly strangersCyclesPerDay?: number;
	/** Memory and cycles. */
	readonly capacity?: Partial<CapacitySettings>;
	/** What HTTP gateways are answered (docs/HTTP.md). */
	readonly http?: HttpSettings;
}

/** What an application may set about the HTTP answers of its store; each has a default. */
export interface HttpSettings {
	/**
	 * Whether blobs may run as pages of the canister's own origin. By default what can run (HTML, SVG, XML, and whatever is
	 * not known to be inert) is answered with a Content-Security-Policy of `sandbox`: a stranger's upload cannot act for
	 * who looks at it. True for a store that is a web site, into which only its makers write. @default false
	 */
	readonly site?: boolean;
	/**
	 * Where the URLs of blobs begin, such as `/files`: the blob `a/b` is at `/files/a/b`, and all other paths are the
	 * application's (`serve`). Whole segments, at most 256 bytes. An upgrade may set it, change it and take it away: it
	 * moves all URLs at once, and nothing else. @default none: every path is the store's
	 */
	readonly prefix?: string;
	/** The origin whose pages may read answers, such as `https://example.org`; `*`: any. Default: what the gateway says. */
	readonly allowOrigin?: string;
	/**
	 * Answers a range that begins within a chunk with just these bytes, by an update for each, until those of a day of UTC
	 * have cost so many cycles (as estimated on a subnet of 13 nodes: about 20 M each, and more the more chunks they begin
	 * in). Anybody can cause them. Then, and by default, such a range is refused. Infinity: no bound.
	 */
	readonly exactRanges?: {
		/** Cycles in a day of UTC, a whole number from 0 on, or Infinity. */
		readonly cyclesPerDay: number;
	};
}

/** HTTP answers as the settings have them. */
export const rulesOf = ({ http = {} }: Settings): HttpRules => ({
	isSite: http.site ?? false,
	hasExact: (http.exactRanges?.cyclesPerDay ?? 0) > 0,
	origin: http.allowOrigin,
});

export const DEFAULT_FEED_ENTRIES = 100_000;

const ORIGIN = /^(?:\*|https?:\/\/[a-z0-9.-]+(?::\d+)?)$/;

const MAX_PREFIX_BYTES = 256;
/** Its segments are such as a key's. */
const isPrefix = (prefix: unknown): boolean =>
	typeof prefix === "string" &&
	prefix.startsWith("/") &&
	checkKey(prefix.slice(1)) === undefined &&
	encodeUtf8(prefix).length <= MAX_PREFIX_BYTES;

function checkWritten(prefix: string): void {
	const misread = prefix.split("/").includes("*") ? "a prefix has no wildcard" : misreadOf(prefix);
	if (misread !== undefined) throw new RangeError(`http.prefix ${JSON.stringify(prefix)}: ${misread}`);
}

/** The names of all settings. */
export const SETTINGS: Readonly<Record<keyof Settings, true>> = {
	authorize: true,
	admit: true,
	quota: true,
	feedEntries: true,
	strangersCyclesPerDay: true,
	capacity: true,
	http: true,
};
const HTTP_NAMES: Readonly<Record<keyof HttpSettings, true>> = {
	site: true,
	prefix: true,
	allowOrigin: true,
	exactRanges: true,
};

/** Throws at a name that is no option's, which JavaScript would pass over: a rule that is misspelt protects nothing. */
export function checkNames(options: object, known: object, within = ""): void {
	for (const name of Object.keys(options))
		if (!Object.hasOwn(known, name))
			throw new RangeError(`there is no option ${within}${name}; there are ${Object.keys(known).join(", ")}`);
}

const NOT_ASYNC = "must not be async: it has to decide within the message";

function checkRule(name: string, rule: unknown): void {
	if (rule === undefined) return;
	if (typeof rule !== "function") throw new RangeError(`${name} must be a function`);
	if (Object.prototype.toString.call(rule) === "[object AsyncFunction]")
		throw new RangeError(`${name} ${NOT_ASYNC}`);
}

/**
 * Throws a RangeError at a bound that is none. Bounds are whole numbers as they are stored and sent; where an
 * application says Infinity there is none.
 */
export function checkSettings(settings: Settings): void {
	const {
		quota = {},
		feedEntries = DEFAULT_FEED_ENTRIES,
		strangersCyclesPerDay = Number.POSITIVE_INFINITY,
		capacity = {},
		http = {},
	} = settings;
	if (http.site !== undefined && typeof http.site !== "boolean")
		throw new RangeError("http.site must be true or false");
	if (http.prefix !== undefined && !isPrefix(http.prefix))
		throw new RangeError(
			`http.prefix must be a path such as /files, of at most ${MAX_PREFIX_BYTES} bytes, without a slash at its end`,
		);
	if (http.prefix !== undefined) checkWritten(http.prefix);
	if (http.allowOrigin !== undefined && !ORIGIN.test(http.allowOrigin))
		throw new RangeError("http.allowOrigin must be `*`, or an origin such as https://example.org");
	for (const name of ["authorize", "admit"] as const) checkRule(name, settings[name]);
	checkNames(quota, DEFAULT_QUOTA, "quota.");
	checkNames(capacity, DEFAULT_CAPACITY, "capacity.");
	checkNames(http, HTTP_NAMES, "http.");
	const { exactRanges } = http;
	if (exactRanges !== undefined && typeof exactRanges?.cyclesPerDay !== "number")
		throw new RangeError("http.exactRanges must be an object with cyclesPerDay");
	const bounds = Object.fromEntries(Object.entries(quota).map(([name, value]) => [`quota.${name}`, value]));
	const exact = exactRanges && { "http.exactRanges.cyclesPerDay": exactRanges.cyclesPerDay };
	for (const [name, value] of Object.entries({ ...bounds, feedEntries, strangersCyclesPerDay, ...exact }))
		if (value !== Number.POSITIVE_INFINITY && (!Number.isSafeInteger(value) || value < 0))
			throw new RangeError(`${name} must be a whole number from 0 on, or Infinity`);
	const { costSchedule = "auto", ...amounts } = capacity;
	if (!["auto", "paid", "free"].includes(costSchedule))
		throw new RangeError("capacity.costSchedule must be auto, paid or free");
	for (const [name, value] of Object.entries(amounts))
		if (!Number.isFinite(Number(value)) || value < 0)
			throw new RangeError(`capacity.${name} must be a number from 0 on`);
}
