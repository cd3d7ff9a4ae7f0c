import type { ErrorAction } from "../../protocol/index.js";

/** What a rejected call was told. */
export interface Rejection {
	readonly rejectCode: number;
	readonly rejectMessage: string;
	/** The replica's own code, such as `IC0503`. */
	readonly errorCode: string | undefined;
}

type Advice = readonly [action: ErrorAction, advice: string];

/** The reject codes of the interface specification, and what to do where the replica says no more. */
const BY_REJECT_CODE: Record<number, readonly [name: string, ...Advice]> = {
	1: [
		"SYS_FATAL",
		"give_up",
		"The subnet can never do this: tell the operator of the canister, which may need another subnet",
	],
	2: ["SYS_TRANSIENT", "retry", "The subnet is busy: try again later"],
	3: [
		"DESTINATION_INVALID",
		"fix",
		"Check the canister id, and that the agent's host belongs to its network",
	],
	4: ["CANISTER_REJECT", "give_up", "Do what the canister says, or ask its operator"],
	5: [
		"CANISTER_ERROR",
		"give_up",
		"This call changed nothing: report it to the operator of the canister, with this text",
	],
	6: [
		"SYS_UNKNOWN",
		"retry",
		"The call may have been executed: check what the key holds, then try again if needed",
	],
};

const STOPPED: Advice = [
	"retry",
	"An upgrade takes some seconds: try again in a minute; if the canister is still stopped, ask a controller to start it",
];
const NO_CYCLES: Advice = ["ask", "The canister has too few cycles: top it up first, then try again"];

/** What the replica's codes say beyond that (ErrorCode in its rs/types/error_types/src/lib.rs). */
const BY_ERROR_CODE: Record<string, Advice> = {
	IC0207: NO_CYCLES,
	// By inspect_message: what it refuses has no typed error, since nothing was executed.
	IC0406: [
		"give_up",
		"A blob store refuses anonymous callers, callers without a role and messages that it cannot read before it executes them: sign in, ask for a role, and check the canister id",
	],
	IC0506: [
		"give_up",
		"A blob store always replies: check the canister id, or report it to the operator of the canister",
	],
	IC0507: ["ask", "The canister has no memory left: delete something, or use another canister"],
	IC0508: STOPPED,
	IC0509: STOPPED,
	IC0522: [
		"give_up",
		"This call changed nothing: ask for fewer at a time, and report it to the operator of the canister",
	],
	IC0532: NO_CYCLES,
	IC0534: [
		"ask",
		"The memory of the canister may not grow: ask a controller to raise its reserved_cycles_limit, then try again",
	],
	IC0535: NO_CYCLES,
	IC0536: [
		"fix",
		"The canister is not a blob store, or has an older version: check the canister id and the versions",
	],
	IC0537: ["ask", "Nothing is installed in the canister yet: ask a controller to install the store"],
	IC0539: [
		"ask",
		"The canister may use no more memory: ask a controller to raise its wasm_memory_limit, then try again",
	],
};

const OTHER = ["", "give_up", "Report it to the operator of the canister, with this text"] as const;

function adviceOn({ rejectCode, errorCode = "" }: Rejection): Advice {
	const [, ...general] = BY_REJECT_CODE[rejectCode] ?? OTHER;
	// What no subnet vouches for may have any code, such as the name of something that every object has.
	return Object.hasOwn(BY_ERROR_CODE, errorCode) ? (BY_ERROR_CODE[errorCode] ?? general) : general;
}

/** Of the network's words: whoever is on the way may send megabytes, and the expression below takes their square. */
const MAX_REASON_CHARACTERS = 1_000;

export const rejectionAction = (rejection: Rejection): ErrorAction => adviceOn(rejection)[0];

/** Why, in the network's words, and what the caller can do; its advice to the canister's developer is left out. */
export function rejectionMessage(rejection: Rejection): readonly [what: string, advice: string] {
	const { rejectCode, rejectMessage, errorCode } = rejection;
	const names = [BY_REJECT_CODE[rejectCode]?.[0], errorCode].filter(Boolean).join(", ");
	const reason = rejectMessage.slice(0, MAX_REASON_CHARACTERS).split("\n")[0]?.trim() || "no reason given";
	return [`with code ${rejectCode}${names && ` (${names})`}: ${reason}`, adviceOn(rejection)[1]];
}
