import { BackupError, damaged } from "../errors.js";
import { isSha256Hex } from "./names.js";

/**
 * JSON of a repository: one encoding for each value, and every field checked on reading, since its writer is not
 * trusted.
 */

export type Json =
	| null
	| boolean
	| number
	| string
	| readonly Json[]
	| { readonly [name: string]: Json | undefined };

/** Encodes fields in the given order, without absent ones and without white space: equal values have equal bytes. */
export const encodeJson = (value: Json): Buffer => Buffer.from(JSON.stringify(value), "utf8");

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function decodeJson(object: string, bytes: Uint8Array): Fields {
	let value: unknown;
	try {
		value = JSON.parse(utf8.decode(bytes));
	} catch (cause) {
		throw new BackupError("repository_damaged", { object, reason: "it is not JSON in UTF-8" }, cause);
	}
	return Fields.of(object, value);
}

/** An object read from a repository, with typed access to its fields. */
export class Fields {
	readonly #object: string;
	readonly #fields: Readonly<Record<string, unknown>>;

	private constructor(object: string, fields: Readonly<Record<string, unknown>>) {
		this.#object = object;
		this.#fields = fields;
	}

	static of(object: string, value: unknown): Fields {
		if (typeof value !== "object" || value === null || Array.isArray(value))
			throw damaged(object, "there is no JSON object where one must be");
		return new Fields(object, value as Record<string, unknown>);
	}

	/** All fields unchanged, for values that are passed on. */
	get raw(): Readonly<Record<string, unknown>> {
		return this.#fields;
	}

	has(name: string): boolean {
		return Object.hasOwn(this.#fields, name);
	}

	#read<T>(name: string, isRight: (value: unknown) => value is T): T {
		const value = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
		if (!isRight(value)) throw damaged(this.#object, `its field ${name} is missing or wrong`);
		return value;
	}

	text(name: string, maxLength = 4_096): string {
		return this.#read(
			name,
			(value): value is string => typeof value === "string" && value.length <= maxLength,
		);
	}

	/** A non-negative integer. */
	integer(name: string, max = Number.MAX_SAFE_INTEGER): number {
		return this.#read(
			name,
			(value): value is number =>
				Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max,
		);
	}

	/** Decimal digits of an unsigned 64-bit number. */
	digits(name: string): string {
		return this.#read(
			name,
			(value): value is string =>
				typeof value === "string" && /^(0|[1-9][0-9]{0,19})$/.test(value) && BigInt(value) < 2n ** 64n,
		);
	}

	sha256(name: string): string {
		return this.#read(name, isSha256Hex);
	}

	/** A time in ISO 8601. */
	time(name: string): string {
		return this.#read(
			name,
			(value): value is string =>
				typeof value === "string" && value.length <= 32 && !Number.isNaN(Date.parse(value)),
		);
	}

	list(name: string, maxLength: number): readonly unknown[] {
		return this.#read(name, (value): value is unknown[] => Array.isArray(value) && value.length <= maxLength);
	}

	objects(name: string, maxLength: number): Fields[] {
		return this.list(name, maxLength).map((value) => Fields.of(this.#object, value));
	}

	texts(name: string, maxLength: number, maxText = 4_096): string[] {
		const values = this.list(name, maxLength);
		if (!values.every((value) => typeof value === "string" && value.length <= maxText))
			throw damaged(this.#object, `its field ${name} does not hold texts`);
		return values as string[];
	}

	object(name: string): Fields {
		return Fields.of(this.#object, this.#fields[name]);
	}

	wrong(reason: string): BackupError {
		return damaged(this.#object, reason);
	}
}
