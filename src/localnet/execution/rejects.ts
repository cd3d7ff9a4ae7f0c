/**
 * HTTPS interface, "Reject codes" and "Error codes": why a message was rejected.
 *
 * Codes and texts are the replica's (recorded in test/localnet/golden); clients match on them.
 */

export const RejectCode = {
	SysFatal: 1,
	SysTransient: 2,
	DestinationInvalid: 3,
	CanisterReject: 4,
	CanisterError: 5,
	SysUnknown: 6,
} as const;
export type RejectCode = (typeof RejectCode)[keyof typeof RejectCode];

export interface Reject {
	readonly code: RejectCode;
	readonly message: string;
	readonly errorCode: string;
}

export function reject(code: RejectCode, errorCode: string, message: string): Reject {
	return { code, message, errorCode };
}

const DOCUMENTATION = "https://internetcomputer.org/docs/current/references/execution-errors#";

/** Execution of a message failed: its effects are reverted, and its caller gets this reject. */
export class ExecutionError extends Error {
	constructor(
		readonly errorCode: string,
		message: string,
		/** The replica's advice, and the anchor of its documentation page. */
		readonly advice?: readonly [text: string, anchor: string],
	) {
		super(message);
	}

	toReject(canister: string): Reject {
		const advice = this.advice
			? `\n${this.advice[0]} See documentation: ${DOCUMENTATION}${this.advice[1]}`
			: "";
		return reject(
			RejectCode.CanisterError,
			this.errorCode,
			`Error from Canister ${canister}: ${this.message}.${advice}`,
		);
	}
}

const HANDLE_FAILURES =
	"Consider gracefully handling failures from this canister or altering the canister to handle exceptions.";

export function wasmTrap(what: string): ExecutionError {
	return new ExecutionError("IC0502", `Canister trapped: ${what}`, [HANDLE_FAILURES, "trapped"]);
}

export function explicitTrap(message: string): ExecutionError {
	return new ExecutionError("IC0503", `Canister called \`ic0.trap\` with message: '${message}'`, [
		HANDLE_FAILURES,
		"trapped-explicitly",
	]);
}

export function contractViolation(what: string, advice?: readonly [string, string]): ExecutionError {
	return new ExecutionError("IC0504", `Canister violated contract: ${what}.`, advice);
}

export function wrongMode(call: string, mode: string): ExecutionError {
	return new ExecutionError(
		"IC0504",
		`Canister violated contract: "ic0_${call}" cannot be executed in ${mode} mode`,
		[
			"Check the ICP documentation to make sure APIs are being called in the correct message types.",
			"calling-a-system-api-from-the-wrong-mode",
		],
	);
}

/** The reject for a call that the local network does not support; names the call. */
export function unsupported(call: string): ExecutionError {
	return new ExecutionError(
		"IC0504",
		`Canister violated contract: ic0.${call} is not supported by this local network`,
	);
}

export function payloadTooLarge(call: string, size: number, limit: number): ExecutionError {
	return contractViolation(`ic0.${call}: application payload size (${size}) cannot be larger than ${limit}`, [
		"Consider checking the response size and returning an error if it is too long.",
		`${call}-payload-too-large`,
	]);
}

export function instructionLimit(limit: bigint): ExecutionError {
	return new ExecutionError(
		"IC0522",
		`Canister exceeded the limit of ${limit} instructions for single message execution.`,
		[
			"Try optimizing this method to consume fewer instructions or split the work across multiple messages.",
			"instruction-limit-exceeded",
		],
	);
}

export function missingMethod(kind: "update" | "query", name: string): ExecutionError {
	return new ExecutionError("IC0536", `Canister has no ${kind} method '${name}'.`, [
		"Check that the method being called is exported by the target canister.",
		"method-not-found",
	]);
}

/** Translates V8's message of a trap into the replica's. */
export function fromEngine(error: unknown): ExecutionError {
	if (error instanceof ExecutionError) return error;
	if (error instanceof RangeError && /call stack/.test(error.message)) return wasmTrap("stack overflow");
	if (!(error instanceof WebAssembly.RuntimeError)) throw error;
	for (const [pattern, text] of TRAPS) if (pattern.test(error.message)) return wasmTrap(text);
	return wasmTrap(error.message);
}

const TRAPS: readonly [RegExp, string][] = [
	[/unreachable/, "unreachable"],
	[/divide by zero|remainder by zero/, "integer division by 0"],
	[/memory access out of bounds/, "heap out of bounds"],
	[/table index is out of bounds|null function|signature mismatch/, "table out of bounds"],
];
