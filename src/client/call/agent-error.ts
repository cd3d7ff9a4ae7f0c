import { type BlobError, ClientError, isBlobError } from "../errors.js";

/** The kinds that an agent's errors have where nothing but the connection was at fault. */
const PASSING = ["Transport", "Limit", "Unknown"];

/**
 * A delegation that has expired by the network's clock: by ours it may not have, or it cannot be seen in the identity.
 * @param error of an HTTP exchange
 */
export function identityExpired(error: unknown): BlobError | undefined {
	if (!isBlobError(error, "http") || error.details.status !== 400) return undefined;
	const { body } = error.details;
	if (!/delegation has expired|delegation expiry/i.test(body)) return undefined;
	// "Provided expiry: 2026-11-25 02:00:00.000000000 UTC", of which a Date takes no more than milliseconds.
	const [, day, time] = /expiry: +(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/i.exec(body) ?? [];
	const expiredAt = day ? new Date(`${day}T${time}Z`) : new Date();
	return new ClientError("identity_expired", { expiredAt }, error);
}

/** Our error for one of an agent's, told by shape: the classes of two packages never match. */
export function fromAgent(error: unknown, url: string, method: string): BlobError {
	if (isBlobError(error)) return error;
	const { code, kind } = error as { code?: { status?: unknown; bodyText?: unknown }; kind?: string };
	if (typeof code?.status === "number") {
		const body = String(code.bodyText ?? "").slice(0, 300);
		const http = new ClientError("http", { status: code.status, body, retryAfterMs: undefined }, error);
		return identityExpired(http) ?? http;
	}
	const reason = error instanceof Error ? error.message : String(error);
	// External: the agent has no root key to verify with.
	if (kind === "Trust" || kind === "External")
		return new ClientError("certificate_invalid", { reason }, error);
	if (kind === undefined || PASSING.includes(kind)) return new ClientError("network", { url }, error);
	return new ClientError("reply_invalid", { method, reason }, error);
}
