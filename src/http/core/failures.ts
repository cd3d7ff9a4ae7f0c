import { isBlobError } from "../../client/index.js";

/** Too many requests are in progress to start this one. */
export class Busy extends Error {
	override readonly name = "Busy";

	constructor(readonly what: "lookups" | "readers" | "memory") {
		super(`too many ${what} are under way`);
	}
}

/** The network did not respond in time. */
export class Late extends Error {
	override readonly name = "Late";
}

/** The requester has disconnected, so that the response has no reader. */
export class Gone extends Error {
	override readonly name = "Gone";
}

/** The response to a request that failed through no fault of the requester. */
export interface Failure {
	readonly status: 500 | 502 | 503 | 504;
	/** Short stable name, for logs and metrics. */
	readonly code: string;
	/** Message of the error, for logs. */
	readonly reason?: string;
	/** Value of Retry-After in seconds. */
	readonly retryAfterSeconds?: number;
}

/** The response of a gateway whose upstream fails. It contains no reason; the log does. */
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
