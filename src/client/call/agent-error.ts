import { type BlobError, ClientError, isBlobError } from "../errors.js";

/** The kinds that an agent's errors have where nothing but the connection was at fault. */
const PASSING = ["Transport", "Limit", "Unknown"];

/** Our error for one of an agent's, told by shape: the classes of two packages never match. */
export function fromAgent(error: unknown, url: string, method: string): BlobError {
	if (isBlobError(error)) return error;
	const { code, kind } = error as { code?: { status?: unknown; bodyText?: unknown }; kind?: string };
	if (typeof code?.status === "number") {
		const body = String(code.bodyText ?? "").slice(0, 300);
		return new ClientError("http", { status: code.status, body, retryAfterMs: undefined }, error);
	}
	const reason = error instanceof Error ? error.message : String(error);
	// External: the agent has no root key to verify with.
	if (kind === "Trust" || kind === "External")
		return new ClientError("certificate_invalid", { reason }, error);
	if (kind === undefined || PASSING.includes(kind)) return new ClientError("network", { url }, error);
	return new ClientError("reply_invalid", { method, reason }, error);
}
