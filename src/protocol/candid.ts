import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";
import * as shapes from "./codec/shape.js";
import { shapeOf, withShape } from "./codec/shape.js";

/**
 * Candid types with the TypeScript of what they decode to: @dfinity/candid types numbers as `number | bigint`,
 * records as any. A nat64 is a bigint, a nat32 a number, an opt is `[]` or `[value]`. Each is a type object of the
 * library, for agents and Azle, and one of ours (codec/shape.ts), for the canister's reader and writer.
 */
export const nat8 = withShape<number>(IDL.Nat8, shapes.nat8Shape);
export const nat16 = withShape<number>(IDL.Nat16, shapes.nat16Shape);
export const nat32 = withShape<number>(IDL.Nat32, shapes.nat32Shape);
export const nat64 = withShape<bigint>(IDL.Nat64, shapes.nat64Shape);
export const bool = withShape<boolean>(IDL.Bool, shapes.boolShape);
export const nothing = withShape<null>(IDL.Null, shapes.nullShape);
export const principal = withShape<Principal>(IDL.Principal, shapes.principalShape);

/**
 * Maxima are what the canister's reader lets pass: beyond them a request is refused as malformed before anything is
 * made of it. So they are to be larger than the bounds that the method itself checks and has an error for. They
 * change nothing in the Candid, and nothing in what is written.
 */
export const textOf = (max: number) => withShape<string>(new IDL.TextClass(), shapes.textShape(max));
export const bytesOf = (max: number) => withShape<Uint8Array>(IDL.Vec(IDL.Nat8), shapes.bytesShape(max));
export const text = textOf(Infinity);
export const bytes = bytesOf(Infinity);

export const opt = <T>(type: IDL.Type<T>) =>
	withShape<[] | [T]>(IDL.Opt(type), shapes.optShape(shapeOf(type)));
export const vec = <T>(type: IDL.Type<T>, max = Infinity) =>
	withShape<T[]>(IDL.Vec(type), shapes.vecShape(shapeOf(type), max));
export const pair = <A, B>(a: IDL.Type<A>, b: IDL.Type<B>) =>
	withShape<[A, B]>(IDL.Tuple(a, b), shapes.tupleShape([shapeOf(a), shapeOf(b)]));
export const record = <T>(fields: { [Name in keyof T]: IDL.Type<T[Name]> }) =>
	withShape<T>(IDL.Record(fields), shapes.recordShape(shapesOf(fields)));
export const variant = <T>(cases: Record<string, IDL.Type>) =>
	withShape<T>(IDL.Variant(cases), shapes.variantShape(shapesOf(cases)));

const shapesOf = (named: Record<string, unknown>): Record<string, shapes.Shape> =>
	Object.fromEntries(Object.entries(named).map(([name, type]) => [name, shapeOf(type)]));
