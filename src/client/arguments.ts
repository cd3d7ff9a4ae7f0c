import { ClientError, guarded, guardedAll } from "./errors/errors.js";
import { fromHex } from "./util/bytes.js";

/** What an argument may be, beside undefined, and the words for it. */
export interface Check {
	readonly expected: string;
	readonly accepts: (value: unknown) => boolean;
}

/** A check for each option that there is: a new one without a check does not compile. */
export type Checks<Options> = { readonly [Name in keyof Required<Options>]: Check };

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const has = (value: unknown, method: string): boolean =>
	isObject(value) && typeof (value as Record<string, unknown>)[method] === "function";
const typed = (type: string, expected: string): Check => ({
	expected,
	accepts: (value) => typeof value === type,
});

export const text = typed("string", "a text");
export const flag = typed("boolean", "true or false");
export const number = typed("number", "a number");
export const bigint = typed("bigint", "a bigint");
export const callback = typed("function", "a function");
export const anything: Check = { expected: "there", accepts: () => true };
export const bytes: Check = { expected: "a Uint8Array", accepts: (value) => value instanceof Uint8Array };
export const id: Check = {
	expected: "an id, which has 32 hex digits",
	accepts: (value) => typeof value === "string" && /^[0-9a-f]{32}$/i.test(value),
};
export const date: Check = { expected: "a Date", accepts: (value) => value instanceof Date };
/** When something was, or when it ends. */
export const time: Check = {
	expected: "a Date, or milliseconds since 1970",
	accepts: (value) => value instanceof Date || typeof value === "number",
};
export const timeOrNever: Check = {
	expected: `${time.expected}, or "never"`,
	accepts: (value) => value === "never" || time.accepts(value),
};
/** Whatever says whose and from when it is, such as a manifest. */
export const importAs: Check = {
	expected: "an object with owner, createdAt and modifiedAt, such as a manifest",
	accepts: (value) => {
		if (!isObject(value)) return false;
		const { owner, createdAt, modifiedAt } = value as Record<string, unknown>;
		return principal.accepts(owner) && time.accepts(createdAt) && time.accepts(modifiedAt);
	},
};
/** Whatever says what a grant was, such as one that was listed. */
export const importGrantAs: Check = {
	expected: "an object with id, under and used, such as a grant that was listed",
	accepts: (value) => {
		if (!isObject(value)) return false;
		const { id: given, under, used } = value as Record<string, unknown>;
		const isPart = under === undefined || (isObject(under) && id.accepts((under as { id?: unknown }).id));
		return id.accepts(given) && isPart && isObject(used);
	},
};
export const signal: Check = {
	expected: "an AbortSignal",
	accepts: (value) => has(value, "addEventListener") && "aborted" in (value as object),
};
const shaped = (expected: string, ...methods: readonly string[]): Check => ({
	expected,
	accepts: (value) => methods.every((method) => has(value, method)),
});
export const agent = shaped("an HttpAgent", "getPrincipal");
export const identity: Check = {
	expected: "an identity that signs",
	accepts: (value) =>
		has(value, "getPrincipal") &&
		(has(value, "sign") ? has(value, "getPublicKey") : has(value, "transformRequest")),
};
export const encryption = shaped("an Encryption", "sealKey");
export const sessions = shaped("a SessionStore", "put", "remove", "list");
export const object: Check = { expected: "an object", accepts: isObject };
export const principal: Check = {
	expected: "a principal or its text",
	accepts: (value) => typeof value === "string" || has(value, "toText"),
};
export const metadata: Check = {
	expected: "an object whose values are texts",
	accepts: (value) => isObject(value) && Object.values(value).every((each) => typeof each === "string"),
};
export const metadataChanges: Check = {
	expected: "an object whose values are texts or null",
	accepts: (value) =>
		isObject(value) && Object.values(value).every((each) => each === null || typeof each === "string"),
};
export const oneOf = (...values: readonly string[]): Check => ({
	expected: values.map((value) => `"${value}"`).join(" or "),
	accepts: (value) => values.includes(value as string),
});
/** Whatever has a version, such as a manifest, is one. */
export const version: Check = {
	expected: "a version, which has the bigints sequence and canisterVersion",
	accepts: (value) => {
		const { sequence, canisterVersion } = (value ?? {}) as Record<string, unknown>;
		return typeof sequence === "bigint" && typeof canisterVersion === "bigint";
	},
};
export const cursor: Check = {
	expected: "a cursor, which has a bigint as sequence and hex digits as head",
	accepts: (value) => {
		const { sequence, head } = (value ?? {}) as Record<string, unknown>;
		return typeof sequence === "bigint" && typeof head === "string";
	},
};
export const visibility = oneOf("public", "private");
export const array: Check = { expected: "an array", accepts: (value) => Array.isArray(value) };
export const iterable: Check = {
	expected: "an array or another iterable",
	accepts: (value) => isObject(value) && (Symbol.iterator in value || Symbol.asyncIterator in value),
};

/** What was given instead, in short: never the bytes of a blob. */
function described(value: unknown): string {
	if (typeof value === "string") return value.length <= 40 ? JSON.stringify(value) : "another text";
	if (value === null || typeof value !== "object")
		return `${String(value)}${typeof value === "bigint" ? "n" : ""}`;
	return Array.isArray(value) ? "an array" : `an object (${value.constructor?.name ?? "without a class"})`;
}

/** What is wrong with an option or an argument. */
export const invalidOption = (option: string, reason: string): ClientError<"option_invalid"> =>
	new ClientError("option_invalid", { option, reason });

/** The bytes of an id. @throws ClientError `option_invalid` */
export function checkId(name: string, value: string): Uint8Array {
	checkArgument(name, value, id);
	return fromHex(value);
}

/** Checks an argument that must be there. @throws ClientError `option_invalid` with its name */
export function checkArgument(name: string, value: unknown, { accepts, expected }: Check): void {
	if (value === undefined) throw invalidOption(name, `it is missing, and must be ${expected}`);
	if (!accepts(value)) throw invalidOption(name, `it must be ${expected}, and is ${described(value)}`);
}

/**
 * Checks options, of which each may be left out, and refuses any that there are not: one that is misspelt would be
 * ignored in silence.
 * @throws ClientError `option_invalid` with the name of the first that is wrong
 */
export function checkOptions<Options extends object>(
	options: Options | undefined,
	checks: Checks<Options>,
	name = "options",
): void {
	if (options === undefined) return;
	if (!isObject(options) || Array.isArray(options))
		throw invalidOption(name, `they must be an object, and are ${described(options)}`);
	for (const [option, value] of Object.entries(options)) {
		if (!Object.hasOwn(checks, option)) throw invalidOption(option, unknown(option, Object.keys(checks)));
		const { accepts, expected } = checks[option as keyof Options];
		if (value !== undefined && !accepts(value))
			throw invalidOption(option, `it must be ${expected}, and is ${described(value)}`);
	}
}

/** Does `run` with options that are valid; whatever goes wrong rejects, with a BlobError. */
export function checked<Options extends object, T>(
	options: Options | undefined,
	valid: Checks<Options>,
	run: () => Promise<T>,
): Promise<T> {
	return guarded(() => {
		checkOptions(options, valid);
		return run();
	});
}

/** The same for what is taken one by one. */
export function checkedAll<Options extends object, T>(
	options: Options | undefined,
	valid: Checks<Options>,
	run: () => AsyncGenerator<T>,
): AsyncGenerator<T> {
	return guardedAll(() => {
		checkOptions(options, valid);
		return run();
	});
}

function unknown(option: string, known: readonly string[]): string {
	const meant = known.find((name) => name.toLowerCase() === option.toLowerCase());
	return `there is no such option; ${meant ? `use ${meant}` : `there are ${known.join(", ")}`}`;
}
