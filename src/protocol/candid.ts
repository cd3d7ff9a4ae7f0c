import type { CandidType, Shape } from "./codec/shape.js";
import * as shapes from "./codec/shape.js";
import type { WirePrincipal } from "./principal.js";

/**
 * Candid types with the TypeScript of what they decode to. A nat64 is a bigint, a nat32 a number, an opt is `[]` or
 * `[value]`. What libraries take instead, such as Azle and agents, is made from them (idl.ts).
 */
export const nat8: CandidType<number> = shapes.nat8Shape;
export const nat16: CandidType<number> = shapes.nat16Shape;
export const nat32: CandidType<number> = shapes.nat32Shape;
export const nat64: CandidType<bigint> = shapes.nat64Shape;
export const bool: CandidType<boolean> = shapes.boolShape;
export const nothing: CandidType<null> = shapes.nullShape;
export const principal: CandidType<WirePrincipal> = shapes.principalShape;

/**
 * Maxima are what the canister's reader lets pass: beyond them a request is refused as malformed before anything is
 * made of it. So they are to be larger than the bounds that the method itself checks and has an error for. They
 * change nothing in the Candid, and nothing in what is written.
 */
export const textOf = (max: number): CandidType<string> => shapes.textShape(max);
export const bytesOf = (max: number): CandidType<Uint8Array> => shapes.bytesShape(max);
export const text = textOf(Infinity);
export const bytes = bytesOf(Infinity);

export const opt = <T>(type: CandidType<T>): CandidType<[] | [T]> => shapes.optShape(type);
export const vec = <T>(type: CandidType<T>, max = Infinity): CandidType<T[]> => shapes.vecShape(type, max);
export const pair = <A, B>(a: CandidType<A>, b: CandidType<B>): CandidType<[A, B]> =>
	shapes.tupleShape([a, b]);
export const record = <T>(fields: { [Name in keyof T]: CandidType<T[Name]> }): CandidType<T> =>
	shapes.recordShape(fields as Record<string, Shape>);
export const variant = <T>(cases: Record<string, Shape>): CandidType<T> => shapes.variantShape(cases);
