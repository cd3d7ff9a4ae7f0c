import { type BlobError, ClientError, isBlobError } from "../errors/errors.js";

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
