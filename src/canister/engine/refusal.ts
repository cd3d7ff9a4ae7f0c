import type { ErrorCode, ErrorDetails, Invalid, WireError } from "../../protocol/index.js";

/** A request that is refused, before anything was written. It becomes the `err` of the reply. */
export class Refusal extends Error {
	readonly wire: WireError;

	constructor(wire: WireError) {
		super(Object.keys(wire)[0]);
		this.wire = wire;
	}
}

export function refuse<Code extends ErrorCode>(code: Code, details: ErrorDetails<Code>): never {
	throw new Refusal({ [code]: details } as unknown as WireError);
}

export function refuseInvalid(invalid: Invalid | undefined): void {
	if (invalid !== undefined) refuse("invalid_argument", invalid);
}
