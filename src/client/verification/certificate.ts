import { decodeCbor } from "../call/cbor.js";
import { ClientError } from "../errors/errors.js";
import type { Ports } from "../platform/ports.js";
import { compareBytes, concat, hex, lebDecode, utf8 } from "../util/bytes.js";
import { BLS, keyIn } from "./der.js";
import { type HashTree, isHashTree, lookup, reconstruct, subtree, values } from "./hash-tree.js";

export interface Certificate {
	readonly tree: HashTree;
	readonly signature: Uint8Array;
	readonly delegation?: { readonly subnet_id: Uint8Array; readonly certificate: Uint8Array };
}

const MINUTE_MS = 60_000;
/** As old, or as far in the future, as the agents accept. */
const MAX_AGE_MS = 5 * MINUTE_MS;
/** Mainnet renews delegations at replica upgrades, about weekly; the agents accept 30 days. */
const MAX_DELEGATION_AGE_MS = 30 * 24 * 60 * MINUTE_MS;

const STATE_ROOT_DOMAIN = concat(Uint8Array.of(13), utf8("ic-state-root"));

export const invalid = (reason: string, cause?: unknown): ClientError<"certificate_invalid"> =>
	new ClientError("certificate_invalid", { reason }, cause);

/** @throws ClientError `certificate_invalid` where it has not the form of a certificate; its signature is checked later */
export function decodeCertificate(bytes: Uint8Array): Certificate {
	const { tree, signature, delegation } = decodeMap(bytes);
	if (!isHashTree(tree) || !(signature instanceof Uint8Array))
		throw invalid("it has no tree or no signature");
	if (delegation === undefined || delegation === null) return { tree, signature };
	const { subnet_id, certificate } = delegation as Record<string, unknown>;
	if (!(subnet_id instanceof Uint8Array) || !(certificate instanceof Uint8Array))
		throw invalid("its delegation is malformed");
	return { tree, signature, delegation: { subnet_id, certificate } };
}

function decodeMap(bytes: Uint8Array): Record<string, unknown> {
	try {
		const map = decodeCbor(bytes);
		if (typeof map === "object" && map !== null) return map as Record<string, unknown>;
	} catch (error) {
		throw invalid("it is not CBOR", error);
	}
	throw invalid("it is not a map");
}

export interface VerifyOptions {
	readonly rootKey: Uint8Array;
	readonly canisterId: Uint8Array;
	/** The network's time as we know it. */
	readonly nowMs: number;
	readonly ports: Pick<Ports, "sha256" | "blsVerify">;
}

/**
 * Checks certificates of answers about one canister: time, signature, delegation, and that the subnet speaks for
 * the canister. The Certificate class of @dfinity/agent 3.4 finds a subnet's canister ranges only where v2 and v3
 * have them, not where v4 has; hence a check of our own.
 */
export class CertificateVerifier {
	/** The last delegation found good, and its key: a pairing costs 50 ms, and a delegation stays for days. */
	#delegation: { certificate: string; key: Uint8Array } | undefined;

	/**
	 * The signature first: only what the subnet signed is old, all else is wrong.
	 * @throws ClientError `certificate_invalid`, `certificate_stale`
	 */
	async verify(certificate: Certificate, options: VerifyOptions): Promise<void> {
		const key = await this.#key(certificate, options);
		await checkSignature(certificate, key, options.ports);
		checkFreshness(certificate, options.nowMs);
	}

	async #key({ delegation }: Certificate, options: VerifyOptions): Promise<Uint8Array> {
		if (!delegation) return options.rootKey;
		const name = hex(
			await options.ports.sha256(concat(options.rootKey, options.canisterId, delegation.certificate)),
		);
		if (this.#delegation?.certificate === name) return this.#delegation.key;
		const inner = decodeCertificate(delegation.certificate);
		if (inner.delegation) throw invalid("its delegation is itself delegated");
		await checkSignature(inner, options.rootKey, options.ports);
		const time = timeOf(inner.tree);
		checkNotAhead(time, options.nowMs);
		if (options.nowMs - time > MAX_DELEGATION_AGE_MS)
			throw invalid(`its delegation is from ${new Date(time).toISOString()}, which is too old`);
		if (!speaksFor(inner.tree, delegation.subnet_id, options.canisterId))
			throw invalid("it comes from a subnet that this canister is not on");
		const key = lookup(inner.tree, ["subnet", delegation.subnet_id, "public_key"]);
		if (!key) throw invalid("its delegation holds no key for the subnet");
		// A copy: the key is a view into an answer, which may hold a reply of 2 MiB.
		this.#delegation = { certificate: name, key: key.slice() };
		return key;
	}
}

/** @throws ClientError `certificate_stale`, and `certificate_invalid` for one from the future */
export function checkFreshness({ tree }: Certificate, nowMs: number): void {
	checkTime(timeOf(tree), nowMs);
}

/** The same of a time that was signed in another way. */
export function checkTime(ms: number, nowMs: number): void {
	checkNotAhead(ms, nowMs);
	if (nowMs - ms > MAX_AGE_MS)
		throw new ClientError("certificate_stale", {
			from: new Date(ms),
			ageMs: Math.round(nowMs - ms),
			maxAgeMs: MAX_AGE_MS,
		});
}

function checkNotAhead(ms: number, nowMs: number): void {
	if (ms > nowMs + MAX_AGE_MS)
		throw invalid(`it is from ${new Date(ms).toISOString()}, in the future; is this machine's clock behind?`);
}

/** Milliseconds since 1970. @throws ClientError `certificate_invalid` where it holds none */
export function timeOf(tree: HashTree): number {
	const time = lebDecode(lookup(tree, ["time"]) ?? new Uint8Array(0));
	if (time === undefined) throw invalid("it holds no time");
	return Number(time / 1_000_000n);
}

async function checkSignature(
	{ tree, signature }: Certificate,
	derKey: Uint8Array,
	ports: VerifyOptions["ports"],
): Promise<void> {
	const key = keyIn(derKey, BLS);
	if (!key) throw invalid("the key is no BLS key in DER");
	let good = false;
	try {
		const message = concat(STATE_ROOT_DOMAIN, await reconstruct(tree, ports.sha256));
		good = await ports.blsVerify(key, signature, message);
	} catch (error) {
		throw invalid("its tree or its signature is malformed", error);
	}
	if (!good) throw invalid("its signature does not verify");
}

/** Whether a canister is within the ranges that a delegation gives a subnet: v2 and v3 have one list, v4 many. */
export function speaksFor(tree: HashTree, subnetId: Uint8Array, canisterId: Uint8Array): boolean {
	const whole = lookup(tree, ["subnet", subnetId, "canister_ranges"]);
	const parts = subtree(tree, ["canister_ranges", subnetId]);
	const lists = [...(whole ? [whole] : []), ...(parts ? values(parts) : [])];
	return lists.some((list) =>
		rangesIn(list).some(
			([first, last]) => compareBytes(first, canisterId) <= 0 && compareBytes(canisterId, last) <= 0,
		),
	);
}

type Range = readonly [first: Uint8Array, last: Uint8Array];

const isRange = (value: unknown): value is Range =>
	Array.isArray(value) && value.length === 2 && value.every((end) => end instanceof Uint8Array);

function rangesIn(list: Uint8Array): readonly Range[] {
	let ranges: unknown;
	try {
		ranges = decodeCbor(list);
	} catch (error) {
		throw invalid("its list of canister ranges is not CBOR", error);
	}
	if (!Array.isArray(ranges) || !ranges.every(isRange))
		throw invalid("its list of canister ranges is malformed");
	return ranges;
}
