/**
 * Responses as the recorded answers show them (golden/README.md), and what of those can be compared: identifiers,
 * times, keys, signatures and the shape of pruned trees differ between any two networks.
 */
import { Cbor } from "@dfinity/agent";

type Json = string | number | Json[] | { [key: string]: Json };
type HashTree = [number, ...unknown[]];

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const SHOWN_LEAF_BYTES = 48;
const SHOWN_BYTES = 40;

export function describeBody(contentType: string | null, body: Uint8Array): Json {
	if (body.length === 0) return "";
	if (!contentType?.startsWith("application/cbor")) return Buffer.from(body).toString("utf8");
	if (body[0] !== 0xd9) return `bytes(13) ${hex(body.subarray(1, 14))}`;
	return describe(Cbor.decode(body)) as Json;
}

function describe(value: unknown, key?: string): Json {
	if (value instanceof Uint8Array) {
		if (key === "certificate") return describeCertificate(value);
		const more = value.length > SHOWN_BYTES ? "…" : "";
		return `bytes(${value.length}) ${hex(value.subarray(0, SHOWN_BYTES))}${more}`;
	}
	if (Array.isArray(value)) return value.map((item) => describe(item));
	if (typeof value === "object" && value !== null) {
		return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, describe(field, name)]));
	}
	return typeof value === "bigint" ? String(value) : (value as Json);
}

function describeCertificate(bytes: Uint8Array): Json {
	const certificate = Cbor.decode(bytes) as {
		tree: HashTree;
		signature: Uint8Array;
		delegation?: { subnet_id: Uint8Array; certificate: Uint8Array };
	};
	return {
		tree: describeTree(certificate.tree),
		signature: `bytes(${certificate.signature.length})`,
		...(certificate.delegation && {
			delegation: {
				subnet_id: hex(certificate.delegation.subnet_id),
				certificate: describeCertificate(certificate.delegation.certificate),
			},
		}),
	};
}

function describeTree(tree: HashTree): Json {
	switch (tree[0]) {
		case 0:
			return "empty";
		case 1:
			return { fork: [describeTree(tree[1] as HashTree), describeTree(tree[2] as HashTree)] };
		case 2:
			return { [describeLabel(tree[1] as Uint8Array)]: describeTree(tree[2] as HashTree) };
		case 3:
			return describeLeaf(tree[1] as Uint8Array);
		default:
			return "pruned";
	}
}

const isText = (bytes: Uint8Array) => bytes.length > 0 && bytes.every((byte) => byte >= 32 || byte === 10);

function describeLabel(label: Uint8Array): string {
	const text = Buffer.from(label).toString("utf8");
	return /^[a-z_:]+$/.test(text) ? `label ${text}` : `label 0x${hex(label)}`;
}

function describeLeaf(bytes: Uint8Array): string {
	const text = Buffer.from(bytes).toString("utf8");
	if (isText(bytes) && bytes.length < 1_000 && !text.includes("\ufffd")) return `text ${text}`;
	return `leaf(${bytes.length}) ${hex(bytes.subarray(0, SHOWN_LEAF_BYTES))}`;
}

/** What must be the same in every network: for trees, which leaves they reveal. */
export function comparable(value: Json, key = ""): Json {
	if (key === "tree") return [...new Set(leaves(value, []))].sort();
	if (typeof value === "string") return normalized(value, key);
	if (Array.isArray(value)) return value.map((item) => comparable(item));
	if (typeof value !== "object") return value;
	const entries = Object.entries(value).map(([name, field]) => [name, comparable(field, name)] as const);
	return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function leaves(tree: Json, path: readonly string[]): string[] {
	if (typeof tree === "string") {
		return tree === "pruned" || tree === "empty" ? [] : [`${path.join("/")} = ${normalizedLeaf(tree, path)}`];
	}
	return Object.entries(tree).flatMap(([name, below]) => {
		if (name === "fork") return (below as Json[]).flatMap((side) => leaves(side, path));
		const label = name.replace("label ", "");
		return leaves(below as Json, [
			...path,
			label.startsWith("0x") ? `<${label.length / 2 - 1} bytes>` : label,
		]);
	});
}

/** Leaves whose contents are the network's own, or the test identity's: only their lengths can agree. */
const OWN = new Set(["time", "public_key", "module_hash", "controllers", "metrics"]);

function normalizedLeaf(leaf: string, path: readonly string[]): string {
	// Of the root subnet, which has no canisters here.
	if (path.at(-1) === "canister_ranges" && !leaf.includes(" d9d9f781")) return "some ranges";
	if (!OWN.has(path.at(-1)!)) return normalized(leaf, "");
	return path.at(-1) === "metrics" ? "leaf" : leaf.replace(/ .*/, "");
}

function normalized(text: string, key: string): string {
	if (key === "subnet_id" || key === "timestamp") return key;
	if (["identity", "signature", "root_key"].includes(key)) return text.replace(/ .*/, "");
	// A data certificate, as a query's reply: the test looks at it separately.
	if (text.startsWith("bytes(") && text.includes(") d9d9f7a36474726565")) return "a certificate";
	return text
		.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? UTC/g, "<time>")
		.replace(/\b(302a300506032b6570032100)?[0-9a-f]{64}\b/g, "$1<32 bytes>")
		.replace(/\b[0-9a-f]{128}\b/g, "<64 bytes>")
		.replace(/\b([a-z0-9]{5}-){10}[a-z0-9]{3}\b/g, "<user>");
}
