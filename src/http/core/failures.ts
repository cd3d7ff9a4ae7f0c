import { isBlobError } from "../../client/index.js";

/** Too much is under way to begin this now. */
export class Busy extends Error {
	override readonly name = "Busy";

	constructor(readonly what: "lookups" | "readers" | "memory") {
		super(`too many ${what} are under way`);
	}
}

/** The network did not answer in time. */
export class Late extends Error {
	override readonly name = "Late";
}

/** Whoever asked is not there any more: nobody sees what is answered. */
export class Gone extends Error {
	override readonly name = "Gone";
}

/** How a request ends that failed by no fault of whoever made it. */
export interface Failure {
	readonly status: 500 | 502 | 503 | 504;
	/** A short name, for logs and metrics. */
	readonly code: string;
	/** What the error says, for logs. */
	readonly reason?: string;
	/** When to come again. */
	readonly retryAfterSeconds?: number;
}

/** What a gateway answers where what is behind it fails: nothing about why, which is in the log. */
export function failureOf(error: unknown): Failure {
	if (error instanceof Busy) return { status: 503, code: `busy_${error.what}`, retryAfterSeconds: 1 };
	if (error instanceof Late) return { status: 504, code: "late" };
	if (error instanceof Gone) return { status: 503, code: "gone" };
	const reason = (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON);
	if (!isBlobError(error) || error.code === "internal") return { status: 500, code: "internal", reason };
	const { code } = error;
	if (code === "timeout") return { status: 504, code, reason };
	if (isBlobError(error, "http") && [429, 503].includes(error.details.status)) {
		const { retryAfterMs = 1_000 } = error.details;
		return { status: 503, code, reason, retryAfterSeconds: Math.ceil(retryAfterMs / 1_000) };
	}
	return { status: 502, code, reason };
}

const MAX_REASON = 500;
