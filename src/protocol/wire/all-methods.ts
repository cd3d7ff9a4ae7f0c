import { COMMON_METHODS } from "./methods.js";
import { OWNER_METHODS } from "./owner-methods.js";

/** Every method of a blob store, by its name in Candid. */
export const METHODS = { ...COMMON_METHODS, ...OWNER_METHODS } as const;

export type MethodName = keyof typeof METHODS;
export type MethodArgs<Name extends MethodName> = NonNullable<(typeof METHODS)[Name]["types"]>["args"];
export type MethodOk<Name extends MethodName> = NonNullable<(typeof METHODS)[Name]["types"]>["ok"];
