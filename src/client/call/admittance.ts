import type { WireAccount } from "../../protocol/index.js";
import { ClientError, isBlobError } from "../errors/errors.js";
import type { Ports } from "../platform/ports.js";
import { stopwatch } from "../util/stopwatch.js";
import type { OnRetry } from "./retry.js";
import type { UpdateOptions } from "./update.js";

/**
 * How long a message is tried again that `inspect_message` refused: each attempt may meet another node, and nodes take
 * up a change within seconds.
 */
const TRIED_FOR_MS = 10_000;
const PAUSE_MS = 1_000;

/**
 * What the canister's `inspect_message` refused: nothing was executed, and no typed error can come with it. It is the
 * word of one node; a certified rejection with this code is an answer of the executed method.
 */
const isRefusedAtDoor = (error: unknown): boolean =>
	isBlobError(error, "rejected") && !error.details.isCertified && error.details.errorCode === "IC0406";

export interface Admittance {
	readonly method: string;
	readonly ports: Pick<Ports, "now" | "monotonic" | "random" | "sleep">;
	readonly signal: AbortSignal | undefined;
	readonly onRetry: OnRetry | undefined;
	/** The caller's rights, where the subnet has just named them: what a node refuses is then final. */
	readonly rights?: UpdateOptions["rights"];
	/** The caller's account, by an update: the word of the subnet, not of a node. */
	readonly account: () => Promise<WireAccount>;
}

/**
 * Makes a call that `inspect_message` may refuse since the node that it meets has not seen that its caller was granted
 * a role. Tries again for a while, then asks the subnet for the caller's roles.
 * @throws ClientError `not_admitted` where the roles are none that the store lets such a message in for
 */
export async function admitted<T>(call: () => Promise<T>, options: Admittance): Promise<T> {
	const { ports, signal, onRetry } = options;
	let elapsed: (() => number) | undefined;
	for (;;) {
		try {
			return await call();
		} catch (error) {
			if (!isRefusedAtDoor(error)) throw error;
			if (options.rights) throw notAdmitted(options.method, options.rights, error);
			elapsed ??= stopwatch(ports);
			if (elapsed() >= TRIED_FOR_MS) return await lastAttempt(error, call, options);
			const waitMs = PAUSE_MS * (0.5 + ports.random());
			onRetry?.(error, waitMs);
			await ports.sleep(waitMs, signal);
		}
	}
}

async function lastAttempt<T>(
	refusal: unknown,
	call: () => Promise<T>,
	{ method, account }: Admittance,
): Promise<T> {
	let its: WireAccount;
	try {
		its = await account();
	} catch (error) {
		// What is no error of a call has kept the request back.
		if (!isBlobError(error) || isBlobError(error, "aborted")) throw error;
		// Of a caller that is not signed in, or by a canister that is no blob store: the refusal says more.
		throw refusal;
	}
	const { who, administers } = its;
	const rights = { who, roles: rolesOf(its) };
	if (rights.roles.length === 0 && administers[0] !== true) throw notAdmitted(method, rights, refusal);
	try {
		// The subnet has seen its roles, so that more nodes have by now.
		return await call();
	} catch (error) {
		throw isRefusedAtDoor(error) ? notAdmitted(method, rights, refusal) : error;
	}
}

/** The roles of an account, those that it has by grants for some keys included: a store lets either in. */
export const rolesOf = ({ roles, granted }: WireAccount): string[] => [
	...new Set([...roles, ...(granted[0] ?? [])]),
];

const notAdmitted = (method: string, { who, roles }: NonNullable<Admittance["rights"]>, refusal: unknown) =>
	new ClientError("not_admitted", { method, who: who.toText(), roles }, refusal);
