import { IDL } from "@dfinity/candid";
import type { Shape } from "../../src/protocol/codec/shape.js";
import { idlTypes } from "../../src/protocol/idl.js";

export { idlFactory } from "../../src/protocol/idl.js";

/** A type of the protocol as one of @dfinity/candid. */
export const idlOf = idlTypes(IDL);
export const idlsOf = (types: readonly Shape[]): IDL.Type[] => types.map(idlOf);
