import { IDL } from "@dfinity/candid";
import { HTTP_METHODS } from "./http.js";
import { COMMON_METHODS } from "./methods.js";
import { OWNER_METHODS } from "./owner-methods.js";

/** Every method of a blob store, by its name in Candid. */
export const METHODS = { ...COMMON_METHODS, ...OWNER_METHODS } as const;

export type MethodName = keyof typeof METHODS;
export type MethodArgs<Name extends MethodName> = NonNullable<(typeof METHODS)[Name]["types"]>["args"];
export type MethodOk<Name extends MethodName> = NonNullable<(typeof METHODS)[Name]["types"]>["ok"];

/** The service as an interface factory, the form that `Actor.createActor` takes. */
export const idlFactory: IDL.InterfaceFactory = () =>
	IDL.Service(
		Object.fromEntries(
			Object.entries({ ...METHODS, ...HTTP_METHODS }).map(([name, { kind, args, result }]) => [
				name,
				IDL.Func([...args], [result], kind === "query" ? ["query"] : []),
			]),
		),
	);
