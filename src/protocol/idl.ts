import type { GenericIdlFuncArgs, IDL } from "@dfinity/candid";
import * as opcodes from "./codec/opcodes.js";
import type { Shape } from "./codec/shape.js";
import { METHODS } from "./wire/all-methods.js";
import { HTTP_METHODS } from "./wire/http.js";

/**
 * The protocol's types as objects of a Candid library, for what takes such: Azle, and actors. Which library is said by
 * who asks. Not part of the protocol's index: no page needs it.
 */

/** @dfinity/candid, or the same of @icp-sdk/core. */
type Library = Parameters<IDL.InterfaceFactory>[0]["IDL"];

/** A type of the library for each of ours, and the same one for the same. */
export function idlTypes(library: Library): (shape: Shape) => IDL.Type {
	const builtIn = new Map<number, IDL.Type>([
		[opcodes.NULL, library.Null],
		[opcodes.BOOL, library.Bool],
		[opcodes.NAT8, library.Nat8],
		[opcodes.NAT16, library.Nat16],
		[opcodes.NAT32, library.Nat32],
		[opcodes.NAT64, library.Nat64],
		[opcodes.TEXT, library.Text],
		[opcodes.PRINCIPAL, library.Principal],
	]);
	const made = new Map<Shape, IDL.Type>();
	const typeOf = (shape: Shape): IDL.Type => {
		const known = builtIn.get(shape.opcode) ?? made.get(shape);
		if (known !== undefined) return known;
		const type = make(shape);
		made.set(shape, type);
		return type;
	};
	const make = ({ opcode, parts, form }: Shape): IDL.Type => {
		const within = parts.map((part): [string, IDL.Type] => [part.name, typeOf(part.shape)]);
		if (opcode === opcodes.OPT) return library.Opt(within[0]![1]);
		if (opcode === opcodes.VEC) return library.Vec(within[0]![1]);
		if (form === "tuple") return library.Tuple(...within.map(([, type]) => type));
		const named = Object.fromEntries(within);
		return opcode === opcodes.RECORD ? library.Record(named) : library.Variant(named);
	};
	return typeOf;
}

/** The service as an interface factory, the form that `Actor.createActor` takes. */
export const idlFactory: IDL.InterfaceFactory = ({ IDL: library }) => {
	const typeOf = idlTypes(library);
	return library.Service(
		Object.fromEntries(
			Object.entries({ ...METHODS, ...HTTP_METHODS }).map(([name, { kind, args, result }]) => [
				name,
				library.Func(
					args.map(typeOf) as unknown as GenericIdlFuncArgs,
					[typeOf(result)],
					kind === "query" ? ["query"] : [],
				),
			]),
		),
	);
};
