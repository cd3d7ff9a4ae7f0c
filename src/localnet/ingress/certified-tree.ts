/** Certification, "Certificate" and "Lookup", as a replica verifies a certificate from a caller. */

import { STATE_ROOT } from "../certification/certificate.js";
import { BLS_DER_PREFIX, verifyBls } from "../certification/keys.js";
import { reconstruct } from "../certification/reconstruct.js";
import { isTestKey, verifyTestSignature } from "../certification/test-signatures.js";
import type { Topology } from "../certification/topology.js";
import { equal, utf8 } from "../encoding/bytes.js";
import { type CborValue, decodeCbor } from "../encoding/cbor-decode.js";

type Map_ = Map<string, CborValue>;

/** The tree of a certificate about a canister, or why the certificate is invalid. */
export function certifiedTree(
	topology: Topology,
	bytes: Uint8Array,
	canister: Uint8Array,
): CborValue | string {
	const certificate = decodeCbor(bytes) as Map_;
	const delegation = certificate.get("delegation") as Map_ | undefined;
	let key: Uint8Array = topology.root.publicDer;
	if (delegation) {
		const id = delegation.get("subnet_id") as Uint8Array;
		const parent = decodeCbor(delegation.get("certificate") as Uint8Array) as Map_;
		if (parent.has("delegation")) return "a delegation is delegated itself";
		const tree = parent.get("tree")!;
		if (!isSigned(key, parent)) return "the root subnet has not signed the delegation";
		if (!rangesOf(tree, id).some(([first, last]) => isIn(canister, first!, last!)))
			return "the subnet that signed is not that of the canister";
		const subnetKey = lookup(tree, [utf8("subnet"), id, utf8("public_key")]);
		if (!subnetKey) return "the delegation does not say the subnet's key";
		key = subnetKey;
	}
	if (!isSigned(key, certificate)) return "the subnet has not signed the certificate";
	return certificate.get("tree")!;
}

function isSigned(der: Uint8Array, certificate: Map_): boolean {
	const publicKey = der.subarray(BLS_DER_PREFIX.length);
	const message = Buffer.concat([STATE_ROOT, reconstruct(certificate.get("tree")!)]);
	const signature = certificate.get("signature") as Uint8Array;
	return isTestKey(publicKey)
		? verifyTestSignature(publicKey, signature, message)
		: verifyBls(publicKey, signature, message);
}

const isIn = (id: Uint8Array, first: Uint8Array, last: Uint8Array) =>
	Buffer.compare(first, id) <= 0 && Buffer.compare(id, last) <= 0;

/** The ranges of a subnet, in either format. */
function rangesOf(tree: CborValue, subnet: Uint8Array): Uint8Array[][] {
	const flat = lookup(tree, [utf8("subnet"), subnet, utf8("canister_ranges")]);
	const shards = flat ? [flat] : leaves(subtree(tree, [utf8("canister_ranges"), subnet]));
	return shards.flatMap((shard) => decodeCbor(shard) as unknown as Uint8Array[][]);
}

/** The leaf at a path; undefined if it is absent or pruned. */
export function lookup(tree: CborValue, path: readonly Uint8Array[]): Uint8Array | undefined {
	const [kind, value] = (subtree(tree, path) ?? []) as [bigint?, CborValue?];
	return kind === 3n ? (value as Uint8Array) : undefined;
}

function subtree(tree: CborValue, path: readonly Uint8Array[]): CborValue | undefined {
	const [label, ...rest] = path;
	if (!label) return tree;
	const [kind, first, second] = tree as [bigint, CborValue, CborValue];
	if (kind === 1n) return subtree(first, path) ?? subtree(second, path);
	return kind === 2n && equal(first as Uint8Array, label) ? subtree(second, rest) : undefined;
}

function leaves(tree: CborValue | undefined): Uint8Array[] {
	if (!tree) return [];
	const [kind, first, second] = tree as [bigint, CborValue, CborValue];
	if (kind === 1n) return [...leaves(first), ...leaves(second)];
	if (kind === 2n) return leaves(second);
	return kind === 3n ? [first as Uint8Array] : [];
}
