import { COMMON_METHODS, type METHODS, type MethodName } from "../../protocol/index.js";

/** A method's kind, and the types of its arguments and its result. */
type Definition = Pick<(typeof METHODS)[MethodName], "kind" | "args" | "result">;

const known = new Map<string, Definition>(Object.entries(COMMON_METHODS));

/** Adds methods of a part of the client that is loaded for itself: pages without it do not carry their types. */
export function learnMethods(methods: { readonly [name: string]: Definition }): void {
	for (const [name, definition] of Object.entries(methods)) known.set(name, definition);
}

/** Of a method that is known: the part that calls it has made it so. */
export const definitionOf = (name: MethodName): Definition => known.get(name) as Definition;
