import { IDL } from "@dfinity/candid";
import { METHODS, type MethodName } from "../../src/protocol/index.js";
import { idlsOf } from "./idl.js";
import { REQUESTS } from "./requests.js";

/** Requests with a text of any bytes in a field of theirs, UTF-8 or not. */

export interface TextRequest {
	readonly method: MethodName;
	/** Where in the arguments the text stands. */
	readonly field: string;
	readonly message: Uint8Array;
}

export const takesText = (type: IDL.Type): boolean => /\btext\b/.test(type.name);

/** A request of the method for each of its fields that are texts. */
export function withText(method: MethodName, text: Uint8Array): TextRequest[] {
	const args = idlsOf(METHODS[method].args);
	const values = REQUESTS[method]("a") as unknown[];
	// In its place, so that the lengths of all that is around it are right.
	const filler = "~".repeat(text.length);
	return args.flatMap((type, i) =>
		placesIn(type, values[i], filler).map(([field, value]) => ({
			method,
			field,
			message: replace(IDL.encode(args, withAt(values, i, value)), Buffer.from(filler), text),
		})),
	);
}

const withAt = (values: readonly unknown[], at: number, value: unknown) =>
	values.map((old, i) => (i === at ? value : old));

function replace(message: Uint8Array, filler: Uint8Array, text: Uint8Array): Uint8Array {
	const at = Buffer.from(message).indexOf(filler);
	if (at < 0) throw new Error("the text is not in the message");
	const replaced = message.slice();
	replaced.set(text, at);
	return replaced;
}

/** The value with the text in it, for each place of its type that takes one. */
function placesIn(type: IDL.Type, value: unknown, text: string): [string, unknown][] {
	if (type instanceof IDL.TextClass) return [["", text]];
	if (!takesText(type)) return [];
	if (type instanceof IDL.OptClass || type instanceof IDL.VecClass) {
		const of = (type as unknown as { _type: IDL.Type })._type;
		const first = (value as unknown[])[0] ?? blank(of);
		return placesIn(of, first, text).map(([field, part]) => [field, [part]]);
	}
	if (type instanceof IDL.VariantClass) {
		const cases = (type as unknown as { _fields: [string, IDL.Type][] })._fields;
		const [[name, content]] = Object.entries(value as Record<string, unknown>) as [[string, unknown]];
		const of = cases.find(([other]) => other === name)![1];
		return placesIn(of, content, text).map(([field, part]) => [`${name}.${field}`, { [name]: part }]);
	}
	if (!(type instanceof IDL.RecordClass)) return [];
	const fields = (type as unknown as { _fields: [string, IDL.Type][] })._fields;
	return fields.flatMap(([name, of], i) => {
		const isTuple = type instanceof IDL.TupleClass;
		const parts = value as Record<string, unknown> & unknown[];
		const places = placesIn(of, isTuple ? parts[i] : parts[name], text);
		return places.map(([field, part]): [string, unknown] => [
			`${isTuple ? i : name}.${field}`,
			isTuple ? withAt(parts, i, part) : { ...parts, [name]: part },
		]);
	});
}

/** What stands in an opt or a vec that the request leaves empty. */
function blank(type: IDL.Type): unknown {
	if (type instanceof IDL.TextClass) return "a";
	if (type instanceof IDL.TupleClass)
		return (type as unknown as { _fields: [string, IDL.Type][] })._fields.map(([, of]) => blank(of));
	if (type instanceof IDL.RecordClass) {
		const fields = (type as unknown as { _fields: [string, IDL.Type][] })._fields;
		return Object.fromEntries(fields.map(([name, of]) => [name, blank(of)]));
	}
	if (type instanceof IDL.VecClass) return [];
	if (type instanceof IDL.FixedNatClass) return type._bits > 32 ? 0n : 0;
	return undefined;
}
