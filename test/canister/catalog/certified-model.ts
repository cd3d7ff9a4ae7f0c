import { expect } from "vitest";
import { Catalog, type Change, HTTP_EXPR, PRIVATE, TreeWriter } from "../../../src/canister/catalog/index.js";
import { agentLookup, agentOrders, decodeTree, isWellFormed, lookup, reconstruct } from "./spec.js";
import { CountingMap, hashing, sha256 } from "./support.js";

export const HEAD = sha256(Buffer.from("head"));
export const LABEL = Buffer.from("manifest");

/** What stands at a key: the label `manifest` over a leaf. */
export const subtreeOf = (value: string) => new TreeWriter().labeled(LABEL).leaf(Buffer.from(value)).done();
export const contentOf = (value: string) => reconstruct(decodeTree(subtreeOf(value)));

export const httpPath = (key: string) =>
	["http_expr", ...key.split("/"), "<$>"].map((label) => Buffer.from(label));
const privateLabel = (name: string) => sha256(Buffer.from(name));

/** The catalog, and beside it the simplest model of its content. */
export class Model {
	readonly map = new CountingMap();
	catalog = new Catalog(this.map, hashing);
	readonly paths = new Map<string, string>();
	readonly labels = new Map<string, string>();

	change(changes: readonly { key: string; value: string | undefined }[]): void {
		this.catalog.change(HTTP_EXPR, changes.map(toChange));
		for (const { key, value } of changes)
			if (value === undefined) this.paths.delete(key);
			else this.paths.set(key, value);
	}

	changePrivate(name: string, value: string | undefined): void {
		const content = value === undefined ? undefined : contentOf(value);
		this.catalog.change(PRIVATE, [{ key: privateLabel(name), content }]);
		if (value === undefined) this.labels.delete(name);
		else this.labels.set(name, value);
	}

	/** A witness of some keys and some private names, in one; every property that it must have. */
	check(keys: readonly string[], names: readonly string[]): Uint8Array {
		const reveal = (value: string | undefined) => (value === undefined ? {} : { subtree: subtreeOf(value) });
		const witness = this.catalog.witness(HEAD, [
			...keys.map((key) => ({ root: HTTP_EXPR, key, ...reveal(this.paths.get(key)) })),
			...names.map((name) => ({
				root: PRIVATE,
				key: privateLabel(name),
				...reveal(this.labels.get(name)),
			})),
		]);
		const tree = decodeTree(witness);
		expect(Buffer.from(reconstruct(tree))).toEqual(Buffer.from(this.catalog.rootHash(HEAD)));
		if (!isWellFormed(tree)) throw new Error("the witness is not well formed");
		const asked = [
			...keys.map((key) => [httpPath(key), this.paths.get(key)] as const),
			...names.map((name) => [[Buffer.from("private"), privateLabel(name)], this.labels.get(name)] as const),
		];
		for (const [path, value] of asked) {
			const inner = value === undefined ? path : [...path, LABEL];
			const found = lookup(inner, tree);
			const wanted = value === undefined ? "Absent" : "Found";
			if (found.status !== wanted) throw new Error(`${found.status} and not ${wanted}: ${path.join("/")}`);
			if (found.status === "Found") expect(Buffer.from(found.value).toString()).toBe(value);
			// The agent mistakes the order of some labels; where it does not, it finds the same.
			if (agentOrders(inner, tree)) expect(agentLookup(inner, tree)).toEqual(found);
			else if (value === undefined) expect(agentLookup(inner, tree).status).not.toBe("Found");
		}
		expect(lookup([Buffer.from("feed")], tree)).toEqual({ status: "Found", value: HEAD });
		return witness;
	}

	/** After a restart too: nothing is kept in the heap. */
	restart(): void {
		this.catalog = new Catalog(this.map, hashing);
	}
}

const toChange = ({ key, value }: { key: string; value: string | undefined }): Change => ({
	key,
	content: value === undefined ? undefined : contentOf(value),
});
