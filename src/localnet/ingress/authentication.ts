/** HTTPS interface, "Authentication": expiry, the sender's key, its signature, and delegations. */
import type { Topology } from "../certification/topology.js";
import {
	ANONYMOUS,
	domainSeparator,
	equal,
	hex,
	principalText,
	selfAuthenticating,
} from "../encoding/bytes.js";
import { HttpError } from "../http/replies.js";
import { SIZES, TIMES } from "../limits.js";
import type { Envelope } from "./envelope.js";
import { verifySignature } from "./signatures.js";
import { timestamp } from "./timestamp.js";

const REQUEST = domainSeparator("ic-request");
const DELEGATION = domainSeparator("ic-request-auth-delegation");

/** The facts that decide about a request. */
interface Judge {
	readonly topology: Topology;
	readonly options: { readonly clock: () => bigint };
}

/** Verifies sender, target canister and expiry of a request. */
export function authenticate(
	envelope: Envelope,
	type: "call" | "query" | "read_state",
	canister: Uint8Array | undefined,
	{ topology, options }: Judge,
): void {
	const now = options.clock();
	const { sender, publicKey, signature } = envelope;
	const anonymous = equal(sender, ANONYMOUS);
	if (!anonymous || type === "call") checkExpiry(envelope.expiry, now);
	if (anonymous) {
		if (publicKey || signature || envelope.delegations.length > 0) {
			throw refuse(`Signature is not allowed for anonymous sender: ${principalText(sender)}`);
		}
		return;
	}
	if (!publicKey || !signature) throw refuse(`Missing signature from user: ${principalText(sender)}`);
	if (!equal(selfAuthenticating(publicKey), sender)) {
		throw refuse(`The user id '${principalText(sender)}' does not match the public key '${hex(publicKey)}'`);
	}
	const key = checkDelegations(envelope, publicKey, type, canister, topology, now);
	const failure = verifySignature(topology, key, signature, Buffer.concat([REQUEST, envelope.requestId]));
	if (failure) throw refuse(`Invalid signature: ${failure}`);
}

function checkExpiry(expiry: bigint, now: bigint): void {
	const latest = now + TIMES.ingressTtlNs + TIMES.ingressDriftNs;
	if (expiry >= now && expiry <= latest) return;
	throw refuse(
		"Invalid request expiry: Specified ingress_expiry not within expected range: " +
			`Minimum allowed expiry: ${timestamp(now)}, Maximum allowed expiry: ${timestamp(latest)}, ` +
			`Provided expiry:        ${timestamp(expiry)}`,
	);
}

/** Follows the chain from the sender's key. @returns the key that signed the request */
function checkDelegations(
	{ delegations }: Envelope,
	publicKey: Uint8Array,
	type: string,
	canister: Uint8Array | undefined,
	topology: Topology,
	now: bigint,
): Uint8Array {
	if (delegations.length > SIZES.delegations) {
		throw refuse(
			`Invalid delegation: Chain of delegations is too long: got ${delegations.length} delegations, but at most ${SIZES.delegations} are allowed`,
		);
	}
	const seen = new Set([hex(publicKey)]);
	let key = publicKey;
	for (const delegation of delegations) {
		const failure = verifySignature(
			topology,
			key,
			delegation.signature,
			Buffer.concat([DELEGATION, delegation.hash]),
		);
		if (failure) throw refuse(`Invalid delegation: Invalid signature: ${failure}`);
		if (delegation.expiration < now) {
			throw refuse(
				`Invalid delegation expiry: Specified sender delegation has expired:\nProvided expiry:    ${timestamp(delegation.expiration)}\nLocal replica time: ${timestamp(now)}`,
			);
		}
		if (seen.has(hex(delegation.publicKey))) {
			throw refuse(
				`Invalid delegation: Chain of delegations contains at least one cycle: first repeating public key encountered ${hex(delegation.publicKey)}`,
			);
		}
		seen.add(hex(delegation.publicKey));
		checkTargets(delegation.targets, canister);
		checkPermissions(delegation.permissions, type);
		key = delegation.publicKey;
	}
	return key;
}

function checkTargets(targets: readonly Uint8Array[] | undefined, canister: Uint8Array | undefined): void {
	if (!targets) return;
	if (targets.length > SIZES.delegationTargets) {
		throw refuse(
			`Invalid delegation: The number of target canisters exceeds the limit of ${SIZES.delegationTargets}`,
		);
	}
	// Reads of the state go to no canister, so targets do not restrict them.
	if (canister && !targets.some((target) => equal(target, canister))) {
		throw refuse(`Canister '${principalText(canister)}' is not one of the delegation targets.`);
	}
}

function checkPermissions(permissions: string | undefined, type: string): void {
	if (permissions === undefined || permissions === "all") return;
	if (permissions !== "queries") throw refuse(`Invalid delegation: unknown permissions '${permissions}'`);
	if (type === "call") throw refuse("Invalid delegation: its permissions do not allow calls");
}

function refuse(text: string): HttpError {
	return new HttpError(400, text);
}
