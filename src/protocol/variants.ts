/** Values of Candid's variants: an object with one field, the case's name. */

/** A case that carries nothing. */
export const unit = <Variant>(name: string): Variant => ({ [name]: null }) as Variant;

/** The name of a value's case. */
export const caseOf = <Name extends string>(value: { readonly [_ in Name]?: unknown }): Name =>
	Object.keys(value)[0] as Name;
