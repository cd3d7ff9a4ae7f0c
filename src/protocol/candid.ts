import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";

/**
 * Candid types with the TypeScript of what they decode to: @dfinity/candid types numbers as `number | bigint`,
 * records as any. A nat64 is a bigint, a nat32 a number, an opt is `[]` or `[value]`.
 */
export interface CandidType<T> extends IDL.Type<T> {}
const typed = <T>(type: IDL.Type): CandidType<T> => type as unknown as CandidType<T>;

export const nat32 = typed<number>(IDL.Nat32);
export const nat64 = typed<bigint>(IDL.Nat64);
export const text = typed<string>(IDL.Text);
export const bool = typed<boolean>(IDL.Bool);
export const nothing = typed<null>(IDL.Null);
export const principal = typed<Principal>(IDL.Principal);
export const bytes = typed<Uint8Array>(IDL.Vec(IDL.Nat8));

export const opt = <T>(type: IDL.Type<T>) => typed<[] | [T]>(IDL.Opt(type));
export const vec = <T>(type: IDL.Type<T>) => typed<T[]>(IDL.Vec(type));
export const pair = <A, B>(a: IDL.Type<A>, b: IDL.Type<B>) => typed<[A, B]>(IDL.Tuple(a, b));
export const record = <T>(fields: { [Name in keyof T]: IDL.Type<T[Name]> }) => typed<T>(IDL.Record(fields));
export const variant = <T>(cases: Record<string, IDL.Type>) => typed<T>(IDL.Variant(cases));
