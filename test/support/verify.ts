import { createHash } from "node:crypto";
import * as dfinity from "@dfinity/agent";
import type { Principal } from "@dfinity/principal";
import * as icp from "@icp-sdk/core/agent";
import { Principal as IcpPrincipal } from "@icp-sdk/core/principal";

/**
 * What a reader verifies who trusts a query by its certificate, with nothing of this project's client: each of the
 * two agents' own Certificate, hash trees and look-up.
 */

/** Which proof does not hold. */
export class Broken extends Error {
	constructor(
		readonly what: "certificate" | "witness" | "manifest" | "leaves" | "chunk",
		cause?: unknown,
	) {
		super(`the ${what} does not verify`, { cause });
	}
}

const sha256 = (...parts: Uint8Array[]) =>
	new Uint8Array(parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest());
const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const utf8 = (text: string) => new TextEncoder().encode(text);

export const pathOfPublic = (key: string): Uint8Array[] =>
	["http_expr", ...key.split("/"), "<$>", "manifest"].map(utf8);
export const pathOfPrivate = (key: string, owner: Principal, salt: Uint8Array): Uint8Array[] => [
	utf8("private"),
	sha256(salt, owner.toUint8Array(), utf8(key)),
	utf8("manifest"),
];
/** Of a manifest as it came: whatever it says, these bytes are what is certified. */
export const manifestHash = (manifest: Uint8Array) => sha256(manifest);

/** What a certificate and a witness together say of a path. */
export type Found = { readonly value: Uint8Array } | "absent" | "unknown";

export interface Library {
	readonly name: string;
	/** The canister's certified data. */
	certified(certificate: Uint8Array, canisterId: Principal, rootKey: Uint8Array): Promise<Uint8Array>;
	root(witness: Uint8Array): Promise<Uint8Array>;
	find(witness: Uint8Array, path: Uint8Array[]): Found;
}

export const libraries: readonly Library[] = [
	{
		name: "@dfinity/agent",
		async certified(certificate, canisterId, rootKey) {
			const verified = await dfinity.Certificate.create({ certificate, canisterId, rootKey });
			const path = [utf8("canister"), canisterId.toUint8Array(), utf8("certified_data")];
			return bytesIn(verified.lookup_path(path));
		},
		root: (witness) => dfinity.reconstruct(dfinity.Cbor.decode(witness)),
		find: (witness, path) => found(dfinity.lookup_path(path as never, dfinity.Cbor.decode(witness))),
	},
	{
		name: "@icp-sdk/core",
		async certified(certificate, canisterId, rootKey) {
			const id = IcpPrincipal.fromUint8Array(canisterId.toUint8Array());
			const verified = await icp.Certificate.create({ certificate, rootKey, principal: { canisterId: id } });
			return bytesIn(verified.lookup_path([utf8("canister"), id.toUint8Array(), utf8("certified_data")]));
		},
		root: (witness) => icp.reconstruct(icp.Cbor.decode(witness)),
		find: (witness, path) => found(icp.lookup_path(path as never, icp.Cbor.decode(witness))),
	},
];

const found = (result: { status: string; value?: unknown }): Found => {
	if (result.status === "Found") return { value: result.value as Uint8Array };
	return result.status === "Absent" ? "absent" : "unknown";
};
function bytesIn(result: { status: string; value?: unknown }): Uint8Array {
	const value = found(result);
	if (typeof value === "string") throw new Error(`the certificate has no certified data: ${value}`);
	return value.value;
}

/**
 * What the proof says of the path; throws Broken where certificate or witness are not what they should be.
 *
 * @param verified what the same certificate was found to certify a moment ago: two pairings less
 */
export async function prove(
	library: Library,
	proof: { certificate: [] | [Uint8Array]; witness: [] | [Uint8Array] },
	canisterId: Principal,
	rootKey: Uint8Array,
	path: Uint8Array[],
	verified?: Uint8Array,
): Promise<Found> {
	const certifiedNow = () =>
		library
			.certified(proof.certificate[0]!, canisterId, rootKey)
			.catch((error: unknown) => Promise.reject(new Broken("certificate", error)));
	const certified = verified ?? (await certifiedNow());
	const root = await Promise.resolve()
		.then(() => library.root(proof.witness[0]!))
		.catch((error: unknown) => Promise.reject(new Broken("witness", error)));
	if (!isSame(certified, root)) throw new Broken("witness");
	const found = library.find(proof.witness[0]!, path);
	return typeof found === "string" ? lookUp(dfinity.Cbor.decode(proof.witness[0]!), path) : found;
}

/**
 * Look-up as the interface specification has it ("Lookup"), for absence: both agents' (3.4 and 6.1) take a label for
 * the greater as soon as any byte is greater, and one that goes on where the other ends for the smaller.
 */
function lookUp(tree: dfinity.HashTree, path: readonly Uint8Array[]): Found {
	const [label, ...rest] = path;
	if (label === undefined) return tree[0] === 3 ? { value: tree[1] as Uint8Array } : "unknown";
	const nodes = flatten(tree);
	const orders = nodes.map((node) => (node[0] === 2 ? Buffer.compare(label, node[1]) : undefined));
	const same = orders.indexOf(0);
	if (same >= 0) return lookUp((nodes[same] as dfinity.LabeledHashTree)[2], rest);
	if (nodes.length === 0 || (nodes.length === 1 && nodes[0]![0] === 3)) return "absent";
	// Between two neighbours, before the first, or after the last.
	const isAbsent = Array.from({ length: nodes.length + 1 }, (_, i) => {
		const isAfter = i === 0 || (orders[i - 1] ?? -1) > 0;
		const isBefore = i === nodes.length || (orders[i] ?? 1) < 0;
		return isAfter && isBefore;
	}).includes(true);
	return isAbsent ? "absent" : "unknown";
}

const flatten = (tree: dfinity.HashTree): dfinity.HashTree[] =>
	tree[0] === 0 ? [] : tree[0] === 1 ? [...flatten(tree[1]), ...flatten(tree[2])] : [tree];

export function checkManifest(found: Found, manifest: Uint8Array): void {
	if (typeof found === "string" || !isSame(found.value, manifestHash(manifest))) throw new Broken("manifest");
}
