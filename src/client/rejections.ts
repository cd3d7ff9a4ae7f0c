import type { ErrorAction } from "../protocol/index.js";

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
		"The subnet cannot do it, now or later: tell whoever runs the canister, which may need another subnet.",
	],
	2: ["SYS_TRANSIENT", "retry", "The subnet is busy, and that passes: try again later."],
	3: [
		"DESTINATION_INVALID",
		"fix",
		"There is no such canister: check the canister id, and that the agent's host is of the network that it is on.",
	],
	4: [
		"CANISTER_REJECT",
		"give_up",
		"The canister refused the call: do what it says, or ask whoever runs it.",
	],
	5: [
		"CANISTER_ERROR",
		"give_up",
		"The canister failed. Nothing was changed by this call: report it to whoever runs the canister, with this text.",
	],
	6: [
		"SYS_UNKNOWN",
		"retry",
		"The call may have been executed: look at what the key holds, then try again where that is needed.",
	],
};

const STOPPED: Advice = [
	"retry",
	"So it is for the seconds that an upgrade takes: try again in a minute; if it stays so, ask whoever controls it to start it.",
];
const NO_CYCLES: Advice = ["ask", "It has too few cycles: somebody must top it up first, then try again."];

/** What the replica's codes say beyond that (ErrorCode in its rs/types/error_types/src/lib.rs). */
const BY_ERROR_CODE: Record<string, Advice> = {
	IC0207: NO_CYCLES,
	// By inspect_message: what it refuses has no typed error, since nothing was executed.
	IC0406: [
		"give_up",
		"A blob store refuses callers that are not signed in or have no role, and messages that it cannot read, before it executes them: sign in, check the canister id, and that both sides are of the same version.",
	],
	IC0506: [
		"give_up",
		"A blob store always replies: check the canister id, or report it to whoever runs the canister.",
	],
	IC0507: [
		"ask",
		"It has no memory left: delete something, or ask whoever runs it for more room or another canister.",
	],
	IC0508: STOPPED,
	IC0509: STOPPED,
	IC0522: [
		"give_up",
		"Nothing was changed by this call: ask for fewer at a time, and report it to whoever runs the canister.",
	],
	IC0532: NO_CYCLES,
	IC0534: [
		"ask",
		"Its memory may not grow further: ask whoever controls it to raise its reserved_cycles_limit, then try again.",
	],
	IC0535: NO_CYCLES,
	IC0536: [
		"fix",
		"The canister is no blob store, or an older one: check the canister id, and that both sides are of the same version.",
	],
	IC0537: ["ask", "Nothing runs there yet: ask whoever controls the canister to install it."],
	IC0539: [
		"ask",
		"It may use no more memory: ask whoever controls it to raise its wasm_memory_limit, then try again.",
	],
};

const OTHER = ["", "give_up", "Report it to whoever runs the canister, with this text."] as const;

function adviceOn({ rejectCode, errorCode = "" }: Rejection): Advice {
	const [, ...general] = BY_REJECT_CODE[rejectCode] ?? OTHER;
	// What no subnet vouches for may have any code, such as the name of something that every object has.
	return Object.hasOwn(BY_ERROR_CODE, errorCode) ? (BY_ERROR_CODE[errorCode] ?? general) : general;
}

/** Of the network's words: whoever is on the way may send megabytes, and the expression below takes their square. */
const MAX_REASON_CHARACTERS = 1_000;

export const rejectionAction = (rejection: Rejection): ErrorAction => adviceOn(rejection)[0];

/** Why, in the network's words, and what the caller can do; what it advises the canister's developer is left out. */
export function rejectionMessage(rejection: Rejection): string {
	const { rejectCode, rejectMessage, errorCode } = rejection;
	const names = [BY_REJECT_CODE[rejectCode]?.[0], errorCode].filter(Boolean).join(", ");
	const reason =
		(rejectMessage.slice(0, MAX_REASON_CHARACTERS).split("\n")[0] ?? "").replace(/[.\s]+$/, "") ||
		"no reason given";
	return `with code ${rejectCode}${names && ` (${names})`}: ${reason}. ${adviceOn(rejection)[1]}`;
}
