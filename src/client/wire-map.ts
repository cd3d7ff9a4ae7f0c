import type {
	WireExpiry,
	WirePrecondition,
	WireRole,
	WireUpload,
	WireVersion,
	WireVisibility,
} from "../protocol/index.js";
import { unit } from "../protocol/index.js";
import { invalidOption } from "./arguments.js";
import type { Conditions, OpenUpload, Role, Version, Visibility } from "./types.js";
import { hex } from "./util/bytes.js";
import { withJson } from "./util/json.js";

/**
 * Between the wire's shapes and the public ones. Sizes are numbers (the largest blob has 135 GB), times are Dates,
 * sequence numbers stay bigints.
 */

export const date = (nanoseconds: bigint): Date => new Date(Number(nanoseconds / 1_000_000n));

const MAX_NAT64 = 2n ** 64n - 1n;

/** A time as it travels, given as a Date or in milliseconds. @throws ClientError `option_invalid` */
export function fromTime(option: string, time: Date | number): bigint {
	const ms = typeof time === "number" ? time : time.getTime();
	const nanoseconds = Number.isSafeInteger(ms) ? BigInt(ms) * 1_000_000n : -1n;
	if (nanoseconds < 0n || nanoseconds > MAX_NAT64)
		throw invalidOption(
			option,
			"it must be a Date from 1970 to 2554, or as many whole milliseconds since 1970",
		);
	return nanoseconds;
}

/** @throws ClientError `option_invalid` */
export const fromExpiry = (expiresAt: Date | number | "never"): WireExpiry =>
	expiresAt === "never" ? { never: null } : { at: fromTime("expiresAt", expiresAt) };

export function toOpenUpload(wire: WireUpload): OpenUpload {
	return withJson({
		id: hex(wire.id),
		key: wire.key,
		size: wire.size[0] === undefined ? undefined : Number(wire.size[0]),
		chunkBytes: wire.chunk_size,
		receivedChunks: wire.received,
		createdAt: date(wire.created_at),
		expiresAt: date(wire.expires_at),
	});
}

export const fromRole = (role: Role): WireRole => unit(role);

export const fromVisibility = (visibility: Visibility): WireVisibility => unit(visibility);

/** What a key must hold: nothing, or this version. */
export type Precondition = "absent" | Version;

/** @throws ClientError `option_invalid` for both conditions at a time */
export function preconditionOf({ ifMatch, ifNoneMatch }: Conditions): Precondition | undefined {
	if (ifMatch === undefined) return ifNoneMatch && "absent";
	if (ifNoneMatch === undefined) return ifMatch;
	const reason = "a key cannot both hold a version (ifMatch) and nothing: give one of them";
	throw invalidOption("ifNoneMatch", reason);
}

export const fromConditions = (conditions: Conditions): WirePrecondition =>
	fromPrecondition(preconditionOf(conditions));

export function fromPrecondition(precondition: Precondition | undefined): WirePrecondition {
	if (precondition === undefined) return { none: null };
	return precondition === "absent" ? { absent: null } : { version: fromVersion(precondition) };
}

export const toVersion = ({ sequence, canister_version }: WireVersion): Version => ({
	sequence,
	canisterVersion: canister_version,
});

/** @throws ClientError `option_invalid` */
export function fromVersion({ sequence, canisterVersion }: Version): WireVersion {
	for (const [name, number] of Object.entries({ sequence, canisterVersion }))
		if (typeof number !== "bigint" || BigInt.asUintN(64, number) !== number)
			throw invalidOption(
				name,
				"a version has two whole numbers (bigint), sequence and canisterVersion: give both as they were read",
			);
	return { sequence, canister_version: canisterVersion };
}

export const optional = <T>(value: T | undefined): [] | [T] => (value === undefined ? [] : [value]);
