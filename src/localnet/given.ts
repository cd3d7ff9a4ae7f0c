/** An argument has the wrong type. `code` is the client's code for the same error. */
class OptionInvalid extends TypeError {
	readonly code = "option_invalid";
	readonly details: { readonly option: string; readonly reason: string };

	constructor(option: string, reason: string) {
		super(`The option or argument ${option} is not valid: ${reason}. Correct it.`);
		this.details = { option, reason };
	}
}

const shown = (value: unknown): string =>
	value === null || typeof value !== "object"
		? String(value)
		: Array.isArray(value)
			? "an array"
			: "an object";

/** Checks that options are an object or omitted: callers in JavaScript have no types. */
export function checkOptions(options: unknown, name = "options"): void {
	if (options === undefined || (typeof options === "object" && options !== null && !Array.isArray(options)))
		return;
	throw new OptionInvalid(name, `it must be an object, and is ${shown(options)}`);
}

/** Checks that each value is a function or omitted. */
export function checkFunctions(functions: Readonly<Record<string, unknown>>): void {
	for (const [name, value] of Object.entries(functions))
		if (value !== undefined && typeof value !== "function")
			throw new OptionInvalid(name, `it must be a function, and is ${shown(value)}`);
}

export function checkWasm(wasm: unknown): void {
	if (!(wasm instanceof Uint8Array))
		throw new OptionInvalid("wasm", `it must be a Uint8Array, and is ${shown(wasm)}`);
}
